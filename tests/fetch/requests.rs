//! What the options make of a request.

use std::io::Write;
use std::process::Stdio;

use crate::server::{Server, answer, ok};
use crate::{fetch, folder, run, stdout};

#[test]
fn a_plain_request_says_who_asks_and_takes_anything() {
    let server = Server::with_body("hello");
    let output = run(&[&server.url("/dir/../page?q#part")]);
    assert_eq!(stdout(&output), "hello");
    let request = server.only();
    assert_eq!(request.line, "GET /page?q HTTP/1.1");
    let host = format!("Host: {}", server.address);
    let agent = concat!("User-Agent: fetch/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.headers, [host.as_str(), agent, "Accept: */*"]);
}

#[test]
fn headers_are_added_replaced_and_left_out() {
    let server = Server::with_body("");
    let url = server.url("/");
    run(&[
        "-H",
        "X-One: 1",
        "-H",
        "accept: a/b",
        "-A",
        "",
        "-H",
        "X-None;",
        "-e",
        "r",
        &url,
    ]);
    let request = server.only();
    let rest = &request.headers[1..];
    assert_eq!(rest, ["Referer: r", "X-One: 1", "accept: a/b", "X-None:"]);
}

#[test]
fn data_are_posted_and_files_lose_their_line_ends() {
    let server = Server::with_body("");
    let file = folder("data").join("data");
    std::fs::write(&file, "b\r\nc\n").expect("a file");
    let at = format!("@{}", file.display());
    run(&[
        "-d",
        "a=1",
        "-d",
        &at,
        "--data-urlencode",
        "n=x y",
        &server.url("/"),
    ]);
    let request = server.only();
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.text(), "a=1&bc&n=x%20y");
    let content_type = request.header("Content-Type");
    assert_eq!(content_type, Some("application/x-www-form-urlencoded"));
}

#[test]
fn data_become_a_query() {
    let server = Server::with_body("");
    run(&[
        "-G",
        "-d",
        "a=1",
        "--url-query",
        "b=2 3",
        &server.url("/?q"),
    ]);
    assert_eq!(server.only().line, "GET /?q&a=1&b=2%203 HTTP/1.1");
}

#[test]
fn json_brings_its_types() {
    let server = Server::with_body("");
    run(&["--json", "{\"a\":", "--json", "1}", &server.url("/")]);
    let request = server.only();
    assert_eq!(request.text(), "{\"a\":1}");
    let types = (request.header("Content-Type"), request.header("Accept"));
    assert_eq!(types, (Some("application/json"), Some("application/json")));
}

#[test]
fn a_form_has_texts_and_files() {
    let server = Server::with_body("");
    let file = folder("form").join("note.txt");
    std::fs::write(&file, "content").expect("a file");
    run(&[
        "-F",
        "a=b",
        "-F",
        &format!("f=@{}", file.display()),
        &server.url("/"),
    ]);
    let request = server.only();
    let content_type = request.header("Content-Type").expect("it has one");
    let (_, boundary) = content_type.split_once("boundary=").expect("it has one");
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"f\"; filename=\"note.txt\"\r\n\
         Content-Type: text/plain\r\n\r\ncontent\r\n--{boundary}--\r\n"
    );
    assert_eq!(request.text(), expected);
}

#[test]
fn files_are_put_where_the_url_says_or_under_their_own_name() {
    let server = Server::with_body("");
    let folder = folder("upload");
    for name in ["1", "2"] {
        std::fs::write(folder.join(name), format!("file {name}")).expect("a file");
    }
    let files = format!("{}/{{1,2}}", folder.display());
    run(&["-T", &files, &server.url("/in/")]);
    let seen = server.seen();
    let seen: Vec<_> = seen
        .iter()
        .map(|one| (one.line.as_str(), one.text()))
        .collect();
    let expected = [
        ("PUT /in/1 HTTP/1.1", "file 1".to_string()),
        ("PUT /in/2 HTTP/1.1", "file 2".to_string()),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn stdin_is_put_in_chunks() {
    let server = Server::with_body("");
    let mut command = fetch();
    command
        .args(["-s", "-T", "-", &server.url("/x")])
        .stdin(Stdio::piped());
    let mut child = command.spawn().expect("fetch was built");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"from a pipe").expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    let request = server.only();
    assert_eq!(request.header("Transfer-Encoding"), Some("chunked"));
    assert_eq!(
        (request.line.as_str(), request.text()),
        ("PUT /x HTTP/1.1", "from a pipe".to_string())
    );
}

#[test]
fn a_redirect_turns_post_into_get_unless_told_otherwise() {
    let server = Server::start(|request| match request.path() {
        "/" => answer("302 Found", "Location: /there\r\n", "moved"),
        _ => ok("here"),
    });
    for (option, second) in [
        ("-L", "GET /there HTTP/1.1"),
        ("--post302", "POST /there HTTP/1.1"),
    ] {
        let output = run(&["-L", option, "-d", "x", &server.url("/")]);
        assert_eq!(stdout(&output), "here");
        assert_eq!(server.seen().last().expect("there is one").line, second);
    }
}

#[test]
fn credentials_and_cookies_stay_with_their_origin() {
    let other = Server::with_body("");
    let location = format!("Location: {}\r\n", other.url("/"));
    let first = Server::start(move |_| answer("301 Moved", &location, ""));
    let secrets = ["-u", "me:secret", "-b", "a=b", "-H", "Authorization: own"];
    let url = first.url("/");
    for trust in ["-L", "--location-trusted"] {
        run(&[&secrets[..], &[trust, &url]].concat());
    }
    let seen = other.seen();
    let shown: Vec<_> = seen
        .iter()
        .map(|one| (one.header("Authorization"), one.header("Cookie")))
        .collect();
    assert_eq!(shown, [(None, None), (Some("own"), Some("a=b"))]);
}

#[test]
fn options_come_from_a_file_too() {
    let server = Server::with_body("");
    let file = folder("config").join("options");
    let text = format!(
        "# a comment\nrequest = \"PURGE\"\n-H X:1\nurl={}\n",
        server.url("/")
    );
    std::fs::write(&file, text).expect("a file");
    run(&["-K", &file.to_string_lossy()]);
    let request = server.only();
    assert_eq!(
        (request.line.as_str(), request.header("X")),
        ("PURGE / HTTP/1.1", Some("1"))
    );
}

#[test]
fn names_lead_where_they_are_told_to() {
    let server = Server::with_body("");
    let (_, port) = server.address.rsplit_once(':').expect("it has a port");
    run(&[
        "--resolve",
        &format!("a.example:{port}:127.0.0.1"),
        &format!("http://a.example:{port}/"),
    ]);
    run(&[
        "--connect-to",
        &format!("b.example:80:{}", server.address),
        "http://b.example/",
    ]);
    let seen = server.seen();
    let hosts: Vec<_> = seen
        .iter()
        .map(|one| one.header("Host").expect("it has one"))
        .collect();
    assert_eq!(hosts, [format!("a.example:{port}").as_str(), "b.example"]);
}

#[test]
fn a_proxy_is_given_the_whole_url() {
    let proxy = Server::with_body("");
    run(&[
        "-x",
        &proxy.address,
        "-U",
        "me:secret",
        "http://a.example/x",
    ]);
    let request = proxy.only();
    assert_eq!(request.line, "GET http://a.example/x HTTP/1.1");
    assert_eq!(
        request.header("Proxy-Authorization"),
        Some("Basic bWU6c2VjcmV0")
    );
    assert_eq!(request.header("Proxy-Connection"), Some("Keep-Alive"));
}
