//! The values of `WWW-Authenticate` and `Proxy-Authenticate`.

use looplet_http::Error;
use looplet_http::auth::Challenge;

/// What the challenges in a value are, in a form that is easy to compare.
fn parsed(value: &[u8]) -> Vec<String> {
    let challenges = Challenge::parse(value).unwrap_or_else(|error| panic!("{error}"));
    let texts = challenges.iter().map(|challenge| format!("{challenge:?}"));
    texts.collect()
}

#[test]
fn every_form_of_a_challenge_is_understood() {
    let rows: &[(&str, &[&str])] = &[
        ("", &[]),
        (" ,\t, ", &[]),
        ("Basic", &["Basic"]),
        ("Basic realm=x", &["Basic realm=\"x\""]),
        ("Basic realm=\"x\"", &["Basic realm=\"x\""]),
        ("Basic realm=\"\"", &["Basic realm=\"\""]),
        ("Basic \t realm \t=  \"x\"  ", &["Basic realm=\"x\""]),
        ("Basic realm=\"a, b=c\"", &["Basic realm=\"a, b=c\""]),
        (
            "Digest realm=x, nonce=y",
            &["Digest realm=\"x\" nonce=\"y\""],
        ),
        (
            "Digest realm=x,nonce=y , ,opaque=z,",
            &["Digest realm=\"x\" nonce=\"y\" opaque=\"z\""],
        ),
        ("Negotiate, NTLM", &["Negotiate", "NTLM"]),
        ("Negotiate YWJj", &["Negotiate YWJj"]),
        ("Negotiate YW==", &["Negotiate YW=="]),
        (
            "Negotiate a/b+c-d._~==, Basic",
            &["Negotiate a/b+c-d._~==", "Basic"],
        ),
        (
            "Negotiate YWJj , Basic realm=x",
            &["Negotiate YWJj", "Basic realm=\"x\""],
        ),
        (
            ", Basic realm=x, charset=UTF-8, , Digest nonce=y, Bearer",
            &[
                "Basic realm=\"x\" charset=\"UTF-8\"",
                "Digest nonce=\"y\"",
                "Bearer",
            ],
        ),
        // The example of RFC 9110, section 11.6.1.
        (
            "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
            &[
                "Basic realm=\"simple\"",
                "Newauth realm=\"apps\" type=\"1\" title=\"Login to \\\"apps\\\"\"",
            ],
        ),
        // A name alone is a scheme, whatever came before it.
        ("Digest realm=x, stale", &["Digest realm=\"x\"", "stale"]),
    ];
    for (value, expected) in rows {
        assert_eq!(parsed(value.as_bytes()), *expected, "{value:?}");
    }
}

#[test]
fn escapes_are_taken_off_and_other_bytes_are_kept() {
    let challenges = Challenge::parse(b"Basic realm=\"\\a\\\\ \\\"\xc3\xa4\xff\t\"").unwrap();
    assert_eq!(
        challenges[0].parameter("realm"),
        Some(&b"a\\ \"\xc3\xa4\xff\t"[..])
    );
}

#[test]
fn names_ignore_case_and_the_last_of_several_counts() {
    let challenges = Challenge::parse(b"dIGEST Nonce=1, nonce=2, REALM=x").unwrap();
    let challenge = &challenges[0];
    assert!(challenge.is("Digest") && challenge.scheme() == "dIGEST");
    assert_eq!(challenge.parameter("NONCE"), Some(&b"2"[..]));
    assert_eq!(challenge.parameter("domain"), None);
    let names: Vec<&str> = challenge.parameters().map(|(name, _)| name).collect();
    assert_eq!(names, ["Nonce", "nonce", "REALM"]);
}

#[test]
fn a_broken_challenge_is_refused_with_place_and_reason() {
    for (value, expected) in [
        ("=x", "a scheme or the name of a parameter is expected"),
        ("\"x\"", "a scheme or the name of a parameter is expected"),
        ("realm=x", "a parameter has no scheme before it"),
        (
            "Negotiate YW==, realm=x",
            "a parameter has no scheme before it",
        ),
        ("Basic realm=x y", "a comma is expected"),
        ("Basic realm=\"x\"y", "a comma is expected"),
        ("Basic realm=\"x\" nonce=y", "a comma is expected"),
        ("Basic a=b, realm=, x", "a value is expected"),
        ("Basic realm=\"x", "a quote is not closed"),
        ("Basic realm=\"x\\", "a quote is not closed"),
        ("Basic realm=\"a\u{7f}\"", "a control byte"),
        ("Basic/1 realm=x", "this cannot stand behind a scheme"),
        ("Basic x y", "a parameter has no value"),
    ] {
        match Challenge::parse(value.as_bytes()) {
            Err(Error::BadChallenge { reason, .. }) => assert_eq!(reason, expected, "{value:?}"),
            other => panic!("{value:?}: {other:?}"),
        }
    }
    let error = Challenge::parse(b"Basic realm=\"x").unwrap_err();
    let text = r#"cannot authenticate for "Basic realm=\"x": a quote is not closed"#;
    assert_eq!(error.to_string(), text);
}

#[test]
fn nothing_that_a_server_sends_makes_it_panic_or_go_on_for_ever() {
    let alphabet = b"a=\",\\ \t~/\xff\x01";
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut value = Vec::new();
        while !state.is_multiple_of(13) || value.is_empty() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            value.push(alphabet[(state >> 32) as usize % alphabet.len()]);
        }
        state = state.wrapping_add(1);
        if let Ok(challenges) = Challenge::parse(&value) {
            assert!(challenges.len() <= value.len());
        }
    }
}
