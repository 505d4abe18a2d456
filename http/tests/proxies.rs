//! What the texts of proxies mean, and which proxy is for which URL.
//!
//! The tables hold what curl and requests do, each row with a text as people write it. No test
//! reads or writes the environment of the process.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::HashSet;

use looplet_http::Error;
use looplet_http::proxy::{NoProxy, Proxies, Proxy, ProxyKind};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn proxy(text: &str) -> Proxy {
    text.parse().unwrap()
}

#[test]
fn a_text_means_what_it_means_to_curl() {
    for (text, shown) in [
        ("proxy.example", "http://proxy.example:1080"),
        ("proxy.example:3128/", "http://proxy.example:3128"),
        ("http://proxy.example:80", "http://proxy.example:80"),
        ("https://proxy.example", "https://proxy.example:443"),
        ("HTTPS://Proxy.Example.:8443", "https://proxy.example:8443"),
        ("socks://p", "socks4://p:1080"),
        ("socks4://p:9", "socks4://p:9"),
        ("socks4a://p", "socks4a://p:1080"),
        ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
        ("socks5h://[::1]:9050", "socks5h://[::1]:9050"),
        ("[::1]", "http://[::1]:1080"),
        ("p:", "http://p:1080"),
        ("http://user@p/path?query#part", "http://p:1080"),
        ("  p:1  ", "http://p:1"),
        (
            "http://münchen.example",
            "http://xn--mnchen-3ya.example:1080",
        ),
    ] {
        let read = text.parse::<Proxy>().map(|proxy| proxy.to_string());
        assert_eq!(read.as_deref(), Ok(shown), "{text}");
    }
}

#[test]
fn the_host_has_no_brackets() {
    assert_eq!(proxy("[::1]:1").host(), "::1");
    assert_eq!(proxy("p:1").host(), "p");
    assert!(ProxyKind::Socks5h.is_socks() && !ProxyKind::Https.is_socks());
}

#[test]
fn user_and_password_are_decoded() {
    for (text, user, password) in [
        ("http://fake:user@p", "fake", "user"),
        ("fake@p", "fake", ""),
        ("fake:@p", "fake", ""),
        (":pass@p", "", "pass"),
        ("u:a:b@p", "u", "a:b"),
        ("u%3a:p%40s%25@p", "u:", "p@s%"),
        ("u@home:p@p", "u@home", "p"),
    ] {
        let expected = Some((user.as_bytes(), password.as_bytes()));
        assert_eq!(proxy(text).credentials(), expected, "{text}");
    }
    assert_eq!(proxy("p").credentials(), None);
    assert_eq!(proxy("@p").credentials(), None);
    assert_eq!(
        proxy("u:%ff@p").credentials(),
        Some((&b"u"[..], &[0xff][..]))
    );
}

