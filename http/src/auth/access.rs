//! Whose credentials a request shows, and how far they go.
//!
//! In this order; the first that is there counts:
//!
//! 1. an `Authorization` header, of the request or of the session, as it is;
//! 2. what the request was given ([`RequestBuilder::auth`](crate::RequestBuilder::auth));
//! 3. user and password in the URL of the request, with their percent codes taken off, as
//!    Basic;
//! 4. what the session was given;
//! 5. the netrc file, by the host of the URL, as Basic.
//!
//! # Rules
//!
//! 1. All but the last are for the origin of the URL that the program has named. When a
//!    redirect leaves it, they stay behind, and are not taken up again if another one leads
//!    back. What is said in a `Location` is never used.
//! 2. The netrc file is asked for each origin anew, since it knows whom it trusts. It knows
//!    hosts only; so once a redirect has led from https to http, it is not asked any more.
//! 3. A request whose redirects are trusted shows the same everywhere.
//! 4. The request itself is not touched: each sending is a copy with the header in it. So no
//!    credentials are in what a redirect takes along.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;

use super::credentials::Auth;
use super::handshake::{Handshake, Side};
use super::target::Target;
use crate::error::Error;
use crate::message::{Body, Headers, Origin, Request, ResponseHead, same_origin};
use crate::netrc::{Netrc, NetrcEntry};

/// The credentials of one request.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// For the origin of the first URL: what the request was given, or the URL, or the
    /// session.
    own: Option<Auth>,
    /// What the session was given, until it is known that there is nothing else.
    fallback: Option<Auth>,
    netrc: Option<Netrc>,
    /// Whether redirects may take everything anywhere.
    trusting: bool,
    place: Place,
}

/// Where the request is.
#[derive(Clone, Debug)]
enum Place {
    /// It was not sent yet.
    Start,
    /// A redirect has led to a URL to which it was not sent yet.
    Moved,
    /// It is with a server, to whom it shows this, if anything.
    Shown(Option<Handshake>),
}

impl Access {
    pub(crate) fn new(fallback: Option<Auth>, netrc: Option<Netrc>, trusting: bool) -> Self {
        Access {
            own: None,
            fallback,
            netrc,
            trusting,
            place: Place::Start,
        }
    }

    /// Shows this, in place of what the session has.
    pub(crate) fn show(&mut self, auth: Auth) {
        self.own = Some(auth);
    }

    /// Lets redirects take everything anywhere.
    pub(crate) fn trust_redirects(&mut self) {
        self.trusting = true;
    }

    /// Whether redirects may take everything anywhere.
    pub(crate) fn is_trusting(&self) -> bool {
        self.trusting
    }

