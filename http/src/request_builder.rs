//! A request that can still be changed. [`RequestBuilder::send`] sets the deadline, and sends it on
//! its way (`journey`).

use std::fmt;
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use crate::auth::Access;
use crate::error::Error;
use crate::failure::Failure;
use crate::hop::Inform;
use crate::into_url::IntoUrl;
use crate::journey::Journey;
use crate::message::{Method, Request, ResponseHead};
use crate::progress::{Progress, Tap, WireEvent};
use crate::response::{Response, shown};
use crate::session::Session;
use crate::terms::{Terms, Work};
use crate::timeouts::Deadline;

impl Session {
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

    /// Prepares a request with any method. What is wrong with the URL is said by
    /// [`send`](RequestBuilder::send).
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = url
            .into_url_after(&self.inner.last_url)
            .map(|url| Box::new(Request::new(method, url)));
        let config = &self.inner.config;
        RequestBuilder {
            session: self.clone(),
            request,
            access: config.access(),
            total: config.timeouts.total,
            inform: None,
            progress: None,
            tap: None,
        }
    }
}

/// A request that can still be changed.
#[derive(Clone)]
#[must_use = "nothing is sent before `send` is awaited"]
pub struct RequestBuilder {
    session: Session,
    /// The request, or what was wrong first. In a box, since a builder is handed on by each call.
    request: Result<Box<Request>, Error>,
    /// Whose credentials it shows.
    pub(crate) access: Access,
    total: Option<Duration>,
    inform: Inform,
    /// The record that somebody else wants to look at.
    progress: Option<Progress>,
    tap: Option<Tap>,
}

impl RequestBuilder {
    /// Limits everything together, from the call to the last byte of the body.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// Calls `inform` with every interim (1xx) response before the final one, such as the links
    /// of a 103. One that comes while the body is being sent is shown after that.
    pub fn on_informational(mut self, inform: impl Fn(&ResponseHead) + 'static) -> Self {
        self.inform = Some(Rc::new(inform));
        self
    }

    /// Calls `tap` with what happens on the wire: connections, and all heads byte for byte.
    ///
    /// ```
    /// use looplet_http::{Session, WireEvent};
    ///
    /// let request = Session::new().get("http://a.example/").on_wire(|event| {
    ///     if let WireEvent::ResponseHead(bytes) = event {
    ///         eprint!("{}", String::from_utf8_lossy(bytes));
    ///     }
    /// });
    /// # drop(request);
    /// ```
    #[doc(alias = "TraceConfig")]
    pub fn on_wire(mut self, tap: impl Fn(&WireEvent<'_>) + 'static) -> Self {
        self.tap = Some(Rc::new(tap));
        self
    }

    /// Notes how far the request is in `progress`, which another task can watch. What was in it
    /// before is added to.
    pub fn progress(mut self, progress: &Progress) -> Self {
        self.progress = Some(progress.clone());
        self
    }

    /// The record of the request, made now if nobody has asked for one.
    pub(crate) fn record(&mut self) -> Progress {
        self.progress.get_or_insert_default().clone()
    }

    /// Changes the request, unless something was wrong before.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Request) -> Result<(), Error>) -> Self {
        self.request = self
            .request
            .and_then(|mut request| change(&mut request).map(|()| request));
        self
    }

    /// Sends the request, follows redirects, and returns when the head of the answer is here.
    ///
    /// # Errors
    ///
    /// What was wrong with the URL or a header, or what went wrong on the way; see [`Error`],
    /// which a [`Failure`] can be used as.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the connection. The server may have received the
    /// request.
    ///
    /// # Panics
    ///
    /// When polled outside a running loop.
    pub async fn send(self) -> Result<Response, Failure> {
        self.set_out().await
    }

    /// Sets out. An async function is compiled with whatever awaits it; what lies in a box and is
    /// known by its result alone is compiled here, once for all programs.
    fn set_out(self) -> Work<'static, Result<Response, Failure>> {
        let progress = self.progress.unwrap_or_default();
        progress.set_tap(self.tap);
        let request = match self.request {
            Ok(request) => request,
            Err(error) => return Box::pin(ready(Err(Failure::new(error, None, &progress)))),
        };
        let config = &self.session.inner.config;
        let terms = Terms {
            timeouts: config.timeouts,
            deadline: Deadline::after(self.total),
            limits: config.limits,
            progress,
        };
        Journey::new(self.session, (request, self.access), terms, self.inform).go()
    }
}

/// The URL is shown without user and password, and the headers only by their names.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => f
                .debug_struct("RequestBuilder")
                .field("method", &request.method)
                .field("url", &shown(&request.url))
                .finish_non_exhaustive(),
            Err(error) => f.debug_tuple("RequestBuilder").field(error).finish(),
        }
    }
}

/// Fetches one URL on a session of its own.
///
/// Who fetches more than one makes a [`Session`], which keeps connections alive.
///
/// # Errors
///
/// As [`RequestBuilder::send`].
pub async fn get(url: impl IntoUrl) -> Result<Response, Failure> {
    Session::new().get(url).send().await
}
