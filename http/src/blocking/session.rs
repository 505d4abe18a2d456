//! What a program that blocks holds.

use super::engine::Engine;
use super::request_builder::RequestBuilder;
use super::response::Response;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::failure::Failure;
use crate::into_url::IntoUrl;
use crate::message::Method;

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
    engine: Engine,
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
        let engine = Engine::new(config)?;
        Ok(Self { engine })
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

    /// Prepares an OPTIONS.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::OPTIONS, url)
    }

    /// Prepares a request with any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = self.engine.session().request(method, url);
        RequestBuilder::new(self.engine.clone(), request)
    }

    /// Closes idle connections and refuses new requests.
    pub fn close(&self) {
        self.engine.session().close();
    }
}

/// Fetches one URL on a session of its own, and blocks until the head of the answer is here.
///
/// # Errors
///
/// As [`RequestBuilder::send`].
pub fn get(url: impl IntoUrl) -> Result<Response, Failure> {
    Session::new()?.get(url).send()
}
