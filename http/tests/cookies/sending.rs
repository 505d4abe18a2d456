//! Which cookies are sent where, and in which order.

use crate::{jar_with, sent};

#[test]
fn a_cookie_goes_to_its_host_or_domain() {
    let jar = jar_with(&[
        ("http://example.fake/", "host=1"),
        ("http://example.fake/", "domain=1; domain=.example.fake"),
    ]);
    for (to, expected) in [
        ("http://example.fake/", "host=1; domain=1"),
        ("https://EXAMPLE.fake.:8080/x", "host=1; domain=1"),
        ("http://www.example.fake/", "domain=1"),
        ("http://bexample.fake/", ""),
        ("http://fake/", ""),
    ] {
        assert_eq!(sent(&jar, to), expected, "{to}");
    }
}

#[test]
fn a_cookie_goes_below_its_path() {
    let jar = jar_with(&[("http://a.b/", "n=v; path=/p4/")]);
    for (to, goes) in [
        ("http://a.b/p4", true),
        ("http://a.b/p4?q", true),
        ("http://a.b/p4/x", true),
        ("http://a.b/p44", false),
        ("http://a.b/P4/x", false),
        ("http://a.b/", false),
    ] {
        assert_eq!(sent(&jar, to) == "n=v", goes, "{to}");
    }
}

#[test]
fn an_address_is_one_host() {
    let jar = jar_with(&[("http://127.0.0.1/", "n=v; domain=127.0.0.1")]);
    assert_eq!(sent(&jar, "http://127.1:9/"), "n=v");
    assert_eq!(sent(&jar, "http://1.127.0.0.1.example/"), "");
    assert_eq!(sent(&jar, "http://127.0.0.2/"), "");
}

#[test]
fn longer_paths_go_first_and_then_older_cookies() {
    let jar = jar_with(&[
        ("http://x.a.b/", "root=1; path=/"),
        ("http://x.a.b/", "deep=1; path=/a/b"),
        ("http://x.a.b/", "middle=1; path=/a"),
        ("http://x.a.b/", "old=1; path=/a; domain=a.b"),
        ("http://x.a.b/", "new=1; path=/a"),
        ("http://x.a.b/", "middle=2; path=/a"),
    ]);
    let order = "deep=1; middle=2; old=1; new=1; root=1";
    assert_eq!(sent(&jar, "http://x.a.b/a/b/c"), order);
}
