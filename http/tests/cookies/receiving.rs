//! What becomes of a `Set-Cookie` line.

use looplet_http::Error;
use looplet_http::cookies::CookieJar;

use crate::{jar_with, lines, refusal, url};

#[test]
fn a_line_is_read_as_browsers_and_curl_do() {
    for (from, line, kept) in [
        ("http://a.b/", "n=v", "a.b FALSE / FALSE 0 n v"),
        ("http://a.b/", "n=v;", "a.b FALSE / FALSE 0 n v"),
        ("http://a.b/", " n = v ; ;x", "a.b FALSE / FALSE 0 n v"),
        ("http://a.b/", "n=", "a.b FALSE / FALSE 0 n "),
        (
            "http://a.b/",
            "n=a=b c,\"d\"",
            "a.b FALSE / FALSE 0 n a=b c,\"d\"",
        ),
        ("http://a.b/", "n=%41", "a.b FALSE / FALSE 0 n %41"),
        (
            "http://a.b/",
            "domain=value;path=/",
            "a.b FALSE / FALSE 0 domain value",
        ),
        (
            "http://a.b/",
            "n=v; HttpOnly",
            "#HttpOnly_a.b FALSE / FALSE 0 n v",
        ),
        (
            "http://a.b/",
            "n=v;\tHTTPONLY=x",
            "#HttpOnly_a.b FALSE / FALSE 0 n v",
        ),
        ("https://a.b/", "n=v; secure", "a.b FALSE / TRUE 0 n v"),
        ("http://a.b/", "n=é", "a.b FALSE / FALSE 0 n é"),
    ] {
        assert_eq!(lines(&jar_with(&[(from, line)])), [kept], "{line}");
    }
}

#[test]
fn a_path_is_given_or_that_of_the_url() {
    for (from, line, path) in [
        ("http://a.b", "n=v", "/"),
        ("http://a.b/dir/page?q=/x", "n=v", "/dir"),
        ("http://a.b/dir/", "n=v", "/dir"),
        ("http://a.b/dir/page", "n=v; Path=/", "/"),
        ("http://a.b/dir/page", "n=v; path=/other/", "/other"),
        ("http://a.b/dir/page", "n=v; path=relative", "/dir"),
        ("http://a.b/dir/page", "n=v; path", "/dir"),
        ("http://a.b/dir/page", "n=v; path=", "/dir"),
        ("http://a.b/dir/page", "n=v; path=; path=/", "/"),
        ("http://a.b/", "n=v; path=//", "/"),
    ] {
        let jar = jar_with(&[(from, line)]);
        assert_eq!(jar.cookies()[0].path(), path, "{from} {line}");
    }
}

