//! Where what comes is written to.

use crate::server::{Server, answer, ok};
use crate::{folder, run, stderr, stdout};

#[test]
fn each_url_has_its_output() {
    let server = Server::start(|request| ok(request.path()));
    let folder = folder("each");
    let first = folder.join("first");
    let pattern = folder.join("x/#1-#2");
    run(&[
        &server.url("/a"),
        &server.url("/{b,c}[1-2]"),
        "-o",
        &first.to_string_lossy(),
        "-o",
        &pattern.to_string_lossy(),
        "--create-dirs",
    ]);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    assert_eq!(read("first"), "/a");
    for (name, body) in [
        ("b-1", "/b1"),
        ("b-2", "/b2"),
        ("c-1", "/c1"),
        ("c-2", "/c2"),
    ] {
        assert_eq!(read(&format!("x/{name}")), body);
    }
}

#[test]
fn files_are_named_by_the_url_or_by_the_server() {
    let disposition = "Content-Disposition: attachment; filename=\"../named.txt\"\r\n";
    let server = Server::start(move |_| answer("200 OK", disposition, "body"));
    let folder = folder("named");
    let place = folder.to_string_lossy();
    run(&["-O", "--output-dir", &place, &server.url("/dir/file.bin?q")]);
    run(&["-OJ", "--output-dir", &place, &server.url("/dir/other")]);
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("it is there")
        .map(|entry| entry.expect("readable").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["file.bin", "named.txt"]);
}

#[test]
fn what_is_there_is_not_written_over_if_it_must_not_be() {
    let server = Server::with_body("new");
    let folder = folder("clobber");
    let file = folder.join("file");
    std::fs::write(&file, "old").expect("a file");
    run(&[
        "--no-clobber",
        "-o",
        &file.to_string_lossy(),
        &server.url("/"),
    ]);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    assert_eq!(
        (read("file"), read("file.1")),
        ("old".to_string(), "new".to_string())
    );
    run(&[
        "--skip-existing",
        "-o",
        &file.to_string_lossy(),
        &server.url("/"),
    ]);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_download_goes_on_where_the_file_ends() {
    let server = Server::start(|request| {
        assert_eq!(request.header("Range"), Some("bytes=4-"));
        answer(
            "206 Partial Content",
            "Content-Range: bytes 4-7/8\r\n",
            "5678",
        )
    });
    let file = folder("resume").join("file");
    std::fs::write(&file, "1234").expect("a file");
    let output = run(&["-C", "-", "-o", &file.to_string_lossy(), &server.url("/")]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        std::fs::read_to_string(&file).expect("it is there"),
        "12345678"
    );
}

#[test]
fn a_download_that_cannot_go_on_leaves_the_file_alone() {
    let server = Server::with_body("the whole thing");
    let file = folder("no-resume").join("file");
    std::fs::write(&file, "1234").expect("a file");
    let output = run(&["-C", "-", "-o", &file.to_string_lossy(), &server.url("/")]);
    assert_eq!(output.status.code(), Some(33), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "1234");
}

#[test]
fn an_error_removes_the_file_if_that_is_wanted() {
    let server = Server::start(|_| {
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf".to_vec()
    });
    let file = folder("remove").join("file");
    let name = file.to_string_lossy();
    let limit = ["--max-time", "0.3", "-o", &name, &server.url("/")];
    assert_eq!(run(&limit).status.code(), Some(28));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "half");
    assert_eq!(
        run(&[&limit[..], &["--remove-on-error"]].concat())
            .status
            .code(),
        Some(28)
    );
    assert!(!file.exists());
}

#[test]
fn headers_go_into_the_output_and_into_a_file_of_their_own() {
    let server = Server::start(|_| answer("200 Fine", "X-Odd:   spaces \r\n", "body"));
    let dump = folder("heads").join("heads");
    let output = run(&[
        "-i",
        "-D",
        &dump.to_string_lossy(),
        &server.url("/"),
        &server.url("/"),
    ]);
    let head = "HTTP/1.1 200 Fine\r\nX-Odd:   spaces \r\nContent-Length: 4\r\n\r\n";
    assert_eq!(stdout(&output), format!("{head}body{head}body"));
    assert_eq!(
        std::fs::read_to_string(&dump).expect("it is there"),
        head.repeat(2)
    );
}

#[test]
fn verbose_shows_the_wire() {
    let server = Server::with_body("body");
    let output = run(&["-v", &server.url("/x")]);
    let shown = stderr(&output);
    assert!(
        shown.starts_with(&format!(
            "* Connected to {}\n> GET /x HTTP/1.1\n> Host: ",
            server.address
        )),
        "{shown}"
    );
    assert!(
        shown.contains("\n> \n< HTTP/1.1 200 OK\n< Content-Length: 4\n< \n"),
        "{shown}"
    );
    assert_eq!(stdout(&output), "body");
}

#[test]
fn a_line_about_the_transfer_is_printed_at_the_end() {
    let server = Server::start(|request| match request.path() {
        "/" => answer("301 Moved", "Location: /x\r\n", ""),
        _ => answer("200 OK", "X-Tag: t\r\n", "12345"),
    });
    let format = "\\n%{http_code} %{num_redirects} %{size_download} %{num_connects} %{url_effective} %header{x-tag}";
    let output = run(&["-L", "-w", format, &server.url("/")]);
    let expected = format!("12345\n200 1 5 1 {} t", server.url("/x"));
    assert_eq!(stdout(&output), expected);
    let output = run(&["-o", "/dev/null", "-w", "%{json}", &server.url("/x")]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(json["remote_ip"], "127.0.0.1");
    let time = |name: &str| json[name].as_f64().expect(name);
    assert!(time("time_connect") <= time("time_pretransfer"), "{json}");
    assert!(0.0 < time("time_starttransfer") && time("time_starttransfer") <= time("time_total"));
}

#[test]
fn only_what_is_new_is_fetched() {
    let server = Server::start(|request| match request.header("If-None-Match") {
        Some("\"v1\"") => b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n".to_vec(),
        _ => answer("200 OK", "ETag: \"v1\"\r\n", "body"),
    });
    let tag = folder("etag").join("tag");
    let tag = tag.to_string_lossy();
    let arguments = [
        "--etag-save",
        &tag,
        "--etag-compare",
        &tag,
        &server.url("/"),
    ];
    assert_eq!(stdout(&run(&arguments)), "body");
    assert_eq!(stdout(&run(&arguments)), "");
}

#[test]
fn a_file_gets_the_time_of_the_server() {
    let date = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let server = Server::start(move |_| answer("200 OK", date, "body"));
    let file = folder("time").join("file");
    run(&["-R", "-o", &file.to_string_lossy(), &server.url("/")]);
    let time = file
        .metadata()
        .and_then(|metadata| metadata.modified())
        .expect("it has one");
    let seconds = time
        .duration_since(std::time::UNIX_EPOCH)
        .expect("it is later")
        .as_secs();
    assert_eq!(seconds, 784_111_777);
}
