//! Errors as the traces name them.
//!
//! A case raises errors of its own, [`Raised`], by their Python names. The errors of looplet
//! have other names and texts than asyncio's; here each gets the label of its counterpart, by
//! a match on what the runtime has given.

use std::fmt;

use looplet::{
    Cancelled, ErrorContext, ErrorGroup, EventLoop, GetError, InvalidState, LoopClosed,
    QueueShutDown, RunError, TaskError, TimedOut,
};

use crate::trace::Python;

/// An error of a case's own, with the name that its Python twin has.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Raised {
    kind: &'static str,
    text: String,
}

impl Raised {
    pub(crate) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }
}

pub(crate) fn value_error(text: &str) -> Raised {
    Raised::new("ValueError", text)
}

pub(crate) fn key_error(key: &str) -> Raised {
    Raised::new("KeyError", key.repr())
}

pub(crate) fn runtime_error(text: &str) -> Raised {
    Raised::new("RuntimeError", text)
}

pub(crate) fn division_by_zero() -> Raised {
    Raised::new("ZeroDivisionError", "division by zero")
}

/// Raises where nobody can take a `Result`: a panic that carries the label.
pub(crate) fn throw(raised: Raised) -> ! {
    std::panic::resume_unwind(Box::new(raised.to_string()))
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        if self.text.is_empty() {
            return Ok(());
        }
        write!(f, "({})", self.text)
    }
}

/// A report prints an exception so.
impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Raised {}

impl Python for Raised {
    fn str(&self) -> String {
        self.to_string()
    }
}

impl Python for Cancelled {
    fn str(&self) -> String {
        Raised::new("CancelledError", self.message().unwrap_or_default()).str()
    }
}

impl Python for TaskError {
    fn str(&self) -> String {
        match self {
            TaskError::Cancelled(cancelled) => cancelled.str(),
            TaskError::Panicked(payload) => match payload.downcast_ref::<String>() {
                Some(label) => label.clone(),
                None => "a panic".to_string(),
            },
            other => format!("{other:?}"),
        }
    }
}

impl Python for TimedOut {
    fn str(&self) -> String {
        "TimeoutError".to_string()
    }
}

impl Python for InvalidState {
    fn str(&self) -> String {
        let text = match self {
            InvalidState::ResultNotSet => "Result is not set.",
            InvalidState::ExceptionNotSet => "Exception is not set.",
            InvalidState::Done => "invalid state",
            other => return format!("{other:?}"),
        };
        Raised::new("InvalidStateError", text).str()
    }
}

impl Python for QueueShutDown {
    fn str(&self) -> String {
        "QueueShutDown".to_string()
    }
}

impl Python for LoopClosed {
    fn str(&self) -> String {
        runtime_error("Event loop is closed").str()
    }
}

impl<E: Python> Python for ErrorGroup<E> {
    fn str(&self) -> String {
        let errors: Vec<String> = self.errors().iter().map(E::str).collect();
        format!("ExceptionGroup[{}]", errors.join(", "))
    }
}

impl Python for GetError {
    fn str(&self) -> String {
        match self {
            GetError::Empty => "QueueEmpty".to_string(),
            GetError::ShutDown => "QueueShutDown".to_string(),
        }
    }
}

/// Why `event_loop` refused to run. Which of asyncio's two texts it is depends on the loop
/// that is running.
pub(crate) fn refusal(event_loop: &EventLoop, error: &RunError) -> Raised {
    match error {
        RunError::AlreadyRunning if event_loop.is_running() => {
            runtime_error("This event loop is already running")
        }
        RunError::AlreadyRunning => {
            runtime_error("Cannot run the event loop while another loop is running")
        }
        RunError::Closed => runtime_error("Event loop is closed"),
        RunError::Stopped => runtime_error("Event loop stopped before Future completed."),
        other => Raised::new("RunError", other.to_string()),
    }
}

/// What a report of the loop is about, in asyncio's words.
pub(crate) fn message(report: &ErrorContext) -> String {
    match (report.message.as_str(), &report.task) {
        ("a callback panicked", _) => "Exception in callback",
        ("a panic was never retrieved", Some(_)) => "Task exception was never retrieved",
        ("an exception was never retrieved", None) => "Future exception was never retrieved",
        ("a task was pending when the event loop was closed", _) => {
            "Task was destroyed but it is pending!"
        }
        ("a panic while the run ended", _) => "unhandled exception during asyncio.run() shutdown",
        (other, _) => other,
    }
    .to_string()
}

/// What a report of the loop was caused by; `-` for nothing.
pub(crate) fn cause(report: &ErrorContext) -> String {
    report.cause.clone().unwrap_or_else(|| "-".to_string())
}
