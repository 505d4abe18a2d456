//! The loop that a blocking session has for itself.

use std::rc::Rc;

use looplet::Runner;

use super::request_builder::RequestBuilder;
use super::response::Response;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::failure::Failure;
use crate::into_url::IntoUrl;
use crate::message::Method;
use crate::progress::Progress;

/// A client that blocks: a [`Session`](crate::Session) and a loop to run it on.
///
/// ```
/// use looplet_http::blocking::Session;
///
/// let session = Session::new()?;
/// let refused = session.get("http://127.0.0.1:1/").send().unwrap_err();
/// assert!(refused.to_string().starts_with("cannot connect to 127.0.0.1"));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) inner: Rc<Inner>,
}

/// The session, and what it runs on. In this order they are dropped.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) session: crate::Session,
    pub(super) runner: Runner,
}

impl Session {
    /// Makes a session with the default settings.
    ///
    /// # Errors
    ///
    /// [`Error::NoLoop`] if the system gives no loop.
    pub fn new() -> Result<Self, Error> {
        Self::with(SessionConfig::default())
    }

    /// Makes a session with other settings.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with(config: SessionConfig) -> Result<Self, Error> {
        let runner = Runner::new().map_err(|error| no_loop(&error))?;
        let inner = Inner {
            session: crate::Session::with(config),
            runner,
        };
        Ok(Self {
            inner: Rc::new(inner),
        })
    }

    /// Prepares a GET.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Prepares a HEAD.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Prepares a POST.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Prepares a PUT.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Prepares a DELETE.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Prepares a PATCH.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Prepares a request with any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = self.inner.session.request(method, url);
        RequestBuilder::new(self.clone(), request)
    }

    /// Closes idle connections and refuses new requests.
    pub fn close(&self) {
        self.inner.session.close();
    }

    /// Runs the loop until `work` has ended.
    pub(super) fn block_on<F: Future + 'static>(&self, work: F) -> Result<F::Output, Error> {
        let ran = self.inner.runner.run(work);
        ran.map_err(|error| no_loop(&error))
    }
}

fn no_loop(cause: &impl ToString) -> Error {
    Error::NoLoop {
        cause: cause.to_string(),
    }
}

/// Fetches one URL on a session of its own, and blocks until the head of the answer is here.
///
/// # Errors
///
/// As [`RequestBuilder::send`].
pub fn get(url: impl IntoUrl) -> Result<Response, Failure> {
    match Session::new() {
        Ok(session) => session.get(url).send(),
        Err(error) => Err(Failure::new(error, None, &Progress::new())),
    }
}
