//! One request of a transfer, from its headers to the head of the answer.

use std::time::Duration;

use looplet::get_running_loop;
use looplet_http::message::Version;
use looplet_http::{Method, RequestBuilder, Response, Timings};
use url::{Position, Url};

use crate::failure::{Failure, code};
use crate::options::HttpVersion;
use crate::request::Hop;
use crate::transfer::Transfer;

impl Transfer {
    /// Sends one request and waits for the head of its answer.
    pub(crate) async fn send(&self, hop: &Hop) -> Result<Response, Failure> {
        let method = hop.method(self.operation())?;
        self.note_request(hop, method.as_str());
        let tap = self.tap.clone();
        let request = self
            .request(hop, method)?
            .progress(&self.wire)
            .on_wire(move |event| tap.borrow_mut().hear(event));
        let begun = self.spent();
        let sent = request.send().await;
        let timings = match &sent {
            Ok(response) => response.timings(),
            Err(failure) => failure.timings(),
        };
        self.note_times(begun, &timings);
        self.tap.borrow_mut().check()?;
        let response = sent?;
        self.note_response(hop, &response);
        Ok(response)
    }

    fn request(&self, hop: &Hop, method: Method) -> Result<RequestBuilder, Failure> {
        let operation = self.operation();
        let url = hop.address.shown();
        let url = Url::parse(&url)
            .map_err(|error| Failure::new(code::URL_MALFORMAT, format!("URL {url:?}: {error}")))?;
        let mut request = self.shared.session.request(method, url.clone());
        let own_target = operation.request_target.clone();
        let target = own_target.unwrap_or(hop.address.target());
        if url[Position::BeforePath..Position::AfterQuery] != target {
            request = request.target(target);
        }
        let headers = hop.headers(operation)?;
        let host = hop.address.host.as_str();
        let is_spelled_so = url.host_str() == Some(host) && !host.ends_with('.');
        if !is_spelled_so && !headers.contains("Host") {
            request = request.header("Host", hop.address.authority());
        }
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        if let Some(auth) = hop
            .auth
            .clone()
            .filter(|_| !headers.contains("Authorization"))
        {
            request = request.auth(auth);
        }
        if self.speaks_http10(hop) {
            request = request.version(Version::Http10);
        }
        Ok(request.body(hop.payload.body.clone()))
    }

    /// The time since the beginning.
    fn spent(&self) -> Duration {
        get_running_loop().time() - self.tap.borrow().record.times.started
    }

    /// Whether the server has shown that it knows nothing newer, on a connection that goes on.
    fn speaks_http10(&self, hop: &Hop) -> bool {
        self.operation().http_version == HttpVersion::Http10
            || self
                .shared
                .old_servers
                .borrow()
                .contains(&hop.address.authority())
    }

    /// Adds up when each phase of a request has ended.
    fn note_times(&self, begun: Duration, timings: &Timings) {
        let record = &mut self.tap.borrow_mut().record;
        let times = &mut record.times;
        if record.redirects > 0 {
            times.redirect = begun;
        }
        times.name_lookup = begun + timings.earlier + timings.pool_wait + timings.resolve;
        times.connect = times.name_lookup + timings.connect;
        let secured = times.connect + timings.proxy + timings.tls;
        times.app_connect = if timings.tls.is_zero() {
            Duration::ZERO
        } else {
            secured
        };
        times.pre_transfer = secured;
        times.start_transfer = secured + timings.send + timings.first_byte;
    }

    fn note_request(&self, hop: &Hop, method: &str) {
        let record = &mut self.tap.borrow_mut().record;
        record.effective_url = hop.address.shown();
        record.scheme = hop.address.scheme.name();
        record.method = method.to_string();
        record.referer.clone_from(&hop.referer);
    }

    fn note_response(&self, hop: &Hop, response: &Response) {
        let keeps = response.header("Connection").unwrap_or_default();
        let is_old = response.version() == Version::Http10;
        let mut old_servers = self.shared.old_servers.borrow_mut();
        match is_old && keeps.eq_ignore_ascii_case("keep-alive") {
            true => old_servers.insert(hop.address.authority()),
            false => old_servers.remove(&hop.address.authority()),
        };
        let record = &mut self.tap.borrow_mut().record;
        record.status = response.status().as_u16();
        record.version = match response.version() {
            Version::Http10 => "1",
            Version::Http11 => "1.1",
        };
        let fields = response.headers().iter();
        let fields = fields.map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value).into_owned(),
            )
        });
        record.headers = fields.collect();
    }
}
