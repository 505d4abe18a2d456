//! Reports: what the loop says when something went wrong that nobody awaited.
//!
//! A panic in a callback, a panicked task whose outcome nobody looked at, a panic in a `Drop`:
//! the loop goes on, and the exception handler hears of it once. The default handler writes
//! a line to standard error, and one more for each thing that it is about. An error in the handler falls back to the default one.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
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
    /// Where the callback was scheduled that it happened in, if it was a callback.
    pub handle: Option<&'static Location<'static>>,
    /// The connection that it is about, if it is about one: its peer, or both ends.
    pub transport: Option<String>,
    /// The type of the protocol of that connection.
    pub protocol: Option<&'static str>,
    /// The address of the listening socket, or the number of the descriptor, that it is about.
    pub socket: Option<String>,
}

impl ErrorContext {
    /// Makes a report that has a message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
            task: None,
            handle: None,
            transport: None,
            protocol: None,
            socket: None,
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

/// The message, the task and the cause, on one line.
impl fmt::Display for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(task) = &self.task {
            write!(f, " in {task}")?;
        }
        match &self.cause {
            // A list of its own lines.
            Some(cause) if cause.starts_with('\n') => write!(f, ":{cause}")?,
            Some(cause) => write!(f, ": {cause}")?,
            None => {}
        }
        Ok(())
    }
}

/// What a report says beyond its first line.
struct Details<'a>(&'a ErrorContext);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.0;
        if let Some(handle) = context.handle {
            write!(f, "\n  handle: scheduled at {handle}")?;
        }
        if let Some(transport) = &context.transport {
            write!(f, "\n  transport: {transport}")?;
        }
        if let Some(protocol) = context.protocol {
            write!(f, "\n  protocol: {protocol}")?;
        }
        if let Some(socket) = &context.socket {
            write!(f, "\n  socket: {socket}")?;
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
        eprintln!("looplet: {context}{}", Details(context));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_handler_has_a_line_for_each_thing() {
        let (context, line) = (ErrorContext::new("bad luck"), line!());
        assert_eq!(Details(&context).to_string(), "");
        let context = ErrorContext {
            handle: Some(Location::caller()),
            transport: Some("1.1.1.1:1 to 1.1.1.1:2".to_string()),
            protocol: Some("Echo"),
            socket: Some("1.1.1.1:1".to_string()),
            ..context
        };
        let expected = format!(
            "\n  handle: scheduled at {}:{}:26\n  transport: 1.1.1.1:1 to 1.1.1.1:2\
             \n  protocol: Echo\n  socket: 1.1.1.1:1",
            file!(),
            line + 3
        );
        assert_eq!(Details(&context).to_string(), expected);
    }
}
