//! A request that can still be changed, and its way from hop to hop.
//!
//! The life of one request: [`RequestBuilder::send`] sets the deadline; each hop (`hop`) brings
//! an answer, which is the response, or asks for another hop: a redirect, a server that does not
//! know `Expect`, a retry.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use looplet::sleep;

use crate::auth::Access;
use crate::cookies::keep_cookies;
use crate::error::{Error, Phase};
use crate::failure::Failure;
use crate::hop::{Answer, Inform};
use crate::into_url::IntoUrl;
use crate::message::{Headers, Method, Request, ResponseHead};
use crate::progress::{Progress, Tap, WireEvent};
use crate::redirect::{RedirectPolicy, follow};
use crate::response::{Hop, Response, drain, finish, shown};
use crate::session::Session;
use crate::terms::Terms;
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
            .into_url()
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
        let progress = self.progress.unwrap_or_default();
        progress.set_tap(self.tap);
        let request = match self.request {
            Ok(request) => request,
            Err(error) => return Err(Failure::new(error, None, &progress)),
        };
        let config = &self.session.inner.config;
        let journey = Journey {
            session: &self.session,
            terms: Rc::new(Terms {
                timeouts: config.timeouts,
                deadline: Deadline::after(self.total),
                limits: config.limits,
                progress,
            }),
            inform: self.inform,
            request,
            access: self.access,
            keeps_defaults: true,
            history: Vec::new(),
            tried: 0,
        };
        journey.go().await
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

/// A request on its way from hop to hop.
struct Journey<'s> {
    session: &'s Session,
    terms: Rc<Terms>,
    inform: Inform,
    /// The request of the next hop.
    request: Box<Request>,
    /// Whose credentials it shows.
    access: Access,
    /// Whether the headers of the session are sent with it. After a redirect they are among its
    /// own, as far as they may be.
    keeps_defaults: bool,
    /// The redirects so far.
    history: Vec<Hop>,
    /// Tries after the first one.
    tried: u32,
}

/// What an answer means.
enum Next {
    /// It is the response.
    Respond,
    /// The same request goes out again.
    Repeat,
    /// The same request goes out again, with an answer to what the server wants to know.
    Answer,
    /// The same request goes out again after a pause.
    RepeatAfter(Duration),
    /// Another request goes out.
    Redirect(Box<Request>),
}

impl Journey<'_> {
    async fn go(mut self) -> Result<Response, Failure> {
        if self.request.body.is_empty() {
            // There would be nothing to wait with (RFC 9110, section 10.1.1).
            self.request.headers.remove("Expect");
        }
        let ending = self.terms.progress.ending();
        match self.arrive().await {
            Ok(answer) => {
                // From here on the exchange sees to it.
                ending.hand_over();
                self.respond(answer)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn fail(&self, error: Error) -> Failure {
        Failure::new(error, Some(&self.request.url), &self.terms.progress)
    }

    /// Goes on until there is an answer that is the response.
    async fn arrive(&mut self) -> Result<Answer, Error> {
        loop {
            let answer = match self.hop().await {
                Ok(answer) => answer,
                Err(error) => {
                    let pause = self.pause_after(&error).ok_or(error)?;
                    self.rest(pause).await?;
                    continue;
                }
            };
            let jar = self.session.inner.config.cookies.as_ref();
            keep_cookies(jar, &self.request.url, &answer.head);
            match self.next(&answer.head)? {
                Next::Respond => return Ok(answer),
                Next::Repeat => {}
                Next::Answer => drain(answer.exchange, answer.slot).await,
                Next::RepeatAfter(pause) => {
                    finish(answer.exchange, answer.slot);
                    self.rest(pause).await?;
                }
                Next::Redirect(next) => self.redirect(answer, next)?,
            }
        }
    }

    async fn hop(&mut self) -> Result<Answer, Error> {
        let none = Headers::new();
        let defaults = match self.keeps_defaults {
            true => &self.session.inner.config.headers,
            false => &none,
        };
        let sent = self.access.dress(&self.request, defaults)?;
        self.terms.progress.begin_hop(sent.body.length());
        let hop = self.session.hop(&sent, defaults, &self.terms, &self.inform);
        hop.await
    }

    /// Decides what an answer means.
    fn next(&mut self, head: &ResponseHead) -> Result<Next, Error> {
        if is_unmet(head, &mut self.request) {
            return Ok(Next::Repeat);
        }
        if self.access.hears(&self.request, head)? {
            return Ok(Next::Answer);
        }
        let config = &self.session.inner.config;
        if let RedirectPolicy::Limit(_) = config.redirects {
            let defaults = if self.keeps_defaults {
                &config.headers
            } else {
                &Headers::new()
            };
            if let Some(next) = follow(&self.request, defaults, head, self.access.is_trusting())? {
                return Ok(Next::Redirect(Box::new(next)));
            }
        }
        let again = self
            .may_be_repeated()
            .then_some(config.retry.as_ref())
            .flatten();
        let pause = again.and_then(|retry| retry.pause_after_answer(self.tried, head));
        let pause = pause.filter(|pause| self.terms.deadline.is_beyond(*pause));
        Ok(pause.map_or(Next::Respond, Next::RepeatAfter))
    }

    fn redirect(&mut self, answer: Answer, next: Box<Request>) -> Result<(), Error> {
        let config = &self.session.inner.config;
        config.redirects.check(self.history.len())?;
        let status = answer.head.status();
        finish(answer.exchange, answer.slot);
        let url = std::mem::replace(&mut self.request, next).url;
        self.access.moved(&url, &self.request.url);
        self.history.push(Hop { url, status });
        self.keeps_defaults = false;
        Ok(())
    }

    fn may_be_repeated(&self) -> bool {
        let request = &self.request;
        request.method.is_idempotent() && request.body.is_replayable()
    }

    fn pause_after(&self, error: &Error) -> Option<Duration> {
        let retry = self.session.inner.config.retry.as_ref()?;
        let pause = retry.pause_after_error(self.tried, error);
        pause.filter(|pause| self.may_be_repeated() && self.terms.deadline.is_beyond(*pause))
    }

    /// Lets the pause before a retry pass.
    async fn rest(&mut self, pause: Duration) -> Result<(), Error> {
        self.tried += 1;
        self.terms.phase(Phase::Total, None, sleep(pause)).await
    }

    fn respond(self, answer: Answer) -> Result<Response, Failure> {
        let config = &self.session.inner.config;
        let progress = self.terms.progress.clone();
        let way = (self.request.url, self.history);
        let mut response = Response::new(answer.head, way, config.max_body, progress);
        let found = response.find_coding(config.decode, config.limits.codings);
        match found.and_then(|()| response.take_body(answer.exchange, answer.slot)) {
            Ok(()) => Ok(response),
            Err(error) => Err(Failure::new(
                error,
                Some(response.url()),
                response.progress(),
            )),
        }
    }
}

/// Whether the server does not know how to ask for a body, and would take one unasked.
fn is_unmet(head: &ResponseHead, request: &mut Request) -> bool {
    head.status().as_u16() == 417 && !request.body.is_used_up() && request.headers.remove("Expect")
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
