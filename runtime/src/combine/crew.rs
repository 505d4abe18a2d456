//! A crew: tasks that belong to the one who waits for them.
//!
//! `gather` and `wait` only watch. What is here owns: the children of a crew end before the
//! one who runs it goes on, whatever ends the run, be it the last result, an error, or a
//! cancel of the one who waits. Only a drop cannot wait: it cancels them and goes.

use std::panic::resume_unwind;

use super::arrivals::Arrivals;
use crate::cancel::{CancelReason, Cancelled};
use crate::promise::TaskError;
use crate::task::{catch_cancel, create_task};

/// Tasks that are cancelled when nobody is there any more to wait for them.
pub(super) struct Crew<T: 'static> {
    arrivals: Arrivals<T>,
}

impl<T> Crew<T> {
    /// Starts a task.
    pub(super) fn start(&mut self, number: usize, future: impl Future<Output = T> + 'static) {
        self.arrivals.watch(number, create_task(future));
    }

    pub(super) fn arrivals(&mut self) -> &mut Arrivals<T> {
        &mut self.arrivals
    }

    /// Asks all that have not arrived to end.
    pub(super) fn cancel(&self, cause: &Cancelled) {
        for task in self.arrivals.tasks() {
            task.as_cancel_target().cancel(cause.clone());
        }
    }

    /// Waits until all have arrived. A panic of one that was cancelled is nobody's, and the
    /// loop reports it.
    async fn join(&mut self) {
        while let Some(arrival) = self.arrivals.next().await {
            drop(arrival);
        }
    }
}

impl<T> Drop for Crew<T> {
    fn drop(&mut self) {
        self.cancel(&Cancelled::new(CancelReason::Requested));
    }
}

/// Runs `body` with a crew. When it ends, in whatever way, those that have not arrived are
/// cancelled and waited for.
pub(super) async fn with_crew<T: 'static, R>(
    what: &'static str,
    body: impl AsyncFnOnce(&mut Crew<T>) -> R,
) -> R {
    let mut crew = Crew {
        arrivals: Arrivals::new(what),
    };
    let ended = catch_cancel(body(&mut crew)).await;
    let cause = match &ended {
        Ok(_) => Cancelled::with_message("nobody waits for the result any more"),
        Err(cancelled) => cancelled.clone(),
    };
    crew.cancel(&cause);
    crew.join().await;
    match ended {
        Ok(result) => result,
        Err(cancelled) => cancelled.raise().await,
    }
}

/// Goes on as a task ended that has no value: cancelled, or in a panic.
pub(super) async fn fail(failure: TaskError) -> ! {
    match failure {
        TaskError::Cancelled(cause) => cause.raise().await,
        TaskError::Panicked(payload) => resume_unwind(payload),
    }
}
