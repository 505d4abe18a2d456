//! A session, and the loop that it has for itself.

use std::cell::Cell;
use std::rc::Rc;

use looplet::{RunError, Runner, try_get_running_loop};

use crate::background::Background;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::session::Session;

/// What requests and responses of a blocking session run on.
#[derive(Clone, Debug)]
pub(super) struct Engine(Rc<Parts>);

/// In this order they are dropped: connections belong to the loop.
#[derive(Debug)]
struct Parts {
    session: Session,
    runner: Runner,
}

impl Engine {
    pub(super) fn new(config: SessionConfig) -> Result<Self, Error> {
        let runner = Runner::new().map_err(|error| no_loop(&error))?;
        let session = Session::with(config);
        Ok(Self(Rc::new(Parts { session, runner })))
    }

    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Says whether a loop is running on this thread, which blocking would stop.
    pub(super) fn check(&self) -> Result<(), Error> {
        match try_get_running_loop() {
            Some(_) => Err(no_loop(&RunError::AlreadyRunning)),
            None => Ok(()),
        }
    }

    /// Runs the loop until `work` has ended.
    pub(super) fn block_on<F: Future + 'static>(&self, work: F) -> Result<F::Output, Error> {
        let result = Rc::new(Cell::new(None));
        let kept = result.clone();
        let work = Background::new(async move { kept.set(Some(work.await)) });
        let ran = self.0.runner.run(work);
        ran.map_err(|error| no_loop(&error))?;
        Ok(result.take().expect("work that has ended has a result"))
    }
}

fn no_loop(cause: &impl ToString) -> Error {
    Error::NoLoop {
        cause: cause.to_string(),
    }
}
