//! Content codings as four servers make them.

use looplet_http::{Response, Session};
use serde_json::Value;

use crate::on_loop;
use crate::servers::{apache, caddy, httpbin, nginx};

/// A text that is worth a coding and does not fit into one buffer.
fn long_text() -> String {
    (0..60_000).map(|line| format!("line {line}\n")).collect()
}

/// Fetches a text and compares it. Then fetches it again on the same connection, which shows
/// that the end of the first one was found. Returns the coding that it came in.
fn coding_of(url: String) -> Option<String> {
    on_loop(async move {
        let session = Session::new();
        let text_of = async |mut response: Response| {
            let coding = response.header("Content-Encoding").map(str::to_string);
            assert!(
                response.text().await.unwrap() == long_text(),
                "{response:?}"
            );
            coding
        };
        let first = text_of(session.get(&url).send().await.unwrap()).await;
        let again = text_of(session.get(&url).send().await.unwrap()).await;
        assert_eq!(first, again);
        first
    })
}

#[test]
fn gzip_of_nginx_is_taken_off() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("long.txt", long_text());
    let coding = coding_of(nginx.url("/coded/long.txt"));
    assert_eq!(coding.as_deref(), Some("gzip"));
    assert_eq!(crate::per_connection(&nginx.logged(2)), [2]);
}

#[test]
fn brotli_of_apache_is_taken_off() {
    let Some(apache) = apache() else { return };
    apache.add_file("long.txt", long_text());
    let coding = coding_of(apache.url("/brotli/long.txt"));
    assert_eq!(coding.as_deref(), Some("br"));
    assert_eq!(crate::per_connection(&apache.logged(2)), [2]);
}

#[test]
fn gzip_of_apache_is_taken_off() {
    let Some(apache) = apache() else { return };
    apache.add_file("long.txt", long_text());
    let coding = coding_of(apache.url("/deflate/long.txt"));
    assert_eq!(coding.as_deref(), Some("gzip"));
    assert_eq!(crate::per_connection(&apache.logged(2)), [2]);
}

#[test]
fn zstd_of_caddy_is_taken_off() {
    let Some(caddy) = caddy() else { return };
    caddy.add_file("long.txt", long_text());
    let coding = coding_of(caddy.url("/long.txt"));
    assert_eq!(coding.as_deref(), Some("zstd"));
}

#[test]
fn a_server_that_codes_nothing_is_understood_as_well() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("long.txt", long_text());
    assert_eq!(coding_of(nginx.url("/long.txt")), None);
}

#[test]
fn the_codings_of_httpbin_are_taken_off() {
    let Some(httpbin) = httpbin() else { return };
    let cases = [
        ("gzip", "gzipped"),
        ("deflate", "deflated"),
        ("brotli", "brotli"),
    ];
    for (path, claim) in cases {
        let url = httpbin.url(&format!("/{path}"));
        let (answer, coding) = on_loop(async move {
            let mut response = Session::new().get(url).send().await.unwrap();
            let answer: Value = response.json().await.unwrap();
            (
                answer,
                response.header("Content-Encoding").unwrap().to_string(),
            )
        });
        assert_eq!(answer[claim], true, "{path}");
        assert_eq!(coding, if path == "brotli" { "br" } else { path });
    }
}

#[test]
fn a_head_of_a_coded_text_has_its_headers_and_no_body() {
    let Some(apache) = apache() else { return };
    apache.add_file("long.txt", long_text());
    let url = apache.url("/brotli/long.txt");
    on_loop(async move {
        let mut head = Session::new().head(url).send().await.unwrap();
        assert_eq!(head.status(), 200);
        assert_eq!(head.bytes().await.unwrap(), b"");
    });
}
