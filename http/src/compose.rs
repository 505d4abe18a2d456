//! What can be put into a request before it is sent.
//!
//! The other half of [`RequestBuilder`]: `journey.rs` says what becomes of it.
//!
//! # Rules
//!
//! 1. The first mistake is kept, and told by [`RequestBuilder::send`]; what follows it is
//!    ignored. So a chain needs no `?` in the middle.
//! 2. What sets a body of a certain kind sets its `Content-Type`, too, in place of any other.
//!    Who wants another one sets it behind that.

use url::form_urlencoded::Serializer;

use crate::auth::Auth;
use crate::cookies::append_pair;
use crate::message::{Body, Version};
use crate::request_builder::RequestBuilder;

impl RequestBuilder {
    /// Adds a header; one of the same name stays.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.change(|request| request.headers.append(name, value))
    }

    /// Sets a header, in place of all of the same name.
    pub fn set_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.change(|request| request.headers.insert(name, value))
    }

    /// Adds a cookie to the header `Cookie`, behind those that are in it. It goes to the origin
    /// of this request only, and not into the jar of the session; what the jar has is sent
    /// behind it.
    ///
    /// Name and value are sent as they are. [`send`](Self::send) gives [`Error::InvalidCookie`]
    /// for what would end the name or the value: a control byte, `;`, and white space at an end
    /// of the value or anywhere in the name.
    ///
    /// ```
    /// use looplet_http::Session;
    ///
    /// let request = Session::new().get("http://a.example/").cookie("a", "1").cookie("b", "x y");
    /// # drop(request);
    /// ```
    ///
    /// [`Error::InvalidCookie`]: crate::Error::InvalidCookie
    #[doc(alias = "cookies")]
    pub fn cookie(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.change(|request| append_pair(&mut request.headers, name.as_ref(), value.as_ref()))
    }

    /// Adds a name and a value to the query of the URL, encoded as a form is: a space becomes
    /// `+`. What is in the query already stays as it is.
    ///
    /// ```
    /// use looplet_http::Session;
    ///
    /// let request = Session::new().get("http://a.example/?x=1").query("y", "a b&c");
    /// assert!(format!("{request:?}").contains("http://a.example/?x=1&y=a+b%26c"));
    /// ```
    #[doc(alias = "params")]
    pub fn query(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.query_pairs([(name, value)])
    }

    /// Adds several names and values to the query, as [`query`](Self::query) does with one.
    pub fn query_pairs<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.change(|request| {
            let mut pairs = pairs.into_iter().peekable();
            // Without a pair, there is to be no question mark.
            if pairs.peek().is_some() {
                request.url.query_pairs_mut().extend_pairs(pairs);
            }
            Ok(())
        })
    }

    /// Shows who the request is from, in place of what the session or the URL has.
    ///
    /// A redirect to another origin leaves it behind. An `Authorization` header, also one of
    /// the session, goes before it. Of several calls, the last counts.
    ///
    /// ```
    /// use looplet_http::{Auth, Session};
    /// use looplet_http::runtime::{run, start_server};
    ///
    /// run(async {
    ///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
    ///     #     let request = reader.read_until(b"\r\n\r\n").await.unwrap();
    ///     #     let header = b"Authorization: Basic bWU6c2VjcmV0\r\n";
    ///     #     assert!(request.windows(header.len()).any(|window| window == header));
    ///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ///     # }).await?;
    ///     # let url = format!("http://{}/", server.local_addr());
    ///     let auth = Auth::basic("me", "secret");
    ///     let response = Session::new().get(url).auth(auth).send().await?;
    ///     assert_eq!(response.status(), 200);
    ///     Ok::<(), std::io::Error>(())
    /// }).unwrap();
    /// ```
    pub fn auth(mut self, auth: Auth) -> Self {
        self.access.show(auth);
        self
    }

    /// Lets redirects take credentials to any origin: what [`auth`](Self::auth), the URL and
    /// the session have, and the headers `Authorization`, `Cookie` and
    /// `Proxy-Authorization`.
    ///
    /// That gives them to whomever the server names. It is curl's `--location-trusted`.
    pub fn trust_redirects(mut self) -> Self {
        self.access.trust_redirects();
        self
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.change(|request| {
            request.body = body.into();
            Ok(())
        })
    }

    /// Sets a form as the body: `application/x-www-form-urlencoded`.
    ///
    /// ```
    /// use looplet_http::Session;
    /// use looplet_http::runtime::{run, start_server};
    ///
    /// run(async {
    ///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
    ///     #     let request = reader.read_until(b"a=1&b=x+y%26").await;
    ///     #     assert!(request.is_ok());
    ///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ///     # }).await?;
    ///     # let url = format!("http://{}/", server.local_addr());
    ///     // The body is a=1&b=x+y%26.
    ///     Session::new().post(url).form([("a", "1"), ("b", "x y&")]).send().await?;
    ///     Ok::<(), std::io::Error>(())
    /// }).unwrap();
    /// ```
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.set_header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sets what stands as the target in the first line, instead of path and query of the URL:
    /// for what a URL cannot say, such as `*`, or bytes that a URL would escape. Visible ASCII
    /// only. A redirect ends it.
    ///
    /// ```
    /// use looplet_http::{Method, Session};
    ///
    /// let request = Session::new().request(Method::OPTIONS, "http://a.example/").target("*");
    /// # drop(request);
    /// ```
    pub fn target(self, target: impl Into<String>) -> Self {
        self.change(|request| {
            request.target = Some(target.into());
            Ok(())
        })
    }

    /// Sets the version in the first line. With HTTP/1.0, the length of the body must be known,
    /// and the connection ends with the exchange.
    pub fn version(self, version: Version) -> Self {
        self.change(|request| {
            request.version = version;
            Ok(())
        })
    }

    /// Asks the server for leave before the body is sent: `Expect: 100-continue`.
    ///
    /// A server that refuses (too large, not allowed) then spares both sides the upload. One
    /// that does not answer gets the body after
    /// [`Timeouts::continue_wait`](crate::Timeouts::continue_wait), and one that does not know
    /// what is asked of it (417) gets the request once more without the question. Without a
    /// body, nothing is asked.
    #[doc(alias = "expect100")]
    pub fn expect_continue(self) -> Self {
        self.set_header("Expect", "100-continue")
    }
}
