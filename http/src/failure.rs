//! Why a request has no response, and what had happened until then.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;

use url::Url;

use crate::error::Error;
use crate::progress::Progress;
use crate::timings::Timings;

/// Why a request has no response: an [`Error`], which it can be used as, with the place and the
/// time.
///
/// With `?` it becomes an [`Error`], an [`io::Error`] or a boxed error.
///
/// ```
/// use looplet_http::{Error, Session, runtime::run};
///
/// let failure = run(Session::new().get("http://127.0.0.1:1/").send()).unwrap_err();
/// assert!(matches!(*failure, Error::Connect { .. }));
/// assert_eq!(failure.url().map(|url| url.as_str()), Some("http://127.0.0.1:1/"));
/// assert!(failure.timings().total() >= failure.timings().connect);
/// ```
#[derive(Clone, Debug)]
pub struct Failure(Box<Facts>);

/// What is known.
#[derive(Clone, Debug)]
struct Facts {
    error: Error,
    /// The URL of the hop that failed, without user and password.
    url: Option<Url>,
    timings: Timings,
    peer: Option<SocketAddr>,
    /// Bytes of the bodies, out and in.
    sent: u64,
    received: u64,
}

impl Failure {
    /// Puts together what is known when a request ends this way.
    pub(crate) fn new(error: Error, url: Option<&Url>, progress: &Progress) -> Self {
        let _ = progress.end();
        let url = url.cloned().map(|mut url| {
            // A URL that cannot have them has none.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            url
        });
        Failure(Box::new(Facts {
            error,
            url,
            timings: progress.timings(),
            peer: progress.peer_addr(),
            sent: progress.sent(),
            received: progress.received(),
        }))
    }

    /// The error.
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// Takes the error out.
    pub fn into_error(self) -> Error {
        self.0.error
    }

    /// The URL that was asked for last, without user and password; `None` if there was none.
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    /// How long each phase took, up to the failure.
    pub fn timings(&self) -> Timings {
        self.0.timings
    }

    /// Says all that is known, in several lines: what for a log would be too much, and for
    /// whoever looks for the cause is not.
    ///
    /// ```
    /// use looplet_http::{Session, runtime::run};
    ///
    /// let failure = run(Session::new().get("http://me:secret@127.0.0.1:1/").send()).unwrap_err();
    /// assert!(failure.explain().contains("URL: http://127.0.0.1:1/\n"));
    /// ```
    pub fn explain(&self) -> String {
        let facts = &*self.0;
        let peer = facts.peer.map(|peer| peer.to_string());
        let timings = &facts.timings;
        format!(
            "{}\nURL: {}\npeer: {}\nbody: {} bytes sent, {} received\n\
             time: {:?} in all; before this hop {:?}, waiting for a place {:?}, resolving {:?}, \
             connecting {:?}, proxy {:?}, TLS {:?}, sending {:?}, waiting for the answer {:?}, \
             head {:?}, body {:?}",
            facts.error,
            facts.url.as_ref().map_or("none", |url| url.as_str()),
            peer.as_deref().unwrap_or("none"),
            facts.sent,
            facts.received,
            timings.total(),
            timings.earlier,
            timings.pool_wait,
            timings.resolve,
            timings.connect,
            timings.proxy,
            timings.tls,
            timings.send,
            timings.first_byte,
            timings.head,
            timings.body,
        )
    }

    /// The server or proxy that was connected, if one was.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer
    }
}

impl Deref for Failure {
    type Target = Error;

    fn deref(&self) -> &Error {
        &self.0.error
    }
}

/// The error, and the peer if there was one.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)?;
        match self.0.peer {
            Some(peer) => write!(f, " (peer {peer})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl PartialEq<Error> for Failure {
    fn eq(&self, other: &Error) -> bool {
        self.0.error == *other
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.into_error()
    }
}

/// With nothing known of what had happened: for functions that send requests and read their
/// bodies.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::new(error, None, &Progress::new())
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        io::Error::new(failure.0.error.io_kind(), failure)
    }
}