#[test]
fn what_is_no_proxy_is_refused_with_the_cause() {
    for (text, error) in [
        ("", r#"invalid proxy "": it has no host"#),
        ("/server", r#"invalid proxy "/server": it has no host"#),
        ("http://", r#"invalid proxy "http://": it has no host"#),
        (
            "http://:80",
            r#"invalid proxy "http://:80": it has no host"#,
        ),
        (
            "ftp://p",
            r#"invalid proxy "ftp://p": its scheme is none of http, https, socks4, socks4a, socks5, socks5h"#,
        ),
        ("p:0", PORT_0),
        ("u:secret@p:+80", PORT_SIGN),
        ("http://u:secret@p:65536", PORT_LARGE),
        (
            "::1",
            r#"invalid proxy "::1": an IPv6 address has to stand in brackets"#,
        ),
        (
            "[::1",
            r#"invalid proxy "[::1": an IPv6 address has to stand in brackets"#,
        ),
        (
            "a b",
            r#"invalid proxy "a b": invalid international domain name"#,
        ),
        (
            "u%0d:secret@p",
            r#"invalid proxy "...@p": there is a control byte in the user"#,
        ),
        (
            "socks5://u:s%00@p",
            r#"invalid proxy "socks5://...@p": there is a control byte in the password"#,
        ),
    ] {
        let refused = text.parse::<Proxy>().unwrap_err();
        assert_eq!(refused.to_string(), error, "{text}");
        assert!(refused.is_caller_mistake());
    }
}

const PORT_0: &str = r#"invalid proxy "p:0": its port is not a number from 1 to 65535"#;
const PORT_SIGN: &str = r#"invalid proxy "...@p:+80": its port is not a number from 1 to 65535"#;
const PORT_LARGE: &str =
    r#"invalid proxy "http://...@p:65536": its port is not a number from 1 to 65535"#;

#[test]
fn socks_takes_255_bytes_of_each_credential() {
    let (fits, too_long) = ("x".repeat(255), "x".repeat(256));
    let socks = proxy("socks5://p");
    assert!(socks.clone().with_credentials(&fits, &fits).is_ok());
    let refused = socks.with_credentials("u", &too_long).unwrap_err();
    let text =
        r#"invalid proxy "socks5://p:1080": the password has 256 bytes, and SOCKS allows 255"#;
    assert_eq!(refused.to_string(), text);
    assert!(format!("socks4://{too_long}@p").parse::<Proxy>().is_err());
    assert!(proxy("http://p").with_credentials("u", &too_long).is_ok());
}

#[test]
fn neither_debug_nor_display_shows_a_secret() {
    let proxy = proxy("http://me:secret@p")
        .with_header("X-Token", "hush")
        .unwrap();
    let debug = r#"Proxy { address: "http://p:1080", credentials: Some("[hidden]"), headers: ["X-Token"] }"#;
    assert_eq!(format!("{proxy:?}"), debug);
    assert_eq!(proxy.to_string(), "http://p:1080");
}

#[test]
fn credentials_and_headers_are_part_of_the_identity() {
    let different = HashSet::from([
        proxy("p"),
        proxy("https://p:1080"),
        proxy("p:1"),
        proxy("u@p"),
        proxy("u:x@p"),
        proxy("p").with_header("A", "b").unwrap(),
    ]);
    assert_eq!(different.len(), 6);
    assert!(different.contains(&proxy("http://P.:1080/")));
    assert!(proxy("p").with_header("A", "b\r\nEvil: yes").is_err());
}

/// Each row: a list, the URLs that it covers, and some that it does not.
fn check_exceptions(rows: &[(&str, &str, &str)]) {
    for (list, covered, not_covered) in rows {
        let exceptions: NoProxy = list.parse().unwrap();
        for text in covered.split_whitespace() {
            assert!(exceptions.covers(&url(text)), "{list} {text}");
        }
        for text in not_covered.split_whitespace() {
            assert!(!exceptions.covers(&url(text)), "{list} {text}");
        }
    }
}

#[test]
fn a_name_excepts_itself_and_what_is_below() {
    check_exceptions(&[
        ("*", "http://a/ http://[::1]/ http://1.2.3.4/", ""),
        ("", "", "http://a/"),
        (" , ,", "", "http://a/"),
        (
            "a.b",
            "http://a.b/ https://x.A.b.:8/ http://y.x.a.b/",
            "http://xa.b/ http://b/ http://a.b.c/",
        ),
        (".a.b", "http://a.b/ http://x.a.b/", "http://xa.b/"),
        ("*.a.b", "http://a.b/ http://x.a.b/", "http://xa.b/"),
        ("A.B.", "http://a.b/ http://a.b./", "http://c/"),
        (
            "münchen.example",
            "http://xn--mnchen-3ya.example/",
            "http://example/",
        ),
        (
            "x,a  c\td",
            "http://x/ http://a/ http://c/ http://d/",
            "http://xa/",
        ),
        (
            "a.b:8080",
            "http://a.b:8080/ http://x.a.b:8080/",
            "http://a.b/",
        ),
        ("a.b:443", "https://a.b/", "http://a.b/"),
        (
            "localhost",
            "http://user:secret@localhost:9/",
            "http://127.0.0.1/",
        ),
    ]);
}

#[test]
fn an_address_excepts_itself_or_its_range() {
    check_exceptions(&[
        (
            "127.0.0.1",
            "http://127.0.0.1:7/ http://127.1/",
            "http://127.0.0.10/",
        ),
        ("127.0.0.1:80", "http://127.0.0.1/", "http://127.0.0.1:81/"),
        ("0.1", "http://0.0.0.1/", "http://127.0.0.1/"),
        (
            "10.0.0.0/8",
            "http://10.255.1.2/",
            "http://11.0.0.1/ http://10.a/",
        ),
        (
            "192.168.0.77/16",
            "http://192.168.9.9/",
            "http://192.169.0.77/",
        ),
        ("10.0.0.1/32", "http://10.0.0.1/", "http://10.0.0.0/"),
        ("0.0.0.0/0", "http://1.2.3.4/", "http://[::1]/ http://a/"),
        ("[::1]", "http://[::1]:8/", "http://[::2]/ http://0.0.0.1/"),
        ("::1", "http://[0:0::1]/", "http://[::2]/"),
        ("[::1]:80", "http://[::1]/", "http://[::1]:81/"),
        (
            "fe80::/10",
            "http://[fe80::1]/ http://[febf::1]/",
            "http://[fec0::1]/",
        ),
        ("[fe80::]/10", "http://[fe80::1]/", "http://[::1]/"),
        ("::/0", "http://[1::2]/", "http://1.2.3.4/"),
    ]);
}

#[test]
fn an_exception_that_cannot_be_read_is_named() {
    let prefix = "as an exception from proxies,";
    for (list, entry, reason) in [
        (
            "a, 10.0.0.0/33",
            "10.0.0.0/33",
            "behind the slash there is no number from 0 to 32",
        ),
        (
            "10.0.0.0/",
            "10.0.0.0/",
            "behind the slash there is no number from 0 to 32",
        ),
        (
            "::/129",
            "::/129",
            "behind the slash there is no number from 0 to 128",
        ),
        ("a.b/8", "a.b/8", "there is no address before the slash"),
        (
            "http://a",
            "http://a",
            "there is no address before the slash",
        ),
        ("a:x", "a:x", "its port is not a number from 1 to 65535"),
        (
            "10.0.*",
            "10.0.*",
            "an asterisk stands alone or in front of a dot at the beginning",
        ),
        (".", ".", "empty host"),
        ("<local>", "<local>", "invalid international domain name"),
    ] {
        let expected = Error::InvalidProxy {
            proxy: entry.to_owned(),
            reason: format!("{prefix} {reason}"),
        };
        assert_eq!(list.parse::<NoProxy>(), Err(expected), "{list}");
    }
}

#[test]
fn one_for_all_leaves_out_the_exceptions() {
    let proxies = Proxies {
        no_proxy: "b".parse().unwrap(),
        ..Proxies::all(proxy("p:1"))
    };
    assert_eq!(proxies.for_url(&url("http://a/")), Some(&proxy("p:1")));
    assert_eq!(proxies.for_url(&url("https://a/")), Some(&proxy("p:1")));
    assert_eq!(proxies.for_url(&url("http://user:secret@b/")), None);
    assert_eq!(proxies.for_url(&url("ftp://a/")), None);
    assert_eq!(Proxies::default().for_url(&url("http://a/")), None);
}

/// What an environment gives for http, for https, and for `http://excepted/`.
fn chosen(environment: &[(&str, &str)]) -> [String; 3] {
    let proxies = from(environment).unwrap();
    ["http://a/", "https://a/", "http://excepted/"].map(|text| {
        let proxy = proxies.for_url(&url(text));
        proxy.map_or("-".to_owned(), |proxy| proxy.host().to_owned())
    })
}

fn from(environment: &[(&str, &str)]) -> Result<Proxies, Error> {
    Proxies::from_variables(|name| {
        let mut variables = environment.iter();
        let found = variables.find(|(variable, _)| *variable == name)?;
        Some(found.1.into())
    })
}

#[test]
fn the_environment_says_which() {
    for (environment, expected) in [
        (&[][..], ["-", "-", "-"]),
        (&[("http_proxy", "p")], ["p", "-", "p"]),
        (&[("HTTP_PROXY", "p")], ["p", "-", "p"]),
        (&[("http_proxy", "p"), ("HTTP_PROXY", "q")], ["p", "-", "p"]),
        (&[("http_proxy", ""), ("HTTP_PROXY", "q")], ["-", "-", "-"]),
        (
            &[("HTTP_PROXY", "p"), ("REQUEST_METHOD", "GET")],
            ["-", "-", "-"],
        ),
        (
            &[("http_proxy", "p"), ("REQUEST_METHOD", "GET")],
            ["p", "-", "p"],
        ),
        (
            &[("https_proxy", "p"), ("HTTPS_PROXY", "q")],
            ["-", "p", "-"],
        ),
        (&[("HTTPS_PROXY", "q")], ["-", "q", "-"]),
        (&[("all_proxy", "socks4://s")], ["s", "s", "s"]),
        (&[("ALL_PROXY", "s"), ("http_proxy", "p")], ["p", "s", "p"]),
        (&[("ALL_PROXY", "s"), ("http_proxy", " ")], ["s", "s", "s"]),
        (
            &[("all_proxy", "s"), ("no_proxy", "excepted")],
            ["s", "s", "-"],
        ),
        (
            &[("all_proxy", "s"), ("NO_PROXY", "excepted")],
            ["s", "s", "-"],
        ),
        (
            &[
                ("all_proxy", "s"),
                ("no_proxy", ""),
                ("NO_PROXY", "excepted"),
            ],
            ["s", "s", "s"],
        ),
        (&[("all_proxy", "s"), ("no_proxy", "*")], ["-", "-", "-"]),
    ] {
        assert_eq!(chosen(environment), expected, "{environment:?}");
    }
}

#[test]
fn an_error_names_the_variable() {
    let refused = from(&[("https_proxy", "ftp://u:secret@p")]).unwrap_err();
    let text = "invalid proxy \"ftp://...@p\": its scheme is none of http, https, socks4, socks4a, \
                socks5, socks5h (in the variable https_proxy)";
    assert_eq!(refused.to_string(), text);
    let refused = from(&[("NO_PROXY", "10.0.0.0/64")]).unwrap_err();
    assert!(
        refused.to_string().ends_with("(in the variable NO_PROXY)"),
        "{refused}"
    );
}
