//! One request's way through the challenges of one server, or of one proxy.
//!
//! ```text
//!            header          hears
//! Opening ── nothing, ───────401, 407──> Answered ── stale ──> Renewed
//!    │       Basic, Bearer,
//!    │       or what is remembered
//!    └ hold_back ──> Asking ─401, 407──> Answered
//!                       └────2xx───────> Open
//! ```
//!
//! From each state, any other answer is the end: it goes to the program. So a server that
//! refuses for ever is asked three times at most, with a remembered nonce four times.
//!
//! # Rules
//!
//! 1. [`header`](Handshake::header) is called before each sending, [`hears`](Handshake::hears)
//!    with the head of each answer. `true` means: send it again.
//! 2. What was remembered and is refused is no refusal of the password, if the server comes
//!    with a new nonce.
//! 3. What was refused in the end is forgotten.

use super::credentials::{Answer, Auth, Way};
use super::target::Target;
use crate::error::Error;
use crate::message::ResponseHead;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The server: 401, `WWW-Authenticate`, `Authorization`.
    Server,
    /// A proxy: 407, `Proxy-Authenticate`, `Proxy-Authorization`.
    Proxy,
}

impl Side {
    /// The status that asks.
    pub fn status(self) -> u16 {
        match self {
            Side::Server => 401,
            Side::Proxy => 407,
        }
    }

    /// The name of the header with the challenges.
    pub fn asks_in(self) -> &'static str {
        match self {
            Side::Server => "WWW-Authenticate",
            Side::Proxy => "Proxy-Authenticate",
        }
    }

    /// The name of the header with the answer.
    pub fn is_told_in(self) -> &'static str {
        match self {
            Side::Server => "Authorization",
            Side::Proxy => "Proxy-Authorization",
        }
    }
}

/// What to show to one server or proxy for one request, and whether to send it once more.
///
/// A session has one for each request. It is public for programs, and layers, that speak to
/// a server or a proxy in their own way:
///
/// ```
/// use looplet_http::auth::{Auth, Handshake, Side, Target};
/// use looplet_http::message::{Method, Origin};
/// use url::Url;
///
/// let proxy = Origin::of(&Url::parse("http://proxy.example:3128").unwrap())?;
/// let target = Target { origin: &proxy, method: &Method::CONNECT, uri: "a.example:443" };
/// let mut handshake = Handshake::new(Auth::basic("me", "secret"), Side::Proxy);
/// assert_eq!(handshake.header(&target)?, Some(b"Basic bWU6c2VjcmV0".to_vec()));
/// // Then the head of the answer: while handshake.hears(&head, &target)? { .. }
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handshake {
    auth: Auth,
    side: Side,
    step: Step,
    /// What the last header was, if it was an answer to a challenge of now or before.
    answer: Option<Answer>,
}

/// Where it is; see the drawing in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing was asked yet.
    Opening,
    /// The request goes without its body, only to be asked.
    Asking,
    /// Nothing is asked: the request goes as it is.
    Open,
    /// The challenge is answered.
    Answered,
    /// It was answered again, since its nonce was stale.
    Renewed,
}

impl Handshake {
    /// Begins.
    pub fn new(auth: Auth, side: Side) -> Self {
        Handshake {
            auth,
            side,
            step: Step::Opening,
            answer: None,
        }
    }

    /// The value of the header to send now; `None` for no header.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredentials`].
    pub fn header(&mut self, target: &Target<'_>) -> Result<Option<Vec<u8>>, Error> {
        self.auth.check()?;
        let asked = match self.auth.way() {
            Way::Basic(login) => return login.basic().map(Some),
            Way::Bearer(token) => return Ok(Some(format!("Bearer {token}").into_bytes())),
            Way::Asked(asked) => asked,
        };
        if self.step == Step::Opening {
            self.answer = asked.memory().of(target.origin).map(Answer::Digest);
        }
        let value = self.answer.as_ref();
        value.map(|answer| asked.value(answer, target)).transpose()
    }

    /// Takes note of an answer. Returns `true` if the request is to be sent again, with
    /// what [`header`](Self::header) gives then.
    ///
    /// # Errors
    ///
    /// [`Error::BadChallenge`] if the server asks only for what cannot be given.
    pub fn hears(&mut self, head: &ResponseHead, target: &Target<'_>) -> Result<bool, Error> {
        let status = head.status();
        if self.step == Step::Asking && status.is_success() {
            self.step = Step::Open;
            return Ok(true);
        }
        let Way::Asked(asked) = self.auth.way() else {
            return Ok(false);
        };
        if status.as_u16() != self.side.status() {
            return Ok(false);
        }
        let chosen = asked.choose(head.fields(), self.side.asks_in())?;
        let next = chosen.and_then(|chosen| Some((self.step_to(&chosen)?, chosen)));
        let Some((step, chosen)) = next else {
            asked.memory().forget(target.origin);
            return Ok(false);
        };
        self.step = step;
        self.answer = Some(match chosen {
            Answer::Basic => Answer::Basic,
            Answer::Digest(digest) => Answer::Digest(asked.memory().keep(target.origin, digest)),
        });
        Ok(true)
    }

    /// Where the answer to a challenge leads; `None` if it was a refusal.
    fn step_to(&self, chosen: &Answer) -> Option<Step> {
        let is_new = match (chosen, &self.answer) {
            (Answer::Digest(new), Some(Answer::Digest(old))) => !new.has_nonce_of(old),
            (_, refused) => refused.is_none(),
        };
        let is_stale = matches!(chosen, Answer::Digest(digest) if digest.is_stale());
        match self.step {
            Step::Opening | Step::Asking | Step::Open if is_new => Some(Step::Answered),
            Step::Answered if is_new && is_stale => Some(Step::Renewed),
            _ => None,
        }
    }

    /// Whether the body of a request to `target` should be held back until the server has
    /// asked. From then on, until it has, there is no header.
    ///
    /// That is so for Digest, if nothing is remembered; or if the body is there only once
    /// (`replayable` is `false`), since what is remembered may be refused.
    pub(super) fn holds_back(&mut self, target: &Target<'_>, replayable: bool) -> bool {
        let Way::Asked(asked) = self.auth.way() else {
            return false;
        };
        let expected = !replayable || asked.memory().of(target.origin).is_none();
        if self.step == Step::Opening && asked.is_strict() && expected {
            self.step = Step::Asking;
        }
        self.step == Step::Asking
    }
}
