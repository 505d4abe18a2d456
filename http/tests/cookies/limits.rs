//! How much a server can put into a jar, and a jar into a request.

use looplet_http::cookies::CookieJar;

use crate::{jar_with, lines, refusal, sent, url};

const FROM: &str = "http://a.b/";

#[test]
fn name_and_value_have_4096_bytes_together() {
    let fits = format!("n={}", "x".repeat(4095));
    assert_eq!(jar_with(&[(FROM, &fits)]).len(), 1);
    let reason = "its name and value have more than 4096 bytes";
    assert_eq!(refusal(FROM, &format!("{fits}x")), reason);
}

#[test]
fn a_line_has_5000_bytes() {
    let line = format!("n=v; path=/{}", "x".repeat(4989));
    assert_eq!(line.len(), 5000);
    assert_eq!(jar_with(&[(FROM, &line)]).len(), 1);
    assert_eq!(
        refusal(FROM, &format!("{line}x")),
        "it has more than 5000 bytes"
    );
}

#[test]
fn at_most_150_cookies_are_sent() {
    let jar = CookieJar::new();
    for number in 0..160 {
        jar.set(&url(FROM), &format!("n{number}=v")).unwrap();
    }
    let names = jar.cookies_for(&url(FROM));
    assert_eq!(names.len(), 150);
    assert_eq!((names[0].name(), names[149].name()), ("n0", "n149"));
}

#[test]
fn at_most_8190_bytes_are_sent() {
    let jar = CookieJar::new();
    let value = "x".repeat(4000);
    for line in [
        format!("a={value}"),
        format!("b={value}"),
        format!("c={value}"),
    ] {
        jar.set(&url(FROM), &line).unwrap();
    }
    assert_eq!(sent(&jar, FROM), format!("a={value}; b={value}"));
    // The header of the first two has 8006 bytes; another 184 fit.
    jar.set(&url(FROM), &format!("c={}", "x".repeat(180)))
        .unwrap();
    assert_eq!(sent(&jar, FROM).len(), 8190);
    jar.set(&url(FROM), &format!("c={}", "x".repeat(181)))
        .unwrap();
    assert_eq!(sent(&jar, FROM).len(), 8006);
}

#[test]
fn a_domain_has_180_cookies_and_secure_ones_go_last() {
    let jar = jar_with(&[
        ("https://a.b/", "kept=v; secure"),
        ("http://c.d/", "other=v"),
    ]);
    for number in 0..400 {
        jar.set(&url(FROM), &format!("n{number}=v")).unwrap();
    }
    let lines = lines(&jar);
    assert_eq!(lines.len(), 181);
    let ends = [&lines[0], &lines[178], &lines[179], &lines[180]];
    let expected = [
        "a.b FALSE / FALSE 0 n399 v",
        "a.b FALSE / FALSE 0 n221 v",
        "c.d FALSE / FALSE 0 other v",
        "a.b FALSE / TRUE 0 kept v",
    ];
    assert_eq!(ends, expected);
}

#[test]
fn a_jar_has_3300_cookies() {
    let jar = CookieJar::new();
    for number in 0..3310 {
        jar.set(&url(&format!("http://h{number}.example/")), "n=v")
            .unwrap();
    }
    assert_eq!(jar.len(), 3300);
    assert_eq!(jar.cookies()[0].domain(), "h10.example");
}
