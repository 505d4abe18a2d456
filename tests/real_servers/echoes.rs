//! What a server understands of a request: httpbin tells.

use looplet::iter;
use looplet_http::message::Body;
use looplet_http::{Method, Multipart, Part, RequestBuilder, Session};
use serde_json::{Value, json};

use crate::on_loop;
use crate::servers::httpbin;

/// Sends a request to `/anything`, and returns what httpbin says of it.
fn seen(build: impl FnOnce(&Session, String) -> RequestBuilder + 'static) -> Option<Value> {
    let url = httpbin()?.url("/anything");
    Some(on_loop(async move {
        let mut response = build(&Session::new(), url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }))
}

#[test]
fn every_method_comes_as_what_it_is() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let request = Method::new(method).unwrap();
        let Some(seen) = seen(|session, url| session.request(request, url)) else {
            return;
        };
        assert_eq!(seen["method"], method);
    }
}

#[test]
fn the_headers_of_a_plain_get_are_few() {
    let Some(seen) = seen(|session, url| session.get(url)) else {
        return;
    };
    let headers = seen["headers"].as_object().unwrap();
    let names: Vec<&str> = headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["Accept", "Accept-Encoding", "Host", "User-Agent"]);
    assert_eq!(headers["Accept-Encoding"], "gzip, deflate, br, zstd");
}

#[test]
fn a_query_comes_as_it_was_meant() {
    let pairs = [("a", "1"), ("b", "x y&z=%"), ("c", "\u{fc}\u{4e16}")];
    let Some(seen) = seen(move |session, url| session.get(url).query_pairs(pairs)) else {
        return;
    };
    let expected = json!({ "a": "1", "b": "x y&z=%", "c": "\u{fc}\u{4e16}" });
    assert_eq!(seen["args"], expected);
}

#[test]
fn a_form_comes_as_it_was_meant() {
    let pairs = [
        ("a", "1"),
        ("a", "2"),
        ("b", "x y&z=%\r\n"),
        ("\u{fc}", "\u{4e16}"),
    ];
    let Some(seen) = seen(move |session, url| session.post(url).form(pairs)) else {
        return;
    };
    let expected = json!({ "a": ["1", "2"], "b": "x y&z=%\r\n", "\u{fc}": "\u{4e16}" });
    assert_eq!(seen["form"], expected);
}

#[test]
fn a_form_with_files_comes_as_it_was_meant() {
    let file = Part::new("the text of a file").file_name("a \u{fc}.txt");
    let form = Multipart::new()
        .text("title", "a \"b\"\r\nc \u{4e16}")
        .part("file", file.content_type("text/plain"))
        .part("empty", Part::new("").file_name("empty.bin"));
    let Some(seen) = seen(move |session, url| session.post(url).multipart(form)) else {
        return;
    };
    assert_eq!(seen["form"], json!({ "title": "a \"b\"\r\nc \u{4e16}" }));
    let files = json!({ "file": "the text of a file", "empty": "" });
    assert_eq!(seen["files"], files);
}

#[test]
fn a_form_with_a_streamed_file_comes_in_chunks_as_it_was_meant() {
    let pieces = iter(["the text ", "of a ", "file"].map(Ok));
    let file = Part::new(Body::stream(pieces)).file_name("a.txt");
    let form = Multipart::new().text("title", "x").part("file", file);
    let Some(seen) = seen(move |session, url| session.post(url).multipart(form)) else {
        return;
    };
    assert_eq!(seen["form"], json!({ "title": "x" }));
    assert_eq!(seen["files"], json!({ "file": "the text of a file" }));
}

#[test]
fn json_comes_as_it_was_meant() {
    let value = json!({ "a": [1, 2.5, null, true], "b": "\u{4e16}\"\n" });
    let sent = value.clone();
    let Some(seen) = seen(move |session, url| session.post(url).json(&sent)) else {
        return;
    };
    assert_eq!(seen["json"], value);
    assert_eq!(seen["headers"]["Content-Type"], "application/json");
}

#[test]
fn a_body_of_unknown_length_comes_whole() {
    let pieces = iter(["one, ", "two, ", "three"].map(Ok));
    let body = Body::stream(pieces);
    let Some(seen) = seen(move |session, url| session.put(url).body(body)) else {
        return;
    };
    assert_eq!(seen["data"], "one, two, three");
}

#[test]
fn headers_of_the_caller_come_as_they_are() {
    let Some(seen) = seen(|session, url| {
        let request = session.get(url).header("X-Note", "one");
        request.header("X-Note", "two").header("User-Agent", "me")
    }) else {
        return;
    };
    assert_eq!(seen["headers"]["X-Note"], "one, two");
    assert_eq!(seen["headers"]["User-Agent"], "me");
}
