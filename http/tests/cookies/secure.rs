//! What a plain connection may do to secure cookies: nothing.

use looplet_http::cookies::CookieJar;

use crate::{jar_with, sent, url};

/// What a jar with `id=original; secure; path=/a` sends over https after a plain `line`.
fn after(line: &str) -> (bool, String) {
    let jar = jar_with(&[("https://x.a.b/", "id=original; secure; domain=a.b; path=/a")]);
    let taken = jar.set(&url("http://x.a.b/"), line).is_ok();
    (taken, sent(&jar, "https://x.a.b/a/b/c"))
}

#[test]
fn a_plain_connection_leaves_secure_cookies_alone() {
    for (line, taken) in [
        ("id=hacker; domain=a.b; path=/a", false),
        ("id=hacker; path=/a", false),
        ("id=hacker; domain=x.a.b; path=/a/b", false),
        ("id=; domain=a.b; path=/a; Max-Age=0", false),
        ("id=hacker; secure; domain=a.b; path=/a", false),
        ("id=hacker; path=/ab", true),
        ("id=hacker; path=/other", true),
    ] {
        assert_eq!(after(line), (taken, "id=original".to_owned()), "{line}");
    }
    // A shorter path does not hide it: the longer one is sent first.
    assert_eq!(after("id=hacker; path=/").1, "id=original; id=hacker");
    assert_eq!(after("other=1; path=/a").1, "id=original; other=1");
}

#[test]
fn a_redirect_over_plain_http_does_not_replace_a_session() {
    let jar = jar_with(&[
        (
            "https://attack.invalid/a/b/1",
            "SESSIONID=originaltoken; secure",
        ),
        (
            "https://attack.invalid/a/b/1",
            "second=originaltoken; secure; path=/a",
        ),
    ]);
    let plain = url("http://attack.invalid/a/b/2");
    assert_eq!(sent(&jar, plain.as_str()), "");
    assert!(
        jar.set(&plain, "SESSIONID=hacker; domain=attack.invalid;")
            .is_err()
    );
    assert!(jar.set(&plain, "second=replacement; path=/a/b").is_err());
    let original = "SESSIONID=originaltoken; second=originaltoken";
    assert_eq!(sent(&jar, "https://attack.invalid/a/b/3"), original);
}

#[test]
fn a_secure_connection_may_replace_it() {
    let jar = jar_with(&[("https://a.b/", "id=1; secure"), ("https://a.b/", "id=2")]);
    assert_eq!(sent(&jar, "http://a.b/"), "id=2");
}

#[test]
fn loopback_counts_as_secure() {
    for (from, to) in [
        ("http://localhost/", "http://localhost:8080/"),
        ("http://127.0.0.1:1/", "http://127.0.0.1/"),
        ("http://[::1]/", "http://[::1]/"),
    ] {
        let jar = jar_with(&[(from, "n=v; secure")]);
        assert_eq!(sent(&jar, to), "n=v", "{from}");
    }
    for plain in ["http://127.0.0.1.example/", "http://192.168.0.1/"] {
        let jar = CookieJar::new();
        assert!(jar.set(&url(plain), "n=v; secure").is_err(), "{plain}");
    }
}
