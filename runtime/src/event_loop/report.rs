//! Reports: what the loop says when something went wrong that nobody awaited.
//!
//! A panic in a callback, a panicked task whose outcome nobody looked at, a panic in a `Drop`:
//! the loop goes on, and the exception handler hears of it once. The default handler writes
//! one line to standard error. An error in the handler falls back to the default one.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// What the exception handler is told.
///
/// The asyncio counterpart is the `context` dictionary of `call_exception_handler`.
///
/// ```
/// use looplet::{ErrorContext, get_running_loop, run};
/// use std::rc::Rc;
///
/// run(async {
///     let event_loop = get_running_loop();
///     let show = |context: &ErrorContext| assert_eq!(context.to_string(), "bad luck");
///     event_loop.set_exception_handler(Some(Rc::new(show)));
///     event_loop.call_exception_handler(&ErrorContext::new("bad luck"));
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorContext {
    /// What happened, in one sentence.
    pub message: String,
    /// The text of the panic or the error, if there was one.
    pub cause: Option<String>,
    /// The name of the task it happened in, if it was a task.
    pub task: Option<String>,
}

impl ErrorContext {
    /// Makes a report without cause or task.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
            task: None,
        }
    }

    /// Makes a report of a panic.
    pub(crate) fn of_panic(message: impl Into<String>, payload: &(dyn Any + Send)) -> Self {
        Self {
            cause: Some(panic_text(payload)),
            ..Self::new(message)
        }
    }
}

impl fmt::Display for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(task) = &self.task {
            write!(f, " in {task}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

/// What a panic said, if it said it with a string.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic whose payload is not a string".to_string())
}

/// What is told of panics and errors that nobody awaited.
///
/// Set with [`EventLoop::set_exception_handler`](crate::EventLoop::set_exception_handler). In
/// asyncio, what `set_exception_handler` takes.
///
/// ```
/// use looplet::{ExceptionHandler, get_running_loop, run};
/// use std::rc::Rc;
///
/// run(async {
///     let quiet: ExceptionHandler = Rc::new(|_context| ());
///     get_running_loop().set_exception_handler(Some(quiet));
/// });
/// ```
pub type ExceptionHandler = Rc<dyn Fn(&ErrorContext)>;

/// The exception handler of one loop.
#[derive(Default)]
pub(crate) struct Reporter {
    handler: RefCell<Option<ExceptionHandler>>,
}

impl Reporter {
    pub(crate) fn set_handler(&self, handler: Option<ExceptionHandler>) {
        let old = self.handler.replace(handler);
        drop(old);
    }

    pub(crate) fn handler(&self) -> Option<ExceptionHandler> {
        self.handler.borrow().clone()
    }

    /// Tells the handler, and the default one if that one panics.
    pub(crate) fn report(&self, context: &ErrorContext) {
        let Some(handler) = self.handler() else {
            return report_by_default(context);
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| handler(context))) {
            let message = "the exception handler panicked";
            report_by_default(&ErrorContext::of_panic(message, payload.as_ref()));
            report_by_default(context);
        }
    }

    /// Runs user code; a panic in it is reported and goes no further.
    pub(crate) fn contain(&self, what: &str, run: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
            self.report(&ErrorContext::of_panic(what, payload.as_ref()));
        }
    }
}

/// Writes a report to standard error.
pub(crate) fn report_by_default(context: &ErrorContext) {
    #[expect(
        clippy::print_stderr,
        reason = "this is what the default handler is for"
    )]
    {
        eprintln!("looplet: {context}");
    }
}
