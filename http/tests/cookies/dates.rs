//! Until when a cookie is kept.

use crate::{jar_with, lines, sent, url};

const ZERO: &str = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// What `expires` a cookie has after this line.
fn expiry(attributes: &str) -> Option<u64> {
    let jar = jar_with(&[("http://a.b/", &format!("n=v; {attributes}"))]);
    let line = lines(&jar).pop()?;
    line.split(' ').nth(4)?.parse().ok()
}

#[test]
fn expires_is_read_leniently() {
    for (attributes, expires) in [
        ("Expires=Fri Feb 13 11:56:27 GMT 2525", Some(17_517_902_187)),
        (
            "expires=Thu, 22-Nov-2525 10:54:11 GMT;",
            Some(17_542_263_251),
        ),
        (
            "Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            Some(253_402_300_799),
        ),
        ("Expires=Fri, 31 Dec 10000 23:59:59 GMT", Some(0)),
        ("Expires=tomorrow", Some(0)),
        ("Expires=", Some(0)),
        ("Expires=Mon, 01 Jan 1601 00:00:00 GMT", None),
        (ZERO, None),
    ] {
        assert_eq!(expiry(attributes), expires, "{attributes}");
    }
}

#[test]
fn max_age_wins() {
    let far = "Expires=Fri, 31 Dec 9999 23:59:59 GMT";
    for (attributes, expires) in [
        (format!("Max-Age=0; {far}"), None),
        (format!("{far}; Max-Age=-1"), None),
        (format!("{far}; max-age=-99999999999999999999"), None),
        (
            format!("{ZERO}; Max-Age=9223372036854775808"),
            Some(253_402_300_799),
        ),
        (format!("{ZERO}; Max-Age="), None),
        (format!("{ZERO}; Max-Age=-"), None),
        (format!("{ZERO}; Max-Age=1d"), None),
        ("Max-Age=".to_owned(), Some(0)),
        ("Max-Age=+5".to_owned(), Some(0)),
    ] {
        assert_eq!(expiry(&attributes), expires, "{attributes}");
    }
}

#[test]
fn an_expired_one_removes_its_earlier_version_only() {
    let jar = jar_with(&[("http://a.b/", "x=1"), ("http://a.b/", "y=1")]);
    jar.set(&url("http://a.b/"), &format!("x=; {ZERO}"))
        .unwrap();
    jar.set(&url("http://a.b/"), "y=; Path=/other; Max-Age=0")
        .unwrap();
    jar.set(&url("http://a.b/"), "z=; Max-Age=0").unwrap();
    assert_eq!(sent(&jar, "http://a.b/"), "y=1");
    assert_eq!(jar.len(), 1);
}
