//! Handshakes with Digest: which challenge, how often, and what is remembered.

use looplet_http::Error;
use looplet_http::auth::{Auth, Handshake, Side};
use looplet_http::message::ResponseHead;

use crate::handshakes::{head, header, origin, target};

/// The value of a parameter of a header.
fn part<'a>(header: Option<&'a String>, name: &str) -> &'a str {
    let (_, rest) = header.unwrap().split_once(&format!("{name}=")).unwrap();
    rest.split(", ").next().unwrap().trim_matches('"')
}

fn asked(parameters: &str) -> ResponseHead {
    let field = format!("WWW-Authenticate: Digest realm=r, qop=auth, {parameters}");
    head(401, &[&field])
}

#[test]
fn the_strongest_challenge_is_answered() {
    let origin = origin("http://a.example");
    let digest = |rest: &str| format!("WWW-Authenticate: Digest realm=r, {rest}");
    let md5 = digest("nonce=m");
    let sha256 = digest("nonce=s, algorithm=SHA-256");
    let sha512 = digest("nonce=t, algorithm=SHA-512-256-sess");
    let unknown = digest("nonce=u, algorithm=SHA3");
    let internal = digest("nonce=i, algorithm=SHA-512-256, qop=\"auth-int\"");
    let basic = "WWW-Authenticate: Basic realm=x".to_string();
    let one_field =
        format!("{basic}, Digest realm=r, nonce=o, algorithm=sha-256, Digest realm=r, nonce=p");
    for (fields, nonce) in [
        (vec![&md5, &sha256, &sha512, &basic], "t"),
        (vec![&sha256, &md5, &sha256], "s"),
        (vec![&basic, &md5], "m"),
        (vec![&unknown, &internal, &sha256], "s"),
        (vec![&one_field], "o"),
    ] {
        let fields: Vec<&str> = fields.into_iter().map(String::as_str).collect();
        for auth in [Auth::any("u", "p"), Auth::digest("u", "p")] {
            let mut handshake = Handshake::new(auth, Side::Server);
            assert_eq!(
                handshake.hears(&head(401, &fields), &target(&origin)),
                Ok(true)
            );
            let sent = header(&mut handshake, &origin);
            assert_eq!(part(sent.as_ref(), "nonce"), nonce);
            assert_eq!(part(sent.as_ref(), "uri"), "/x?y");
        }
    }
}

#[test]
fn a_password_for_digest_is_never_sent_as_basic() {
    let origin = origin("http://a.example");
    let mut handshake = Handshake::new(Auth::digest("u", "p"), Side::Server);
    let basic = head(401, &["WWW-Authenticate: Basic realm=x"]);
    assert_eq!(handshake.hears(&basic, &target(&origin)), Ok(false));
    assert_eq!(header(&mut handshake, &origin), None);
}

#[test]
fn what_cannot_be_answered_is_an_error_that_says_why() {
    let origin = origin("http://a.example");
    for (challenge, expected) in [
        ("qop=\"auth-int\"", "of qop, only auth is understood"),
        ("algorithm=SHA3", "its algorithm is not known"),
    ] {
        let mut handshake = Handshake::new(Auth::digest("u", "p"), Side::Server);
        let field = format!("WWW-Authenticate: Digest realm=r, nonce=n, {challenge}");
        match handshake.hears(&head(401, &[&field]), &target(&origin)) {
            Err(Error::BadChallenge { reason, .. }) => assert_eq!(reason, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_second_refusal_is_final_unless_the_nonce_was_stale() {
    let origin = origin("http://a.example");
    for (answers, expected) in [
        (&["nonce=1", "nonce=2"][..], &[true, false][..]),
        (&["nonce=1", "nonce=1, stale=true"], &[true, false]),
        (&["nonce=1", "nonce=2, stale=false"], &[true, false]),
        (
            &["nonce=1", "nonce=2, stale=TRUE", "nonce=3, stale=true"],
            &[true, true, false],
        ),
    ] {
        let mut handshake = Handshake::new(Auth::digest("u", "p"), Side::Server);
        let mut heard = Vec::new();
        for answer in answers {
            header(&mut handshake, &origin);
            heard.push(handshake.hears(&asked(answer), &target(&origin)).unwrap());
        }
        assert_eq!(heard, expected, "{answers:?}");
    }
}

#[test]
fn a_nonce_is_used_again_for_its_origin_and_for_no_other() {
    let (here, there) = (origin("http://a.example"), origin("https://a.example"));
    let auth = Auth::digest("u", "p");
    let mut first = Handshake::new(auth.clone(), Side::Server);
    assert_eq!(header(&mut first, &here), None);
    assert_eq!(first.hears(&asked("nonce=1"), &target(&here)), Ok(true));
    let sent = header(&mut first, &here);
    assert_eq!(part(sent.as_ref(), "nc"), "00000001");
    let mut second = Handshake::new(auth.clone(), Side::Server);
    let again = header(&mut second, &here);
    assert_eq!(part(again.as_ref(), "nonce"), "1");
    assert_eq!(part(again.as_ref(), "nc"), "00000002");
    assert_eq!(
        part(again.as_ref(), "cnonce"),
        part(sent.as_ref(), "cnonce")
    );
    assert_eq!(
        header(&mut Handshake::new(auth, Side::Server), &there),
        None
    );
    let other = Auth::digest("u", "p");
    assert_eq!(
        header(&mut Handshake::new(other, Side::Server), &here),
        None
    );
}

#[test]
fn two_requests_that_got_one_nonce_count_together() {
    let origin = origin("http://a.example");
    let auth = Auth::digest("u", "p");
    let mut both = [(); 2].map(|()| Handshake::new(auth.clone(), Side::Server));
    for handshake in &mut both {
        assert_eq!(header(handshake, &origin), None);
    }
    let counts = both.map(|mut handshake| {
        assert_eq!(
            handshake.hears(&asked("nonce=1"), &target(&origin)),
            Ok(true)
        );
        part(header(&mut handshake, &origin).as_ref(), "nc").to_string()
    });
    assert_eq!(counts, ["00000001", "00000002"]);
}

#[test]
fn a_remembered_nonce_that_is_refused_is_replaced_once_and_then_forgotten() {
    let origin = origin("http://a.example");
    let auth = Auth::digest("u", "p");
    let mut first = Handshake::new(auth.clone(), Side::Server);
    assert_eq!(first.hears(&asked("nonce=1"), &target(&origin)), Ok(true));
    let mut second = Handshake::new(auth.clone(), Side::Server);
    assert!(header(&mut second, &origin).is_some());
    assert_eq!(second.hears(&asked("nonce=2"), &target(&origin)), Ok(true));
    let sent = header(&mut second, &origin);
    assert_eq!(part(sent.as_ref(), "nonce"), "2");
    assert_eq!(second.hears(&asked("nonce=3"), &target(&origin)), Ok(false));
    assert_eq!(
        header(&mut Handshake::new(auth, Side::Server), &origin),
        None
    );
}
