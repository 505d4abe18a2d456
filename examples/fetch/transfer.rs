//! One transfer: tries, and in each the requests up to the one whose answer is kept.
//!
//! Redirects are followed here and not by the session, because curl decides at each one: which
//! method, which credentials, how many, to where.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use looplet::{get_running_loop, sleep, timeout};
use looplet_http::{Progress, Session};

use crate::address::{Address, Scheme};
use crate::conditions;
use crate::credentials::Credentials;
use crate::failure::{Failure, code};
use crate::messages::Messages;
use crate::options::Operation;
use crate::output::{Output, Rules, name_of_url};
use crate::payload::Payload;
use crate::plan::{Destination, Plan};
use crate::receive;
use crate::redirects;
use crate::request::Hop;
use crate::retry::Retries;
use crate::tap::{Dump, SharedTap, Tap};

/// What the transfers of one operation share.
pub(crate) struct Shared {
    pub(crate) session: Session,
    pub(crate) credentials: Credentials,
    pub(crate) dump: Option<Rc<Dump>>,
    pub(crate) messages: Rc<Messages>,
    /// Servers, by host and port, that answer in HTTP/1.0 and keep connections.
    pub(crate) old_servers: RefCell<HashSet<String>>,
}

/// A transfer that is going on.
pub(crate) struct Transfer {
    pub(crate) plan: Plan,
    pub(crate) shared: Rc<Shared>,
    pub(crate) address: Address,
    pub(crate) tap: SharedTap,
    /// How far the request is that is under way.
    pub(crate) wire: Progress,
}

/// Reads the URL of a plan, and completes it.
pub(crate) fn address(plan: &Plan) -> Result<Address, Failure> {
    let operation = &*plan.operation;
    let default = match operation.proto_default.as_deref() {
        None | Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(other) => {
            let message = format!("URL: protocol {other:?} not supported");
            return Err(Failure::new(code::UNSUPPORTED_PROTOCOL, message));
        }
    };
    let dots = redirects::dots(operation);
    let mut address = Address::parse(&plan.url, default, dots)?;
    redirects::check_scheme(operation.proto.as_deref(), address.scheme)?;
    if operation.disallow_username && address.user.is_some() {
        let message = "URL: it has a user, which --disallow-username-in-url forbids";
        return Err(Failure::new(67, message));
    }
    if let (true, Some(data)) = (operation.get, &operation.data) {
        let data = String::from_utf8_lossy(data);
        address.add_query(&data.replace(' ', "+"));
    }
    for query in &operation.url_query {
        address.add_query(query);
    }
    if let Some(file) = plan
        .upload
        .as_deref()
        .filter(|file| *file != "-" && *file != ".")
        && address.path.ends_with('/')
        && address.query.is_none()
    {
        let name = file.rsplit('/').next().unwrap_or_default();
        address.path += &name.replace(' ', "%20");
    }
    Ok(address)
}

/// Where the body of a plan goes.
pub(crate) fn output(plan: &Plan, address: &Address) -> Result<Output, Failure> {
    let rules = Rules::of(&plan.operation);
    Ok(match &plan.output {
        Destination::Stdout => Output::new(None, rules),
        Destination::File(name) => Output::new(Some(name), rules),
        Destination::Remote => Output::new(Some(&name_of_url(address.file_name())?), rules),
    })
}

impl Transfer {
    pub(crate) fn new(plan: Plan, shared: Rc<Shared>, address: Address, tap: Tap) -> Self {
        let tap = Rc::new(RefCell::new(tap));
        Self {
            plan,
            shared,
            address,
            tap,
            wire: Progress::new(),
        }
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.plan.operation
    }

    /// Does it, as often as it takes.
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        let now = || get_running_loop().time();
        let mut retries = Retries::new(self.operation(), now());
        loop {
            let result = self.limited_try().await;
            let record = self.tap.borrow().record.clone();
            let Some(pause) = retries.pause(self.operation(), &result, &record, now()) else {
                return self.finish(result);
            };
            let reason = match &result {
                Ok(()) => format!("HTTP status {}", record.status),
                Err(failure) => failure.to_string(),
            };
            let (seconds, left) = (pause.as_secs(), retries.left());
            let messages = &self.shared.messages;
            messages.warn(&format!(
                "{reason}: trying again in {seconds} s, {left} tries left"
            ));
            sleep(pause).await;
            self.begin_again()?;
        }
    }

    fn begin_again(&self) -> Result<(), Failure> {
        let mut tap = self.tap.borrow_mut();
        tap.record.retries += 1;
        tap.record.downloaded = 0;
        tap.record.status = 0;
        tap.record.headers.clear();
        tap.output.take_back()
    }

    /// One try, in the time that it may take.
    async fn limited_try(&self) -> Result<(), Failure> {
        let Some(limit) = self.operation().max_time else {
            return self.one_try().await;
        };
        match timeout(limit, self.one_try()).await {
            Ok(result) => result,
            Err(_) => {
                let (millis, got) = (limit.as_millis(), self.tap.borrow().record.downloaded);
                let message =
                    format!("total: timed out after {millis} ms with {got} bytes received");
                Err(Failure::new(code::OPERATION_TIMEDOUT, message))
            }
        }
    }

    async fn one_try(&self) -> Result<(), Failure> {
        let operation = self.operation();
        let payload = Payload::of(&self.plan)?;
        let mut hop = {
            let tap = self.tap.borrow();
            let known = (&self.shared.credentials, &tap.output);
            Hop::first(operation, self.address.clone(), payload, known)?
        };
        let mut followed = 0;
        loop {
            let mut response = self.send(&hop).await?;
            let status = response.status().as_u16();
            let location = redirects::location(operation, &hop, &response);
            if !operation.location {
                // Where it would have led is told by `-w`, and a mistake in that harms nobody.
                let would = location.ok().flatten().map(|address| address.shown());
                self.tap.borrow_mut().record.redirect_url = would;
                return receive::body(self, &hop, response).await;
            }
            let Some(address) = location? else {
                return receive::body(self, &hop, response).await;
            };
            hop = {
                let known = (operation, &self.shared.credentials);
                redirects::next(known, &hop, (status, address), followed)?
            };
            followed += 1;
            self.tap.borrow_mut().record.redirects = followed;
            receive::discard(&mut response).await;
        }
    }

    /// Closes the file, and writes down what is to be known later.
    fn finish(&self, result: Result<(), Failure>) -> Result<(), Failure> {
        let operation = self.operation();
        let mut tap = self.tap.borrow_mut();
        let tap = &mut *tap;
        let finished = result.and_then(|()| {
            let unwritten = tap.record.status == 304
                || conditions::is_unmet(operation, tap.record.header("Last-Modified"));
            if !unwritten {
                tap.output.finish()?;
            }
            if operation.remote_time
                && let Some(time) = tap
                    .record
                    .header("Last-Modified")
                    .and_then(crate::dates::parse)
            {
                tap.output.set_time(time)?;
            }
            conditions::save_tag(operation, tap.record.header("ETag"))
        });
        if finished.is_err() {
            tap.output.give_up();
        }
        let path = tap.output.path();
        tap.record.file = path.map(|path| path.to_string_lossy().into_owned());
        finished
    }
}
