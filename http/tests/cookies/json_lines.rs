//! Files with an object a line.

use std::fs;

use looplet_http::cookies::CookieJar;

use crate::files::Folder;
use crate::{jar_with, lines};

#[test]
fn a_jar_comes_back_as_it_was() {
    let folder = Folder::new("json");
    let path = folder.file("jar");
    let far = "Expires=Fri, 31 Dec 9999 23:59:59 GMT";
    let jar = jar_with(&[
        ("https://a.b/", "first=\"1\"; secure; HttpOnly"),
        ("http://x.a.b/", &format!("second=é; domain=a.b; {far}")),
    ]);
    jar.save_json(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.starts_with('{') && text.contains(r#""value":"\"1\"""#),
        "{text}"
    );
    let loaded = CookieJar::new();
    loaded.load_json(&path).unwrap();
    assert_eq!(lines(&loaded), lines(&jar));
}

#[test]
fn a_malformed_object_is_named() {
    let folder = Folder::new("json-errors");
    let path = folder.file("jar");
    for (line, reason) in [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("[]", "`name` is no text"),
        (
            r#"{"name":"n","value":"v","domain":"a.b","path":"/"}"#,
            "there is no `host_only`",
        ),
        (
            r#"{"name":"n","value":"v","domain":"a.b","path":"/","host_only":1}"#,
            "`host_only` is neither true nor false",
        ),
        (
            r#"{"name":"n","value":"v","domain":"a.b","path":"/","host_only":true,"expires":1.5}"#,
            "`expires` is no whole number of seconds",
        ),
        (
            r#"{"name":"n","value":"v","domain":"com","path":"/","host_only":false}"#,
            "its domain is a public suffix",
        ),
    ] {
        fs::write(&path, format!("\n{line}\n")).unwrap();
        let error = CookieJar::new().load_json(&path).unwrap_err();
        let text = format!("{}: line 2: {reason}", path.display());
        assert_eq!(error.to_string(), text, "{line}");
    }
}
