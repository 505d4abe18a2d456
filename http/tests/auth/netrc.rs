//! Netrc files, good and bad.

use std::fs;

use looplet_http::{Error, Netrc, NetrcEntry};

/// Login and password of an entry.
fn pair(entry: Option<&NetrcEntry>) -> Option<(Option<&str>, Option<&str>)> {
    entry.map(|entry| (entry.login(), entry.password()))
}

#[test]
fn a_host_has_its_login_and_password() {
    let me = Some((Some("me"), Some("secret")));
    for text in [
        "machine a.example login me password secret",
        "machine a.example password secret login me",
        "machine\ta.example\r\n\tlogin\tme\u{b}password\u{c}secret\r\n",
        "machine\na.example\nlogin\nme\npassword\nsecret",
        "# machine a.example login x password y\nmachine a.example login me # me\npassword secret",
        "machine b.example login x password y machine a.example login me password secret",
        "machine a.example login me account x password secret default login y",
        "machine a.example login me password secret\nmachine a.example login x password y",
        "default login me password secret",
        "machine b.example login x\ndefault login me password secret",
        "machine \"a.example\" \"login\" \"me\" password \"secret\"",
        "macdef init\nmachine a.example login x\n\nmachine a.example login me password secret",
        "macdef init\r\nbinary\r\n\r\nmachine a.example login me password secret",
        "machine a.example login me password secret macdef init\ncd pub\n",
        "machine A.Example login me password secret",
    ] {
        assert_eq!(
            pair(Netrc::parse(text).unwrap().find("a.example")),
            me,
            "{text:?}"
        );
    }
}

#[test]
fn values_are_kept_as_they_are_meant() {
    for (word, expected) in [
        ("#hash", "#hash"),
        ("back\\slash", "back\\slash"),
        ("in\"side", "in\"side"),
        ("\"two words\"", "two words"),
        ("\"\"", ""),
        ("\"a \\\"b\\\" \\\\ \\n\\r\\t\\x\"", "a \"b\" \\ \n\r\tx"),
        ("\"a\nb\"", "a\nb"),
        ("p\u{e4}ss\u{a0}word", "p\u{e4}ss\u{a0}word"),
        ("machine", "machine"),
    ] {
        let netrc = Netrc::parse(&format!("machine a password {word} login me")).unwrap();
        let found = pair(netrc.find("a"));
        assert_eq!(found, Some((Some("me"), Some(expected))), "{word}");
    }
}

#[test]
fn a_host_that_is_not_named_has_no_entry() {
    let netrc = Netrc::parse("machine a.example login me").unwrap();
    for host in ["b.example", "sub.a.example", "a.exampl", ""] {
        assert_eq!(netrc.find(host), None, "{host}");
    }
    assert_eq!(Netrc::parse(" \n # nothing").unwrap().find("a"), None);
}

#[test]
fn a_login_finds_its_own_entry() {
    let text = "machine a login one password 1 machine a login two password 2 \
                machine a password 3 machine b login one default password 4";
    let netrc = Netrc::parse(text).unwrap();
    let found = |host, login| pair(netrc.find_login(host, login)).map(|(_, password)| password);
    assert_eq!(found("a", "one"), Some(Some("1")));
    assert_eq!(found("a", "two"), Some(Some("2")));
    assert_eq!(found("a", "three"), Some(Some("3")));
    assert_eq!(found("b", "one"), Some(None));
    assert_eq!(found("b", "two"), None);
    assert_eq!(found("c", "two"), Some(Some("4")));
}

#[test]
fn a_mistake_is_told_by_its_line_and_shows_no_word() {
    let keyword = "a keyword is expected: machine, default, login, password, account or macdef";
    for (text, line, reason) in [
        ("machine", 1, "nothing follows machine"),
        ("machine a\nlogin", 2, "nothing follows login"),
        (
            "machine a\nlogin me password\n\n",
            2,
            "nothing follows password",
        ),
        ("\n\nmacdef", 3, "nothing follows macdef"),
        ("login me", 1, "login belongs to no machine"),
        ("machine a\n\npassword my secret", 3, keyword),
        (
            "machine a password \"my\nsecret",
            1,
            "a quote is not closed",
        ),
        (
            "machine a password \"my secret\\",
            1,
            "a quote is not closed",
        ),
    ] {
        let error = Netrc::parse(text).unwrap_err();
        let expected = Error::Netrc {
            path: None,
            line: Some(line),
            reason: reason.to_string(),
        };
        assert_eq!(error, expected, "{text:?}");
    }
    let error = Netrc::parse("machine a\nlogin").unwrap_err();
    assert_eq!(error.to_string(), "netrc line 2: nothing follows login");
}

#[test]
fn a_file_is_named_in_its_errors() {
    let path = std::env::temp_dir().join(format!("looplet-netrc-{}", std::process::id()));
    fs::write(&path, "machine a login me").unwrap();
    let netrc = Netrc::load(&path).unwrap();
    assert_eq!(pair(netrc.find("a")), Some((Some("me"), None)));
    fs::write(&path, "machine a\nlogin").unwrap();
    let broken = Netrc::load(&path).unwrap_err();
    fs::remove_file(&path).unwrap();
    assert_eq!(
        broken,
        Error::Netrc {
            path: Some(path.clone()),
            line: Some(2),
            reason: "nothing follows login".to_string(),
        }
    );
    let missing = Netrc::load(&path).unwrap_err();
    let found = |error: &Error| match error {
        Error::Netrc { path, line, .. } => (path.clone(), *line),
        other => panic!("{other:?}"),
    };
    assert_eq!(found(&missing), (Some(path), None::<usize>));
}

#[test]
fn nothing_secret_is_printed() {
    let netrc = Netrc::parse("machine a login me password secret account other").unwrap();
    let text = format!("{netrc:?} {:?}", netrc.find("a"));
    assert!(text.contains("machine: Some(\"a\")"), "{text}");
    for secret in ["me", "secret", "other"] {
        assert!(
            !text
                .replace("machine", "")
                .contains(&format!("\"{secret}\"")),
            "{text}"
        );
    }
}
