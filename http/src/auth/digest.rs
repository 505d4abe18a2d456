//! Digest (RFC 7616): proving that one knows a password without sending it.
//!
//! The answer is a hash over user, realm and password, over a number that the server has
//! chosen (the *nonce*), and over method and target.
//!
//! ```text
//! A1       = user ":" realm ":" password                                section 3.4.2
//!            H(A1) ":" nonce ":" cnonce                                 for -sess
//! A2       = method ":" uri                                             section 3.4.3
//! response = H( H(A1) ":" nonce ":" nc ":" cnonce ":" qop ":" H(A2) )   section 3.4.1
//!            H( H(A1) ":" nonce ":" H(A2) )                             without qop (RFC 2069)
//! ```
//!
//! # Rules
//!
//! 1. One challenge is answered many times. `nc` counts the answers, so that nobody can send
//!    one again; the number of the client (`cnonce`) is chosen once for a challenge, which is
//!    also what `-sess` needs.
//! 2. What goes into a hash has no quotes and no escapes; what is sent has both again.
//! 3. What is sent stands in the order that curl has.
//! 4. A name that is not ASCII is sent as it is, between quotes, which the grammar allows;
//!    with `userhash` nobody sees it at all.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

use super::challenge::Challenge;
use super::hash::Algorithm;
use super::login::Login;
use super::target::Target;
use crate::error::{Error, Excerpt};
use crate::message::syntax::list_members;

/// A challenge that can be answered, and how often it was.
#[derive(Debug)]
pub(super) struct Digest {
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    algorithm: Algorithm,
    /// The name of the algorithm, if the server has given it.
    named: Option<Vec<u8>>,
    protection: Protection,
    /// Whether the name of the user is sent as a hash.
    userhash: bool,
    stale: bool,
    cnonce: String,
    /// How many answers there were.
    answers: Cell<u32>,
}

/// What is proven beside the password (`qop`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    /// What RFC 2069 has: nothing against repeating.
    None,
    /// That the request was not sent before.
    Auth,
}

impl Digest {
    /// Takes a challenge over. `None` if it is not one of Digest.
    ///
    /// # Errors
    ///
    /// [`Error::BadChallenge`] if nobody could answer it, or this client cannot.
    pub(super) fn of(challenge: &Challenge) -> Result<Option<Self>, Error> {
        Self::with_cnonce(challenge, format!("{:016x}", random()))
    }

    fn with_cnonce(challenge: &Challenge, cnonce: String) -> Result<Option<Self>, Error> {
        if !challenge.is("Digest") {
            return Ok(None);
        }
        let bad = |reason| Error::BadChallenge {
            challenge: Excerpt::start_of(format!("{challenge:?}").as_bytes()),
            reason,
        };
        let owned = |name| challenge.parameter(name).map(<[u8]>::to_vec);
        let says = |name| {
            let value = challenge.parameter(name);
            value.is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
        };
        let named = owned("algorithm");
        let algorithm = named
            .as_deref()
            .map_or(Some(Algorithm::DEFAULT), Algorithm::named);
        let protection = Protection::offered(challenge.parameter("qop"));
        Ok(Some(Digest {
            realm: owned("realm").ok_or_else(|| bad("it has no realm"))?,
            nonce: owned("nonce").ok_or_else(|| bad("it has no nonce"))?,
            opaque: owned("opaque"),
            algorithm: algorithm.ok_or_else(|| bad("its algorithm is not known"))?,
            named,
            protection: protection.ok_or_else(|| bad("of qop, only auth is understood"))?,
            userhash: says("userhash"),
            stale: says("stale"),
            cnonce,
            answers: Cell::new(0),
        }))
    }

    pub(super) fn strength(&self) -> u8 {
        self.algorithm.strength()
    }

    /// Whether the server refuses the last nonce, and not the password.
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn has_nonce_of(&self, other: &Self) -> bool {
        self.nonce == other.nonce
    }

