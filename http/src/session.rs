//! The session: where a program asks, and where the parts come together.
//!
//! The life of one request, top to bottom: [`RequestBuilder::send`] sets the deadline and
//! follows redirects; each hop gets a slot from the pool, a connection from the slot or the
//! network, writes its head and body, and reads the head of the answer. A connection that was
//! idle may have been closed by the server just now: then the request is sent once more on a
//! fresh one, if it is idempotent and not a byte of an answer has come.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::codec::{Expected, TargetForm, encode_head};
use crate::config::SessionConfig;
use crate::connect::connect;
use crate::connection::{Connection, Exchange};
use crate::cookies::{keep_cookies, with_cookies};
use crate::error::{Error, Phase};
use crate::into_url::IntoUrl;
use crate::message::{Body, Headers, Method, Origin, Request, ResponseHead};
use crate::pool::{Pool, Slot};
use crate::redirect::{RedirectPolicy, follow};
use crate::response::{Hop, Response, finish, shown};
use crate::sending::Terms;
use crate::timeouts::Deadline;

/// A larger buffer of a request is not kept for the next one.
const KEPT_WIRE: usize = 64 * 1024;

/// A client: settings, and a pool of connections that are kept alive.
///
/// Clones stand for the same session. It belongs to the loop on which it is used. The aiohttp
/// counterpart is `ClientSession`.
///
/// ```
/// use looplet_http::Session;
/// use looplet_http::runtime::{run, start_server};
///
/// run(async {
///     let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
///         let _head = reader.read_until(b"\r\n\r\n").await;
///         writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
///     })
///     .await?;
///     let session = Session::new();
///     let mut response = session.get(format!("http://{}/", server.local_addr())).send().await?;
///     assert_eq!(response.status(), 200);
///     assert_eq!(response.text().await?, "hello");
///     Ok::<(), std::io::Error>(())
/// }).unwrap();
/// ```
#[derive(Clone)]
pub struct Session {
    inner: Rc<Inner>,
}

struct Inner {
    config: SessionConfig,
    pool: Rc<Pool>,
    /// The buffer that heads are written into, kept for its memory.
    wire: Cell<Vec<u8>>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Makes a session with the default settings.
    pub fn new() -> Self {
        Self::with(SessionConfig::default())
    }

    /// Makes a session with other settings.
    pub fn with(config: SessionConfig) -> Self {
        let config = config.with_codings();
        let pool = Pool::new(config.pool);
        let inner = Inner {
            config,
            pool,
            wire: Cell::default(),
        };
        Self {
            inner: Rc::new(inner),
        }
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

    /// Prepares a request with any method. What is wrong with the URL is said by
    /// [`send`](RequestBuilder::send).
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = url.into_url().map(|url| Request::new(method, url));
        let total = self.inner.config.timeouts.total;
        RequestBuilder {
            session: self.clone(),
            request,
            total,
            inform: Rc::new(|_| {}),
        }
    }

    /// Closes idle connections and refuses new requests, those that wait for a place
    /// included. What has a connection goes on, and the connection is closed at its end.
    pub fn close(&self) {
        self.inner.pool.close();
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.inner.pool.is_closed() {
            return Err(Error::SessionClosed);
        }
        Ok(())
    }

    /// One hop: sends `request` and reads the head of the answer.
    async fn exchange(
        &self,
        request: &Request,
        defaults: &Headers,
        deadline: Deadline,
        inform: &Inform,
    ) -> Result<Answer, Error> {
        let inner = &*self.inner;
        self.check_open()?;
        let origin = Origin::of(&request.url)?;
        let outgoing = self.encode(request, defaults, deadline, inform)?;
        let waiting = inner.pool.slot(&origin);
        let limit = inner.config.timeouts.pool_wait;
        let slot = deadline.within(Phase::PoolWait, limit, waiting).await?;
        self.check_open()?;
        let (head, exchange) = self.exchange_in(&slot, &origin, &outgoing).await?;
        if outgoing.wire.capacity() <= KEPT_WIRE {
            inner.wire.set(outgoing.wire);
        }
        Ok(Answer {
            head,
            exchange,
            slot,
        })
    }

