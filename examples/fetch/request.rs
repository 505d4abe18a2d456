//! One request of a transfer: the URL or where a redirect leads, and the headers for it.

use looplet_http::{Auth, Method};

use crate::address::Address;
use crate::conditions;
use crate::credentials::Credentials;
use crate::failure::{Failure, code};
use crate::header_lines::{HeaderLines, Line};
use crate::options::{Operation, Resume};
use crate::output::Output;
use crate::payload::{Kind, Payload};

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) address: Address,
    pub(crate) payload: Payload,
    pub(crate) referer: Option<String>,
    /// Where the first request went: credentials are meant for there.
    pub(crate) first: Address,
    /// What is shown to the server.
    pub(crate) auth: Option<Auth>,
    /// What was shown to the first one.
    pub(crate) first_auth: Option<Auth>,
    /// Where a download goes on.
    pub(crate) resume_at: u64,
}

/// A body of that size is announced, and sent when the server has agreed.
const EXPECT_ABOVE: u64 = 1024 * 1024;

impl Hop {
    pub(crate) fn first(
        operation: &Operation,
        address: Address,
        payload: Payload,
        (credentials, output): (&Credentials, &Output),
    ) -> Result<Self, Failure> {
        let auth = credentials.at_first(&address);
        let resume_at = match operation.continue_at {
            _ if payload.kind == Kind::Upload => 0,
            None => 0,
            Some(Resume::At(offset)) => offset,
            Some(Resume::Automatic) => {
                let path = output.path().filter(|path| path.exists());
                path.map_or(Ok(0), |path| {
                    let metadata = std::fs::metadata(path).map(|metadata| metadata.len());
                    metadata.map_err(|error| Failure::reading(&path.to_string_lossy(), &error))
                })?
            }
        };
        Ok(Self {
            auth: auth.clone(),
            first_auth: auth,
            first: address.clone(),
            referer: operation.referer.clone(),
            address,
            payload,
            resume_at,
        })
    }

    pub(crate) fn method(&self, operation: &Operation) -> Result<Method, Failure> {
        let usual = match self.payload.kind {
            Kind::Nothing if operation.head => "HEAD",
            Kind::Nothing => "GET",
            Kind::Post => "POST",
            Kind::Upload => "PUT",
        };
        let method = operation.request.as_deref().unwrap_or(usual);
        Ok(Method::new(method)?)
    }

    /// Whether credentials and cookies of one's own may be sent here.
    pub(crate) fn is_trusted(&self, operation: &Operation) -> bool {
        operation.location_trusted || self.address.same_origin(&self.first)
    }

    /// All headers but `Host` and what frames the body.
    pub(crate) fn headers(&self, operation: &Operation) -> Result<HeaderLines, Failure> {
        let mut headers = HeaderLines::default();
        self.push_usual(operation, &mut headers)?;
        self.push_cookies(operation, &mut headers);
        conditions::push(operation, &mut headers)?;
        let lines = operation.header.iter().map(|line| Line::parse(line));
        let given = lines.collect::<Result<Vec<_>, _>>()?;
        let given = given
            .into_iter()
            .filter(|line| self.may_send(operation, line));
        headers.overrule(given);
        if operation.tr_encoding {
            headers.add_member("TE", "gzip");
            headers.add_member("Connection", "TE");
        }
        if let Some(content_type) = &self.payload.content_type
            && !headers.contains("Content-Type")
            && !operation
                .header
                .iter()
                .any(|line| line.eq_ignore_ascii_case(b"content-type:"))
        {
            headers.push("Content-Type", content_type);
        }
        Ok(headers)
    }

    fn push_usual(&self, operation: &Operation, headers: &mut HeaderLines) -> Result<(), Failure> {
        if self.resume_at > 0 {
            headers.push("Range", format!("bytes={}-", self.resume_at));
        } else if let Some(range) = &operation.range
            && self.payload.kind != Kind::Upload
        {
            headers.push("Range", format!("bytes={range}"));
        }
        if let Some(range) = &self.payload.content_range {
            headers.push("Content-Range", range);
        }
        let agent = operation.agent();
        if !agent.is_empty() {
            headers.push("User-Agent", agent);
        }
        let accept = if operation.json {
            "application/json"
        } else {
            "*/*"
        };
        headers.push("Accept", accept);
        if let Some(referer) = &self.referer {
            headers.push("Referer", referer);
        }
        let is_large = self
            .payload
            .body
            .length()
            .is_none_or(|length| length > EXPECT_ABOVE);
        if is_large && operation.http_version == Default::default() {
            headers.push("Expect", "100-continue");
        }
        Ok(())
    }

    fn push_cookies(&self, operation: &Operation, headers: &mut HeaderLines) {
        if self.is_trusted(operation) && !operation.cookie.is_empty() {
            headers.push("Cookie", operation.cookie.join("; "));
        }
    }

    /// Whether a header of `-H` is meant for here, too.
    fn may_send(&self, operation: &Operation, line: &Line<'_>) -> bool {
        let is = |name: &str| line.is_named(name);
        if is("Host") {
            return self.address.host.eq_ignore_ascii_case(&self.first.host);
        }
        if is("Authorization") || is("Cookie") {
            return self.is_trusted(operation);
        }
        // The body says its length and its kind, and frames itself.
        if is("Content-Length") {
            return self.payload.body.length().is_some_and(|length| length > 0);
        }
        if is("Transfer-Encoding") {
            return false;
        }
        let is_form = !operation.form.is_empty() && self.payload.kind == Kind::Post;
        !(is("Content-Type")
            && (is_form || self.payload.kind == Kind::Nothing && !operation.form.is_empty()))
    }

    /// The request that a redirect asks for.
    pub(crate) fn redirected(
        &self,
        operation: &Operation,
        credentials: &Credentials,
        (status, address): (u16, Address),
    ) -> Result<Self, Failure> {
        let keeps_payload = match status {
            301 => self.payload.kind != Kind::Post || operation.post301,
            302 => self.payload.kind != Kind::Post || operation.post302,
            303 => self.payload.kind == Kind::Post && operation.post303,
            _ => true,
        };
        let payload = if keeps_payload {
            self.payload.clone()
        } else {
            Payload::nothing()
        };
        if payload.body.is_used_up() {
            let message = "redirect: the body comes from stdin and cannot be sent again";
            return Err(Failure::new(code::SEND_FAIL_REWIND, message));
        }
        let mut next = Self {
            address,
            payload,
            ..self.clone()
        };
        let is_trusted = next.is_trusted(operation);
        let before = self.first_auth.as_ref();
        next.auth = credentials.after_redirect(&next.address, before, is_trusted);
        if operation.auto_referer {
            next.referer = Some(self.address.shown());
        }
        Ok(next)
    }
}