    /// Makes the next answer: the value of `Authorization`.
    pub(super) fn answer(&self, login: &Login, target: &Target<'_>) -> Vec<u8> {
        self.answers.set(self.answers.get().wrapping_add(1));
        let count = format!("{:08x}", self.answers.get());
        let response = self.response(login, target, &count);
        let mut value = b"Digest ".to_vec();
        push_quoted(&mut value, "username", &self.username(login));
        push_quoted(&mut value, "realm", &self.realm);
        push_quoted(&mut value, "nonce", &self.nonce);
        push_quoted(&mut value, "uri", target.uri.as_bytes());
        if self.has_cnonce() {
            push_quoted(&mut value, "cnonce", self.cnonce.as_bytes());
        }
        if self.protection == Protection::Auth {
            push_plain(&mut value, "nc", count.as_bytes());
            push_plain(&mut value, "qop", b"auth");
        }
        push_quoted(&mut value, "response", response.as_bytes());
        if let Some(opaque) = &self.opaque {
            push_quoted(&mut value, "opaque", opaque);
        }
        if let Some(named) = &self.named {
            push_plain(&mut value, "algorithm", named);
        }
        if self.userhash {
            push_plain(&mut value, "userhash", b"true");
        }
        value
    }

    fn response(&self, login: &Login, target: &Target<'_>, count: &str) -> String {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let (nonce, cnonce) = (&self.nonce[..], self.cnonce.as_bytes());
        let mut first = hash(&[&login.user, &self.realm, &login.password]);
        if self.algorithm.session {
            first = hash(&[first.as_bytes(), nonce, cnonce]);
        }
        let second = hash(&[target.method.as_str().as_bytes(), target.uri.as_bytes()]);
        let (first, second) = (first.as_bytes(), second.as_bytes());
        match self.protection {
            Protection::None => hash(&[first, nonce, second]),
            Protection::Auth => hash(&[first, nonce, count.as_bytes(), cnonce, b"auth", second]),
        }
    }

    fn username(&self, login: &Login) -> Vec<u8> {
        match self.userhash {
            true => self.algorithm.hash(&[&login.user, &self.realm]).into(),
            false => login.user.clone(),
        }
    }

    /// Whether the server must know our number to check the answer.
    fn has_cnonce(&self) -> bool {
        self.protection == Protection::Auth || self.algorithm.session
    }
}

/// Compares what the server has said, for it may say the same twice.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        let said = |digest: &Self| (digest.algorithm, digest.protection, digest.userhash);
        let texts = |digest: &Self| [digest.realm.clone(), digest.nonce.clone()];
        said(self) == said(other) && texts(self) == texts(other) && self.opaque == other.opaque
    }
}

impl Protection {
    /// Chooses from the value of `qop`. `None` if nothing in it is understood.
    fn offered(value: Option<&[u8]>) -> Option<Self> {
        let mut offers = value.into_iter().flat_map(list_members);
        match value {
            None | Some(b"") => Some(Protection::None),
            Some(_) if offers.any(|offer| offer.eq_ignore_ascii_case(b"auth")) => {
                Some(Protection::Auth)
            }
            Some(_) => None,
        }
    }
}

fn push_quoted(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    let mut quoted = vec![b'"'];
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    push_plain(out, name, &quoted);
}

