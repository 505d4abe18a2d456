//! The way of one request through the challenges of a server or a proxy.

use looplet_http::Error;
use looplet_http::auth::{Auth, Handshake, Side, Target};
use looplet_http::codec::{Event, Expected, Limits, ResponseReader};
use looplet_http::message::{Method, Origin, ResponseHead};
use url::Url;

/// The head of an answer with these fields.
pub(crate) fn head(status: u16, fields: &[&str]) -> ResponseHead {
    let lines: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let answer = format!("HTTP/1.1 {status} X\r\n{lines}\r\n");
    let mut reader = ResponseReader::new(Expected::answer_to(Method::GET), Limits::default());
    match reader.read(answer.as_bytes()).unwrap().event {
        Event::Head(head) => head,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn origin(url: &str) -> Origin {
    Origin::of(&Url::parse(url).unwrap()).unwrap()
}

pub(crate) fn target(origin: &Origin) -> Target<'_> {
    Target {
        origin,
        method: &Method::GET,
        uri: "/x?y",
    }
}

/// The header that is sent now.
pub(crate) fn header(handshake: &mut Handshake, origin: &Origin) -> Option<String> {
    let value = handshake.header(&target(origin)).unwrap();
    value.map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn what_is_sent_unasked_is_sent_to_servers_and_proxies() {
    let origin = origin("http://a.example");
    for (auth, expected) in [
        (
            Auth::basic("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        // RFC 7617, section 2.1.
        (Auth::basic("test", "123\u{a3}"), "Basic dGVzdDoxMjPCow=="),
        (Auth::basic("", ""), "Basic Og=="),
        (Auth::basic("u", "p:q"), "Basic dTpwOnE="),
        (Auth::bearer("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM"),
    ] {
        for side in [Side::Server, Side::Proxy] {
            let mut handshake = Handshake::new(auth.clone(), side);
            assert_eq!(header(&mut handshake, &origin).as_deref(), Some(expected));
            let refusal = head(
                side.status(),
                &[&format!("{}: Basic realm=x", side.asks_in())],
            );
            assert_eq!(handshake.hears(&refusal, &target(&origin)), Ok(false));
        }
    }
}

#[test]
fn what_cannot_be_sent_is_told_with_its_place() {
    let origin = origin("http://a.example");
    for (auth, part, reason) in [
        (Auth::basic("u\r\nEvil: 1", "p"), "user", "byte 0x0d at 1"),
        (Auth::basic("u", "pass\0"), "password", "byte 0x00 at 4"),
        (Auth::basic("u", "\t"), "password", "byte 0x09 at 0"),
        (Auth::basic("u\u{7f}", "p"), "user", "byte 0x7f at 1"),
        (
            Auth::basic("a:b", "p"),
            "user",
            "a colon would end it, for Basic",
        ),
        (Auth::any("u\n", "p"), "user", "byte 0x0a at 1"),
        (Auth::bearer("two words"), "token", "byte 0x20 at 3"),
        (Auth::bearer("t\u{e4}"), "token", "byte 0xc3 at 1"),
        (Auth::bearer(""), "token", "it is empty"),
    ] {
        let error = Handshake::new(auth, Side::Server).header(&target(&origin));
        let reason = reason.to_string();
        assert_eq!(error, Err(Error::InvalidCredentials { part, reason }));
    }
}

#[test]
fn nothing_secret_is_printed() {
    for auth in [
        Auth::basic("me", "secret"),
        Auth::bearer("secret"),
        Auth::any("me", "secret"),
    ] {
        let handshake = Handshake::new(auth.clone(), Side::Server);
        let text = format!("{auth:?} {handshake:?}");
        assert!(
            !text.contains("secret") && !text.contains("\"me\""),
            "{text}"
        );
    }
    assert_eq!(
        format!("{:?}", Auth::basic("me", "secret")),
        "Auth(\"Basic\")"
    );
}

#[test]
fn any_waits_and_takes_basic_if_nothing_else_is_known() {
    let origin = origin("http://a.example");
    let mut handshake = Handshake::new(Auth::any("u", "p"), Side::Server);
    assert_eq!(header(&mut handshake, &origin), None);
    let asked = head(
        401,
        &[
            "WWW-Authenticate: Negotiate",
            "WWW-Authenticate: basic realm=x",
        ],
    );
    assert_eq!(handshake.hears(&asked, &target(&origin)), Ok(true));
    assert_eq!(
        header(&mut handshake, &origin).as_deref(),
        Some("Basic dTpw")
    );
    assert_eq!(handshake.hears(&asked, &target(&origin)), Ok(false));
}

#[test]
fn what_is_not_asked_of_it_is_not_answered() {
    let origin = origin("http://a.example");
    let basic = "WWW-Authenticate: Basic realm=x";
    for (status, fields) in [
        (200, &[basic][..]),
        (407, &[basic]),
        (401, &["Proxy-Authenticate: Basic realm=x"]),
        (401, &["WWW-Authenticate: Negotiate"]),
        (401, &[]),
    ] {
        let mut handshake = Handshake::new(Auth::any("u", "p"), Side::Server);
        assert_eq!(header(&mut handshake, &origin), None);
        let answer = head(status, fields);
        assert_eq!(handshake.hears(&answer, &target(&origin)), Ok(false));
        assert_eq!(header(&mut handshake, &origin), None);
    }
}

#[test]
fn a_broken_challenge_is_an_error_only_if_there_is_no_other() {
    let origin = origin("http://a.example");
    let broken = "WWW-Authenticate: Basic realm=\"x";
    let mut handshake = Handshake::new(Auth::any("u", "p"), Side::Server);
    let heard = handshake.hears(&head(401, &[broken]), &target(&origin));
    assert!(
        matches!(heard, Err(Error::BadChallenge { .. })),
        "{heard:?}"
    );
    let both = head(401, &[broken, "WWW-Authenticate: Basic realm=x"]);
    assert_eq!(handshake.hears(&both, &target(&origin)), Ok(true));
}
