//! The way of a request from hop to hop.
//!
//! Each hop (`hop`) brings an answer, which is the response, or asks for another hop: a redirect,
//! a question that can be answered, a server that does not know `Expect`, a retry.

use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use looplet::sleep;

use crate::auth::Access;
use crate::cookies::keep_cookies;
use crate::error::{Error, Phase};
use crate::failure::Failure;
use crate::hop::{Answer, Inform, Outgoing};
use crate::message::{Headers, Request, ResponseHead};
use crate::redirect::{RedirectPolicy, follow};
use crate::response::{Hop, Response, drain, finish};
use crate::session::Session;
use crate::terms::{Terms, Work};

/// A request on its way from hop to hop.
pub(crate) struct Journey {
    session: Session,
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

/// What an answer calls for that is not the response.
enum Next {
    /// The same request goes out again.
    Repeat,
    /// The same request goes out again, with an answer to what the server wants to know.
    Answer,
    /// The same request goes out again after a pause.
    RepeatAfter(Duration),
    /// Another request goes out.
    Redirect(Box<Request>),
}

/// Where a journey is after a hop.
enum At<'j> {
    /// At the end.
    End(Box<Answer>),
    /// Before another hop, once this is done.
    NextHop(Work<'j, Result<(), Error>>),
}

impl Journey {
    /// Makes one that begins with `request`, which shows the credentials of `access`.
    pub(crate) fn new(
        session: Session,
        (request, access): (Box<Request>, Access),
        terms: Terms,
        inform: Inform,
    ) -> Self {
        Self {
            session,
            terms: Rc::new(terms),
            inform,
            request,
            access,
            keeps_defaults: true,
            history: Vec::new(),
            tried: 0,
        }
    }

    /// Goes to the end. (An async function would have room for the journey twice.)
    pub(crate) fn go(mut self) -> Work<'static, Result<Response, Failure>> {
        if self.request.body.is_empty() {
            // There would be nothing to wait with (RFC 9110, section 10.1.1).
            self.request.headers.remove("Expect");
        }
        Box::pin(async move {
            let ending = self.terms.progress.ending();
            match self.arrive().await {
                Ok(answer) => {
                    // From here on the exchange sees to it.
                    ending.hand_over();
                    self.respond(*answer)
                }
                Err(error) => Err(self.fail(error)),
            }
        })
    }

    fn fail(&self, error: Error) -> Failure {
        Failure::new(error, Some(&self.request.url), &self.terms.progress)
    }

    /// Goes on until there is an answer that is the response.
    async fn arrive(&mut self) -> Result<Box<Answer>, Error> {
        loop {
            let hopped = self.hop().await;
            match self.look_around(hopped)? {
                At::End(answer) => return Ok(answer),
                At::NextHop(before) => before.await?,
            }
        }
    }

    /// Finds out where the journey is.
    fn look_around(&mut self, hopped: Result<Box<Answer>, Error>) -> Result<At<'_>, Error> {
        let answer = match hopped {
            Ok(answer) => answer,
            Err(error) => {
                let pause = self.pause_after(&error).ok_or(error)?;
                return Ok(At::NextHop(Box::pin(self.rest(pause))));
            }
        };
        let jar = self.session.inner.config.cookies.as_ref();
        keep_cookies(jar, &self.request.url, &answer.head);
        Ok(match self.next(&answer.head)? {
            None => At::End(answer),
            Some(next) => At::NextHop(self.go_on(answer, next)),
        })
    }

    async fn hop(&mut self) -> Result<Box<Answer>, Error> {
        let outgoing = self.outgoing()?;
        let answer = self.session.hop(&outgoing).await?;
        self.session.keep_wire(outgoing);
        Ok(answer)
    }

    /// Makes ready what goes out.
    fn outgoing(&mut self) -> Result<Outgoing, Error> {
        let none = Headers::new();
        let defaults = match self.keeps_defaults {
            true => &self.session.inner.config.headers,
            false => &none,
        };
        let sent = self.access.dress(&self.request, defaults)?;
        self.terms.progress.begin_hop(sent.body.length());
        let known = (self.terms.clone(), self.inform.clone());
        self.session.make_ready(&sent, defaults, known)
    }

    /// Does with an answer what comes before the next hop.
    fn go_on(&mut self, answer: Box<Answer>, next: Next) -> Work<'_, Result<(), Error>> {
        match next {
            Next::Repeat => Box::pin(ready(Ok(()))),
            Next::Answer => Box::pin(async {
                drain(answer.exchange, answer.slot).await;
                Ok(())
            }),
            Next::RepeatAfter(pause) => {
                finish(answer.exchange, answer.slot);
                Box::pin(self.rest(pause))
            }
            Next::Redirect(next) => Box::pin(ready(self.redirect(*answer, next))),
        }
    }

    /// Decides what an answer calls for. `None`: it is the response.
    fn next(&mut self, head: &ResponseHead) -> Result<Option<Next>, Error> {
        if is_unmet(head, &mut self.request) {
            return Ok(Some(Next::Repeat));
        }
        if self.access.hears(&self.request, head)? {
            return Ok(Some(Next::Answer));
        }
        let config = &self.session.inner.config;
        if let RedirectPolicy::Limit(_) = config.redirects {
            let defaults = if self.keeps_defaults {
                &config.headers
            } else {
                &Headers::new()
            };
            if let Some(next) = follow(&self.request, defaults, head, self.access.is_trusting())? {
                return Ok(Some(Next::Redirect(Box::new(next))));
            }
        }
        let again = self
            .may_be_repeated()
            .then_some(config.retry.as_ref())
            .flatten();
        let pause = again.and_then(|retry| retry.pause_after_answer(self.tried, head));
        let pause = pause.filter(|pause| self.terms.deadline.is_beyond(*pause));
        Ok(pause.map(Next::RepeatAfter))
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
        let Answer {
            head,
            exchange,
            slot,
        } = answer;
        let mut response = Response::new(head, way, config.max_body, progress);
        let found = response.find_coding(config.decode, config.limits.codings);
        match found.and_then(|()| response.take_body(exchange, slot)) {
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