    /// The request as it is to be sent now.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredentials`].
    pub(crate) fn dress<'r>(
        &mut self,
        request: &'r Request,
        defaults: &Headers,
    ) -> Result<Cow<'r, Request>, Error> {
        if !matches!(self.place, Place::Shown(_)) {
            self.place = Place::Shown(self.choose(request, defaults)?);
        }
        let Place::Shown(Some(handshake)) = &mut self.place else {
            return Ok(Cow::Borrowed(request));
        };
        let origin = Origin::of(&request.url)?;
        let target = target_of(&origin, request);
        let mut sent = request.clone();
        let has_body = !request.body.is_empty();
        if has_body && handshake.holds_back(&target, request.body.is_replayable()) {
            take_body_off(&mut sent)?;
        } else if let Some(value) = handshake.header(&target)? {
            sent.headers.insert(Side::Server.is_told_in(), value)?;
        }
        Ok(Cow::Owned(sent))
    }

    /// Takes note of an answer. Returns `true` if the request is to be sent again, dressed
    /// anew.
    ///
    /// # Errors
    ///
    /// [`Error::BadChallenge`], [`Error::BodyNotReplayable`].
    pub(crate) fn hears(&mut self, request: &Request, head: &ResponseHead) -> Result<bool, Error> {
        let Place::Shown(Some(handshake)) = &mut self.place else {
            return Ok(false);
        };
        let origin = Origin::of(&request.url)?;
        let target = target_of(&origin, request);
        let again = handshake.hears(head, &target)?;
        if again && request.body.is_used_up() {
            return Err(Error::BodyNotReplayable);
        }
        Ok(again)
    }

    /// Takes note of a redirect.
    pub(crate) fn moved(&mut self, from: &Url, to: &Url) {
        self.place = Place::Moved;
        if self.trusting || same_origin(from, to) {
            return;
        }
        self.own = None;
        if from.scheme() == "https" && to.scheme() == "http" {
            self.netrc = None;
        }
    }

    fn choose(
        &mut self,
        request: &Request,
        defaults: &Headers,
    ) -> Result<Option<Handshake>, Error> {
        if let Place::Start = self.place {
            let given = self.own.take().or_else(|| self.of_url(&request.url));
            self.own = given.or(self.fallback.take());
        }
        let auth = match &self.own {
            Some(own) => Some(own.clone()),
            None => self.of_netrc(&request.url)?,
        };
        let mut headers = [&request.headers, defaults].into_iter();
        let auth = auth.filter(|_| !headers.any(|all| all.contains(Side::Server.is_told_in())));
        Ok(auth.map(|auth| Handshake::new(auth, Side::Server)))
    }

    /// User and password of a URL. A user alone may have a password in the netrc file.
    fn of_url(&self, url: &Url) -> Option<Auth> {
        let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
        let user = decoded(url.username());
        let password = match url.password() {
            Some(password) => decoded(password),
            None if user.is_empty() => return None,
            None => self.password_of(url, &user).unwrap_or_default(),
        };
        Some(Auth::basic(user, password))
    }

    fn password_of(&self, url: &Url, user: &[u8]) -> Option<Vec<u8>> {
        let origin = Origin::of(url).ok()?;
        let user = std::str::from_utf8(user).ok()?;
        let entry = self.netrc.as_ref()?.find_login(origin.host(), user)?;
        entry.password().map(Vec::from)
    }

    fn of_netrc(&self, url: &Url) -> Result<Option<Auth>, Error> {
        let Some(netrc) = &self.netrc else {
            return Ok(None);
        };
        let origin = Origin::of(url)?;
        let entry = netrc.find(origin.host());
        Ok(entry.and_then(auth_of))
    }
}

/// The credentials in an entry, if there are any.
fn auth_of(entry: &NetrcEntry) -> Option<Auth> {
    let (login, password) = (entry.login(), entry.password());
    login.or(password)?;
    Some(Auth::basic(
        login.unwrap_or_default(),
        password.unwrap_or_default(),
    ))
}

fn target_of<'a>(origin: &'a Origin, request: &'a Request) -> Target<'a> {
    Target {
        origin,
        method: &request.method,
        uri: request.target(),
    }
}

/// Makes a request that only asks, and says that it has no body, whatever its method is.
fn take_body_off(request: &mut Request) -> Result<(), Error> {
    request.body = Body::Empty;
    request.headers.remove("Expect");
    request.headers.insert("Content-Length", "0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Method;

    #[test]
    fn the_netrc_file_is_not_asked_after_a_step_from_https_to_http() {
        let netrc = Netrc::parse("machine a.example login me password secret").unwrap();
        let request = |url| Request::new(Method::GET, Url::parse(url).unwrap());
        let (safe, open) = (request("https://a.example"), request("http://a.example"));
        let mut access = Access::new(None, Some(netrc), false);
        let shows = |access: &mut Access, request| {
            let sent = access.dress(request, &Headers::new()).unwrap();
            sent.headers.contains("Authorization")
        };
        assert!(shows(&mut access, &safe));
        access.moved(&safe.url, &open.url);
        assert!(!shows(&mut access, &open));
        access.moved(&open.url, &safe.url);
        assert!(!shows(&mut access, &safe));
    }
}
