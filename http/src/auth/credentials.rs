//! What a program has to show: [`Auth`].
//!
//! It is a shared value: clones are one, with one memory of what servers have said. So a
//! program that asks one server many times makes it once, and one that wants every request
//! to begin anew makes it for each.

use std::fmt;
use std::rc::Rc;

use super::challenge::Challenge;
use super::digest::Digest;
use super::login::Login;
use super::memory::Memory;
use super::target::Target;
use crate::error::Error;
use crate::message::Fields;
use crate::message::syntax::{first_not, is_target_byte};

/// Who a request is from.
///
/// Texts are sent as UTF-8. What cannot be sent (control bytes; a colon in the user of Basic)
/// is [`Error::InvalidCredentials`] when the request is sent. The aiohttp counterparts are
/// `BasicAuth` and `DigestAuthMiddleware`.
///
/// ```
/// use looplet_http::auth::Auth;
/// use looplet_http::Session;
///
/// let request = Session::new().get("http://a.example/").auth(Auth::basic("me", "secret"));
/// assert!(!format!("{:?}", Auth::basic("me", "secret")).contains("secret"));
/// # drop(request);
/// ```
#[derive(Clone)]
pub struct Auth {
    way: Rc<Way>,
}

/// How one shows who one is.
pub(super) enum Way {
    /// Unasked, with every request.
    Basic(Login),
    /// The same with a token.
    Bearer(String),
    /// When asked.
    Asked(Asked),
}

/// Somebody who waits to be asked.
pub(super) struct Asked {
    login: Login,
    /// Whether Basic is an answer, if nothing stronger is wanted.
    basic: bool,
    memory: Memory,
}

/// How a challenge is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Basic,
    Digest(Rc<Digest>),
}

impl Auth {
    /// Sends user and password with every request, only wrapped, not hidden (RFC 7617).
    ///
    /// `Basic` over plain http is readable for everybody on the way.
    pub fn basic(user: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        Self::by(Way::Basic(login(user, password)))
    }

    /// Sends a token with every request (RFC 6750).
    pub fn bearer(token: impl Into<String>) -> Self {
        Self::by(Way::Bearer(token.into()))
    }

    /// Sends nothing until the server asks, and then gives the strongest answer that both
    /// know: Digest with the feature `digest`, otherwise Basic.
    ///
    /// A server that asks after it has got a body gets the body once more. If that is a
    /// stream that is used up, the request ends with
    /// [`Error::BodyNotReplayable`].
    pub fn any(user: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        Self::when_asked(login(user, password), true)
    }

    pub(super) fn when_asked(login: Login, basic: bool) -> Self {
        let memory = Memory::default();
        Self::by(Way::Asked(Asked {
            login,
            basic,
            memory,
        }))
    }

    fn by(way: Way) -> Self {
        Auth { way: Rc::new(way) }
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// Whether all of it can be sent.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.way() {
            Way::Basic(login) | Way::Asked(Asked { login, .. }) => login.check(),
            Way::Bearer(token) => check_token(token),
        }
    }

    /// The name of the scheme, as far as it is known before the server asks.
    fn name(&self) -> &'static str {
        match self.way() {
            Way::Basic(_) => "Basic",
            Way::Bearer(_) => "Bearer",
            Way::Asked(Asked { basic: true, .. }) => "any",
            Way::Asked(_) => "Digest",
        }
    }
}

impl Asked {
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether nothing but Digest is an answer.
    pub(super) fn is_strict(&self) -> bool {
        !self.basic
    }

    /// The value to send as an answer.
    pub(super) fn value(&self, answer: &Answer, target: &Target<'_>) -> Result<Vec<u8>, Error> {
        match answer {
            Answer::Basic => self.login.basic(),
            Answer::Digest(digest) => Ok(digest.answer(&self.login, target)),
        }
    }

    /// Chooses the strongest answer to the challenges in all fields of this name. `None` if
    /// there is none for these credentials.
    ///
    /// # Errors
    ///
    /// [`Error::BadChallenge`] if there is one, but it cannot be answered, and no other.
    pub(super) fn choose(&self, fields: &Fields, name: &str) -> Result<Option<Answer>, Error> {
        let (mut best, mut refused) = (None, None);
        for value in fields.get_all(name) {
            for answer in self.answers_to(value) {
                match answer {
                    Ok(answer) if Some(answer.strength()) > best.as_ref().map(Answer::strength) => {
                        best = Some(answer);
                    }
                    Ok(_) => {}
                    Err(error) => refused = refused.or(Some(error)),
                }
            }
        }
        match (best, refused) {
            (None, Some(error)) => Err(error),
            (best, _) => Ok(best),
        }
    }

    /// What can be said to the challenges in one field.
    fn answers_to(&self, value: &[u8]) -> Vec<Result<Answer, Error>> {
        let answer = |challenge: Challenge| match Digest::of(&challenge) {
            Ok(None) if self.basic && challenge.is("Basic") => Some(Ok(Answer::Basic)),
            Ok(digest) => digest.map(|digest| Ok(Answer::Digest(Rc::new(digest)))),
            Err(error) => Some(Err(error)),
        };
        match Challenge::parse(value) {
            Ok(challenges) => challenges.into_iter().filter_map(answer).collect(),
            Err(error) => vec![Err(error)],
        }
    }
}

impl Answer {
    fn strength(&self) -> u8 {
        match self {
            Answer::Basic => 0,
            Answer::Digest(digest) => digest.strength(),
        }
    }
}

/// Shows the scheme, and neither user nor password.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Auth").field(&self.name()).finish()
    }
}

fn login(user: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Login {
    Login {
        user: user.into(),
        password: password.into(),
    }
}

/// Refuses what cannot stand in a header as one word.
fn check_token(token: &str) -> Result<(), Error> {
    let reason = match first_not(token.as_bytes(), is_target_byte) {
        None if token.is_empty() => "it is empty".to_string(),
        None => return Ok(()),
        Some((byte, at)) => format!("byte 0x{byte:02x} at {at}"),
    };
    Err(Error::InvalidCredentials {
        part: "token",
        reason,
    })
}