fn push_plain(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !out.ends_with(b" ") {
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    out.extend_from_slice(value);
}

/// 64 bits that nobody can foresee: the standard library keys its hash tables with them.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Method, Origin};
    use url::Url;

    const MUFASA: (&str, &str) = ("Mufasa", "Circle of Life");
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn digest(challenge: &str, cnonce: &str) -> Result<Digest, Error> {
        let challenges = Challenge::parse(challenge.as_bytes()).unwrap();
        Digest::with_cnonce(&challenges[0], cnonce.to_string()).map(|digest| digest.unwrap())
    }

    /// The next answer, for a GET.
    fn answer(digest: &Digest, (user, password): (&str, &str), uri: &str) -> String {
        let (user, password) = (user.into(), password.into());
        let origin = Origin::of(&Url::parse("http://a.example").unwrap()).unwrap();
        let target = Target {
            origin: &origin,
            method: &Method::GET,
            uri,
        };
        String::from_utf8(digest.answer(&Login { user, password }, &target)).unwrap()
    }

    /// The parameters of an answer with this name in front of them.
    fn part<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
        let (_, rest) = answer.split_once(&format!("{name}="))?;
        Some(rest.split(", ").next().unwrap())
    }

    /// The challenge of RFC 7616, section 3.9.1.
    fn example(algorithm: &str) -> String {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
             algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        let sha = digest(&example("SHA-256"), CNONCE).unwrap();
        let expected = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
            nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
            cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", nc=00000001, qop=auth, \
            response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", \
            opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=SHA-256";
        assert_eq!(answer(&sha, MUFASA, "/dir/index.html"), expected);
    }

    #[test]
    fn every_algorithm_has_its_response() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("md5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("MD5-sess", "e783283f46242139c486a698fec7211d"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
            (
                "SHA-256-sess",
                "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
            ),
            (
                "SHA-512-256",
                "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0",
            ),
            (
                "SHA-512-256-sess",
                "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
            ),
        ] {
            let digest = digest(&example(algorithm), CNONCE).unwrap();
            let answer = answer(&digest, MUFASA, "/dir/index.html");
            let quoted = format!("\"{response}\"");
            assert_eq!(part(&answer, "response"), Some(&quoted[..]), "{algorithm}");
            assert_eq!(part(&answer, "algorithm"), Some(algorithm));
        }
    }

    #[test]
    fn answers_to_one_challenge_are_counted() {
        let digest = digest(&example("MD5"), CNONCE).unwrap();
        let answers = [(); 2].map(|()| answer(&digest, MUFASA, "/dir/index.html"));
        let parts = |name| answers.each_ref().map(|answer| part(answer, name));
        assert_eq!(parts("nc"), [Some("00000001"), Some("00000002")]);
        let expected = [
            Some("\"8ca523f5e9506fed4657c9700eebdbec\""),
            Some("\"4b5d595ecf2db9df612ea5b45cd97101\""),
        ];
        assert_eq!(parts("response"), expected);
    }

    #[test]
    fn a_user_may_be_hidden() {
        // RFC 7616, section 3.9.2, with the hashes of its erratum.
        let challenge = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
            nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", charset=UTF-8, \
            opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=true";
        let digest = digest(challenge, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v").unwrap();
        let answer = answer(
            &digest,
            ("J\u{e4}s\u{f8}n Doe", "Secret, or not?"),
            "/doe.json",
        );
        let expected = "\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"";
        assert_eq!(part(&answer, "username"), Some(expected));
        let expected = "\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\"";
        assert_eq!(part(&answer, "response"), Some(expected));
        assert_eq!(part(&answer, "userhash"), Some("true"));
    }

    #[test]
    fn without_qop_the_answer_is_that_of_rfc_2069() {
        let challenge = "Digest realm=\"test \\\"this\\\" realm!!\", nonce=1053604145";
        let digest = digest(challenge, "unused").unwrap();
        let expected = "Digest username=\"testuser\", realm=\"test \\\"this\\\" realm!!\", \
            nonce=\"1053604145\", uri=\"/1095\", \
            response=\"df3246f44d2bc8de0e9f8fc4d7cf6e95\"";
        assert_eq!(answer(&digest, ("testuser", "testpass"), "/1095"), expected);
    }

    #[test]
    fn a_session_without_qop_sends_the_number_that_is_in_its_hash() {
        let challenge = example("MD5-sess").replace("auth, auth-int", "");
        let digest = digest(&challenge, CNONCE).unwrap();
        let answer = answer(&digest, MUFASA, "/dir/index.html");
        let expected = "\"37a7f42db2090a3fcac4e26e747d4fc8\"";
        assert_eq!(part(&answer, " response"), Some(expected));
        assert_eq!(part(&answer, "cnonce"), Some(&format!("\"{CNONCE}\"")[..]));
        assert_eq!((part(&answer, " nc"), part(&answer, "qop")), (None, None));
    }

    #[test]
    fn quotes_in_a_user_are_escaped_and_are_not_in_the_hash() {
        let digest = digest("Digest realm=r, nonce=n", "unused").unwrap();
        let answer = answer(&digest, ("us\"er\\", "p"), "/");
        assert_eq!(part(&answer, "username"), Some(r#""us\"er\\""#));
        let expected = "\"e24be824178400f0e3bd9e502f338073\"";
        assert_eq!(part(&answer, "response"), Some(expected));
    }

    #[test]
    fn what_cannot_be_answered_is_refused_with_the_reason() {
        for (challenge, expected) in [
            ("Digest nonce=n", "it has no realm"),
            ("Digest realm=r", "it has no nonce"),
            (
                "Digest realm=r, nonce=n, algorithm=SHA3",
                "its algorithm is not known",
            ),
            (
                "Digest realm=r, nonce=n, qop=auth-int",
                "of qop, only auth is understood",
            ),
        ] {
            match digest(challenge, "unused") {
                Err(Error::BadChallenge { reason, .. }) => assert_eq!(reason, expected),
                other => panic!("{challenge}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_number_of_the_client_is_not_used_twice() {
        let challenge = &Challenge::parse(b"Digest realm=r, nonce=n").unwrap()[0];
        let cnonce = || Digest::of(challenge).unwrap().unwrap().cnonce;
        assert_ne!(cnonce(), cnonce());
        assert_eq!(cnonce().len(), 16);
    }
}
