//! A request that can still be changed, for programs that block.

use std::path::Path;
use std::time::Duration;

use super::engine::Engine;
use super::response::Response;
use crate::download::Downloaded;
use crate::failure::Failure;
use crate::message::Body;

/// A request that can still be changed.
///
/// What is not here is in the asynchronous [`RequestBuilder`](crate::RequestBuilder), which
/// [`change`](Self::change) gives access to.
///
/// ```
/// use looplet_http::blocking::Session;
///
/// let session = Session::new()?;
/// let form = [("name", "value")];
/// let request = session.post("http://a.example/").change(|request| request.form(form));
/// # drop(request);
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send` is called"]
pub struct RequestBuilder {
    request: crate::RequestBuilder,
    /// Dropped last: connections belong to its loop.
    engine: Engine,
}

impl RequestBuilder {
    pub(super) fn new(engine: Engine, request: crate::RequestBuilder) -> Self {
        Self { engine, request }
    }

    /// Changes the request as the asynchronous builder can.
    pub fn change(
        mut self,
        change: impl FnOnce(crate::RequestBuilder) -> crate::RequestBuilder,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Adds a header; one of the same name stays.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.change(|request| request.header(name, value))
    }

    /// Adds a name and a value to the query of the URL.
    pub fn query(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.change(|request| request.query(name, value))
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.change(|request| request.body(body))
    }

    /// Sets a form as the body: `application/x-www-form-urlencoded`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.change(|request| request.form(pairs))
    }

    /// Limits everything together, from the call to the last byte of the body.
    pub fn timeout(self, total: Duration) -> Self {
        self.change(|request| request.timeout(total))
    }

    /// Sends the request, follows redirects, and returns when the head of the answer is here.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`send`](crate::RequestBuilder::send), and
    /// [`Error::NoLoop`](crate::Error::NoLoop) where a loop is running on this thread.
    pub fn send(self) -> Result<Response, Failure> {
        let sent = self.engine.block_on(self.request.send())?;
        sent.map(|response| Response::new(self.engine, response))
    }

    /// Sends the request and saves the body of the answer as the file `path`, when all of it is
    /// there. What an earlier call has left of it is continued.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`download`](crate::RequestBuilder::download), and
    /// [`Error::NoLoop`](crate::Error::NoLoop) where a loop is running on this thread.
    pub fn download(self, path: impl AsRef<Path>) -> Result<Downloaded, Failure> {
        let path = path.as_ref().to_owned();
        self.engine.block_on(self.request.download(path))?
    }
}
