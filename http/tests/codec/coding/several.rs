//! What all codings have in common: names, order, number.

use looplet_http::Error;
use looplet_http::codec::{ContentCoding, accept_encoding};

fn coding<'v>(values: impl IntoIterator<Item = &'v str>) -> Result<ContentCoding, Error> {
    ContentCoding::of(values.into_iter().map(str::as_bytes), 5)
}

#[test]
fn what_changes_nothing_is_no_coding() {
    for values in [&[][..], &[""], &["identity"], &["none, Identity", ",,"]] {
        let coding = coding(values.iter().copied());
        assert!(matches!(coding, Ok(ContentCoding::Plain)), "{values:?}");
    }
}

#[test]
fn one_coding_that_is_not_known_makes_all_unknown() {
    for (values, expected) in [
        (&["compress"][..], "compress"),
        (&["GZIP , no-such"], "gzip, no-such"),
        (&["no-such", "identity", "gzip"], "no-such, gzip"),
    ] {
        match coding(values.iter().copied()) {
            Ok(ContentCoding::Unknown(names)) => assert_eq!(names, expected),
            other => panic!("{values:?}: {other:?}"),
        }
    }
}

#[test]
fn five_codings_are_admitted_and_six_are_not_in_one_field_or_several() {
    let five = coding(["gzip, gzip, gzip", "gzip, identity, gzip"]);
    assert!(five.is_ok(), "{five:?}");
    for values in [&["br, br, br, br, br, br"][..], &["gzip"; 6]] {
        let error = coding(values.iter().copied()).unwrap_err().to_string();
        assert!(
            error.ends_with("it is one of more than 5 codings"),
            "{error}"
        );
    }
    let many = "gzip,".repeat(20_000);
    assert!(coding([many.as_str()]).is_err());
}

#[test]
fn what_is_asked_for_is_what_can_be_decoded() {
    let mut asked = accept_encoding();
    for name in ["gzip", "deflate", "br", "zstd"] {
        let known = matches!(coding([name]), Ok(ContentCoding::Known(_)));
        assert_eq!(
            asked.split(", ").any(|asked| asked == name),
            known,
            "{name}"
        );
        asked = asked.replace(name, "").trim_start_matches(", ").to_owned();
    }
    assert!(asked.is_empty() || asked == "identity", "{asked}");
}