#[test]
fn a_domain_is_given_or_the_host_alone() {
    for (from, line, kept) in [
        ("http://x.a.b/", "n=v", "x.a.b FALSE"),
        ("http://x.a.b/", "n=v; domain=", "x.a.b FALSE"),
        ("http://x.a.b/", "n=v; domain=.", "x.a.b FALSE"),
        ("http://x.a.b/", "n=v; domain=x.a.b", ".x.a.b TRUE"),
        ("http://x.a.b/", "n=v; Domain=.x.a.b", ".x.a.b TRUE"),
        ("http://x.a.b/", "n=v; domain=a.b", ".a.b TRUE"),
        ("http://x.a.b/", "n=v; domain=A.b.", ".A.b TRUE"),
        ("http://X.A.B./", "n=v; domain=a.b", ".a.b TRUE"),
        ("http://x.a.b./", "n=v", "x.a.b FALSE"),
        (
            "http://localhost/",
            "n=v; domain=localhost",
            ".localhost TRUE",
        ),
        ("http://127.0.0.1/", "n=v", "127.0.0.1 FALSE"),
        (
            "http://127.0.0.1/",
            "n=v; domain=127.0.0.1",
            "127.0.0.1 FALSE",
        ),
        ("http://[::1]/", "n=v", "[::1] FALSE"),
        ("http://intranet/", "n=v", "intranet FALSE"),
        ("http://intranet/", "n=v; domain=intranet", "intranet FALSE"),
    ] {
        let kept = format!("{kept} / FALSE 0 n v");
        assert_eq!(lines(&jar_with(&[(from, line)])), [kept], "{from} {line}");
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_rule() {
    let other = "its domain is not that of the host";
    let control = "there is a control byte in it";
    for (from, line, reason) in [
        ("http://a.b/", "", "it is no name with a value"),
        ("http://a.b/", "n; Path=/", "it is no name with a value"),
        ("http://a.b/", "=v", "it is no name with a value"),
        ("http://a.b/", "n=v; domain=c.d", other),
        ("http://a.b/", "n=v; domain=x.a.b", other),
        ("http://xa.b/", "n=v; domain=a.b", other),
        ("http://127.0.0.1/", "n=v; domain=0.0.1", other),
        ("http://127.0.0.1/", "n=v; domain=1", other),
        (
            "http://x.b/",
            "n=v; domain=b",
            "its domain is a public suffix",
        ),
        ("http://a.b/", "n=a\x01b", control),
        ("http://a.b/", "n=a\tb", control),
        ("http://a.b/", "n=v; path=/\x7f", control),
        ("http://a.b/", "n=a\r\nb", control),
    ] {
        assert_eq!(refusal(from, line), reason, "{from} {line:?}");
    }
}

#[test]
fn an_error_shows_the_name_and_not_the_value() {
    let refused = CookieJar::new().set(&url("http://a.b/"), "id=secret; domain=c.d");
    let refused = refused.unwrap_err();
    let text = r#"invalid cookie "id": its domain is not that of the host"#;
    assert_eq!(refused.to_string(), text);
    assert!(refused.is_caller_mistake());
}

#[test]
fn a_later_version_takes_the_place_of_the_earlier() {
    let jar = jar_with(&[
        ("http://a.b/", "first=1"),
        ("http://a.b/", "second=1"),
        ("http://a.b/", "first=2"),
        ("http://a.b/x/", "first=of path"),
        ("http://a.b/", "first=of domain; domain=a.b"),
    ]);
    let kept = [
        ".a.b TRUE / FALSE 0 first of domain",
        "a.b FALSE /x FALSE 0 first of path",
        "a.b FALSE / FALSE 0 second 1",
        "a.b FALSE / FALSE 0 first 2",
    ];
    assert_eq!(lines(&jar), kept);
}

#[test]
fn cookies_can_be_looked_at_removed_and_cleared() {
    let jar = jar_with(&[
        ("https://a.b/", "x=secret; secure"),
        ("http://a.b/", "y=2; Domain=a.b; Max-Age=1000"),
    ]);
    let [x, y] = &jar.cookies()[..] else {
        panic!("there are two cookies");
    };
    assert_eq!(
        (x.expires(), x.is_host_only(), x.is_secure()),
        (None, true, true)
    );
    assert!(y.expires() > Some(std::time::SystemTime::now()));
    assert!(!format!("{x:?} {jar:?}").contains("secret"));
    let shared = jar.clone();
    assert!(shared.remove(x) && !shared.remove(x));
    assert_eq!((jar.len(), jar.cookies()), (1, vec![y.clone()]));
    jar.clear();
    assert!(shared.is_empty());
}

#[test]
fn prefixes_keep_their_promises() {
    let secure = "its name promises that it is secure, and it is not";
    let host = "its name promises that it is secure, for one host, and for all paths";
    for (line, reason) in [
        ("__Secure-n=v", secure),
        ("__secure-n=v; Path=/", secure),
        ("__Host-n=v; Path=/", host),
        ("__Host-n=v; Secure; Path=/x", host),
        ("__HOST-n=v; Secure; Path=/; Domain=a.b", host),
    ] {
        assert_eq!(refusal("https://a.b/", line), reason, "{line}");
    }
    let jar = jar_with(&[
        ("https://a.b/x/", "__Secure-n=v; Secure"),
        ("https://a.b/x/", "__Host-n=v; Secure; Path=/"),
        ("https://a.b/x/", "__Hostn=v"),
    ]);
    assert_eq!(jar.len(), 3);
    let plain = "it is secure, and came over a plain connection";
    assert_eq!(refusal("http://a.b/", "__Secure-n=v; Secure"), plain);
}

#[test]
fn what_is_set_by_an_address_that_is_no_origin_is_refused() {
    let refused = CookieJar::new().set(&url("data:,x"), "n=v");
    assert!(
        matches!(refused, Err(Error::InvalidCookie { .. })),
        "{refused:?}"
    );
}
