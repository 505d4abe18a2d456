//! Forms as bodies, with files and without.

use looplet_http::error::HeaderPart;
use looplet_http::message::Body;
use looplet_http::runtime::iter;
use looplet_http::{Error, Multipart, Part, Session};

use crate::server::{EMPTY, Sent, TestServer, moved, on_loop, plain_session, wire};
use crate::uploads::TempFile;

/// What a form is on the wire, with its boundary replaced by `B`.
async fn multipart(form: Multipart) -> String {
    let content_type = form.content_type();
    let (_, boundary) = content_type.split_once("boundary=").unwrap();
    assert_eq!(boundary.len(), 32);
    let sent = wire(plain_session(), |session, server| {
        session.post(server.url("/")).multipart(form.clone())
    });
    sent.await.replace(boundary, "B")
}

#[test]
fn a_form_is_encoded_and_says_what_it_is() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session
                .post(server.url("/"))
                .header("content-type", "replaced")
                .form([("a", "1"), ("b", "x y&=\u{e4}"), ("a", "\r\n")])
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\n\
                        Content-Type: application/x-www-form-urlencoded\r\n\
                        Content-Length: 30\r\n\r\na=1&b=x+y%26%3D%C3%A4&a=%0D%0A";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_form_with_parts_in_memory_is_whole_on_the_wire() {
    on_loop(async {
        let form = Multipart::new()
            .text("title", "My\ncat")
            .part("photo", Part::new("PNG").file_name("cat.png"))
            .part("note", Part::new("").content_type("text/plain"));
        let body = "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMy\ncat\r\n\
                    --B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\
                    \r\nContent-Type: application/octet-stream\r\n\r\nPNG\r\n\
                    --B\r\nContent-Disposition: form-data; name=\"note\"\r\n\
                    Content-Type: text/plain\r\n\r\n\r\n--B--\r\n";
        // Four boundaries have 31 more bytes than their replacement.
        let length = body.len() + 4 * 31;
        let expected = format!(
            "POST / HTTP/1.1\r\nHost: SERVER\r\nContent-Type: multipart/form-data; boundary=B\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        assert_eq!(multipart(form).await, expected);
    });
}

#[test]
fn a_form_without_parts_is_its_end() {
    on_loop(async {
        let sent = multipart(Multipart::new()).await;
        assert!(
            sent.ends_with("Content-Length: 38\r\n\r\n--B--\r\n"),
            "{sent}"
        );
    });
}

#[test]
fn no_name_can_add_a_header_or_a_part() {
    on_loop(async {
        let part = Part::new("x").file_name("f\"\r\n\r\n--B\u{e4}");
        let form = Multipart::new().part("n\"; x=\"\r\nEvil: 1", part);
        let sent = multipart(form).await;
        let expected =
            "name=\"n%22; x=%22%0D%0AEvil: 1\"; filename=\"f%22%0D%0A%0D%0A--B\u{e4}\"\r\n";
        assert!(sent.contains(expected), "{sent}");
    });
}

#[test]
fn a_media_type_with_a_line_break_is_refused() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let part = Part::new("x").content_type("a/b\r\nEvil: 1");
        let form = Multipart::new().part("n", part);
        let refused = Session::new()
            .post(server.url("/"))
            .multipart(form)
            .sent()
            .await;
        let part = HeaderPart::Value;
        let named = matches!(refused, Err(Error::InvalidHeader { part: at, .. }) if at == part);
        assert!(named, "{refused:?}");
        assert!(server.is_untouched().await);
    });
}

#[test]
fn a_form_with_a_file_is_streamed_with_its_length_and_follows_a_redirect() {
    on_loop(async {
        let content = "0123456789".repeat(30_000);
        let file = TempFile::new("form", &content);
        let server = TestServer::start(async |mut peer| {
            peer.expect().await;
            peer.send(moved(307, "/next"));
            peer.serve(EMPTY).await;
        });
        let server = server.await;
        let form = Multipart::new().text("a", "1");
        let form = form.file("file", file.path()).await.unwrap();
        let content_type = form.content_type();
        let request = plain_session().post(server.url("/")).multipart(form);
        assert_eq!(request.sent().await.unwrap().status(), 200);
        let requests = server.requests();
        assert_eq!(server.lines(), ["POST /", "POST /next"]);
        let boundary = &content_type[content_type.len() - 32..];
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--{boundary}--\r\n",
            file.path().file_name().unwrap().to_str().unwrap()
        );
        for request in requests {
            let (head, sent) = request.split_once("\r\n\r\n").unwrap();
            assert!(
                head.ends_with(&format!("Content-Length: {}", body.len())),
                "{head}"
            );
            assert!(sent == body, "the body is another");
        }
    });
}

#[test]
fn a_form_with_a_part_of_unknown_length_is_chunked() {
    on_loop(async {
        let part = Part::new(Body::stream(iter([Ok("abc")])));
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\n\
                        Content-Type: multipart/form-data; boundary=B\r\n\
                        Transfer-Encoding: chunked\r\n\r\n\
                        50\r\n--B\r\nContent-Disposition: form-data; name=\"s\"\r\n\r\n\r\n\
                        3\r\nabc\r\n28\r\n\r\n--B--\r\n\r\n0\r\n\r\n";
        assert_eq!(multipart(Multipart::new().part("s", part)).await, expected);
    });
}

#[test]
fn two_forms_have_different_boundaries() {
    let types: std::collections::BTreeSet<String> =
        (0..100).map(|_| Multipart::new().content_type()).collect();
    assert_eq!(types.len(), 100);
}
