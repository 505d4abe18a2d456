//! Domains under which anybody can have a name.

use crate::{jar_with, lines, refusal};

const PUBLIC: &str = "its domain is a public suffix";

#[test]
fn a_domain_of_one_label_is_refused() {
    for domain in ["com", ".com", "COM", "com.", "unlisted"] {
        let host = domain.trim_matches('.');
        let line = format!("n=v; domain={domain}");
        assert_eq!(
            refusal(&format!("http://a.{host}/"), &line),
            PUBLIC,
            "{domain}"
        );
    }
}

#[cfg(feature = "psl")]
#[test]
fn a_domain_on_the_list_is_refused() {
    for (from, domain) in [
        ("http://curl.co.uk/", "co.uk"),
        ("http://curl.co.UK/", "co.UK"),
        ("http://foo.co.uk./", "co.uk."),
        ("http://foo.co.uk/", ".CO.uk."),
        ("http://me.github.io/", "github.io"),
        ("http://x.公司.cn/", "公司.cn"),
        ("http://www.ck.ck/", "ck.ck"),
    ] {
        let line = format!("n=v; domain={domain}; path=/");
        assert_eq!(refusal(from, &line), PUBLIC, "{domain}");
    }
}

#[cfg(feature = "psl")]
#[test]
fn what_is_registered_below_the_list_is_taken() {
    let jar = jar_with(&[
        (
            "http://curl.co.UK/",
            "fine=yesyes; domain=CURL.CO.UK; path=/",
        ),
        ("http://a.me.github.io/", "n=v; domain=me.github.io"),
        // The list has an exception for this one.
        ("http://www.ck/", "n=v; domain=www.ck"),
        // A suffix can have cookies of its own.
        ("http://github.io/", "n=v; domain=github.io"),
    ]);
    let kept = [
        "github.io FALSE / FALSE 0 n v",
        ".www.ck TRUE / FALSE 0 n v",
        ".me.github.io TRUE / FALSE 0 n v",
        ".CURL.CO.UK TRUE / FALSE 0 fine yesyes",
    ];
    assert_eq!(lines(&jar), kept);
}

#[cfg(not(feature = "psl"))]
#[test]
fn without_the_list_two_labels_are_enough() {
    let jar = jar_with(&[("http://foo.co.uk/", "n=v; domain=co.uk")]);
    assert_eq!(lines(&jar), [".co.uk TRUE / FALSE 0 n v"]);
}