    fn encode<'r>(
        &self,
        request: &'r Request,
        defaults: &Headers,
        deadline: Deadline,
        inform: &'r Inform,
    ) -> Result<Outgoing<'r>, Error> {
        let config = &self.inner.config;
        let mut wire = self.inner.wire.take();
        wire.clear();
        let sent = with_cookies(config.cookies.as_ref(), request, defaults)?;
        let expected = encode_head(&sent, defaults, TargetForm::Origin, &mut wire)?;
        let terms = Terms {
            timeouts: config.timeouts,
            deadline,
            limits: config.limits,
        };
        Ok(Outgoing {
            wire,
            body: &request.body,
            expected,
            terms,
            inform,
        })
    }

    /// Tries an idle connection first, and a fresh one if that turns out to be dead.
    async fn exchange_in(
        &self,
        slot: &Slot,
        origin: &Origin,
        outgoing: &Outgoing<'_>,
    ) -> Result<(ResponseHead, Exchange), Error> {
        if let Some(connection) = slot.take_idle(outgoing.may_be_repeated()) {
            match outgoing.try_on(connection).await {
                Err(error) if outgoing.may_be_repeated() && is_stale(&error) => {}
                result => return result,
            }
        }
        let Terms {
            timeouts, deadline, ..
        } = &outgoing.terms;
        let stream = connect(origin, timeouts, *deadline).await?;
        outgoing.try_on(Connection::new(stream)).await
    }
}

/// Who is told of interim responses.
type Inform = Rc<dyn Fn(&ResponseHead)>;

/// A request as it goes out.
struct Outgoing<'r> {
    /// The head.
    wire: Vec<u8>,
    body: &'r Body,
    expected: Expected,
    terms: Terms,
    inform: &'r Inform,
}

impl Outgoing<'_> {
    fn may_be_repeated(&self) -> bool {
        self.expected.method.is_idempotent() && self.body.is_replayable()
    }

    async fn try_on(&self, connection: Connection) -> Result<(ResponseHead, Exchange), Error> {
        let expected = self.expected.clone();
        let sending = connection.send(&self.wire, self.body, expected, self.terms);
        let mut exchange = sending.await?;
        let head = exchange.head(|head| (self.inform)(head)).await?;
        Ok((head, exchange))
    }
}

/// Whether an error on a reused connection means that the server had closed it before the
/// request came: not a byte of an answer was seen.
fn is_stale(error: &Error) -> bool {
    match error {
        Error::EmptyReply => true,
        Error::Io { phase, .. } => matches!(phase, Phase::Send | Phase::FirstByte),
        _ => false,
    }
}

/// The head of an answer, and the way to its body.
struct Answer {
    head: ResponseHead,
    exchange: Exchange,
    slot: Slot,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("pool", &self.inner.pool)
            .finish()
    }
}

/// A request that can still be changed.
#[derive(Clone)]
#[must_use = "nothing is sent before `send` is awaited"]
pub struct RequestBuilder {
    session: Session,
    /// The request, or what was wrong first.
    request: Result<Request, Error>,
    total: Option<Duration>,
    inform: Inform,
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
        self.inform = Rc::new(inform);
        self
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
    /// What was wrong with the URL or a header, or what went wrong on the way; see [`Error`].
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the connection. The server may have received the
    /// request.
    ///
    /// # Panics
    ///
    /// When polled outside a running loop.
    pub async fn send(self) -> Result<Response, Error> {
        let mut request = self.request?;
        if request.body.is_empty() {
            // There would be nothing to wait with (RFC 9110, section 10.1.1).
            request.headers.remove("Expect");
        }
        let config = &self.session.inner.config;
        let deadline = Deadline::after(self.total);
        let mut history = Vec::new();
        let (mut defaults, none) = (&config.headers, Headers::new());
        loop {
            let exchange = self
                .session
                .exchange(&request, defaults, deadline, &self.inform);
            let answer = exchange.await?;
            keep_cookies(config.cookies.as_ref(), &request.url, &answer.head);
            if is_unmet(&answer.head, &mut request) {
                continue;
            }
            let next = match config.redirects {
                RedirectPolicy::None => None,
                RedirectPolicy::Limit(_) => follow(&request, defaults, &answer.head)?,
            };
            let status = answer.head.status();
            let Some(next) = next else {
                let response = Response::new(answer.head, request.url, history, config.max_body);
                let response = response.with_coding(config.decode, config.limits.codings)?;
                return response.with_body(answer.exchange, answer.slot);
            };
            check_count(config.redirects, history.len())?;
            finish(answer.exchange, answer.slot);
            let url = std::mem::replace(&mut request, next).url;
            history.push(Hop { url, status });
            defaults = &none;
        }
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

/// Whether the server does not know how to ask for a body, and would take one unasked.
fn is_unmet(head: &ResponseHead, request: &mut Request) -> bool {
    head.status().as_u16() == 417 && !request.body.is_used_up() && request.headers.remove("Expect")
}

fn check_count(policy: RedirectPolicy, followed: usize) -> Result<(), Error> {
    match policy {
        RedirectPolicy::Limit(limit) if followed >= limit as usize => {
            Err(Error::TooManyRedirects { limit })
        }
        _ => Ok(()),
    }
}

/// Fetches one URL on a session of its own.
///
/// Who fetches more than one makes a [`Session`], which keeps connections alive.
///
/// # Errors
///
/// As [`RequestBuilder::send`].
pub async fn get(url: impl IntoUrl) -> Result<Response, Error> {
    Session::new().get(url).send().await
}
