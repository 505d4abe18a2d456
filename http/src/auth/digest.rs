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

    /// The answer to `challenge` for a GET of `uri` with this `cnonce`.
    fn answer(challenge: &str, (user, password): (&str, &str), uri: &str, cnonce: &str) -> String {
        let digest = digest(challenge, cnonce).unwrap();
        String::from_utf8(digest.answer(&login(user, password), &target(uri, &origin()))).unwrap()
    }

    fn digest(challenge: &str, cnonce: &str) -> Result<Digest, Error> {
        let challenges = Challenge::parse(challenge.as_bytes()).unwrap();
        Digest::with_cnonce(&challenges[0], cnonce.to_string()).map(|digest| digest.unwrap())
    }

    fn login(user: &str, password: &str) -> Login {
        Login {
            user: user.into(),
            password: password.into(),
        }
    }

    fn origin() -> Origin {
        Origin::of(&url::Url::parse("http://a.example").unwrap()).unwrap()
    }

    fn target<'a>(uri: &'a str, origin: &'a Origin) -> Target<'a> {
        let method = &Method::GET;
        Target {
            origin,
            method,
            uri,
        }
    }
}
