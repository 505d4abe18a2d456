//! The cases: what CPython printed, and the programs that have to print the same.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;

use looplet::{Clock, Runner, timeout};
use serde_json::Value;

use crate::programs::{loop_on, ms};
use crate::raised::{cause, message};
use crate::trace::Trace;

/// A trace that was recorded.
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
}

/// Reads all recorded traces, in their order.
///
/// # Panics
///
/// If the file is not what [`Recorded`] is made of.
pub(crate) fn recorded() -> Vec<Recorded> {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("traces.json")).expect("traces.json is a list");
    all.iter().map(Recorded::read).collect()
}

impl Recorded {
    fn read(case: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("traces.json has strings").to_string();
        let lines = case["lines"].as_array().expect("a trace is a list");
        Self {
            id: text(&case["id"]),
            title: text(&case["title"]),
            lines: lines.iter().map(text).collect(),
        }
    }
}

/// A program and the id of the trace that it has to leave.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    program: Program,
}

enum Program {
    /// Drives its loops by hand.
    Loop(fn(Trace)),
    /// Is the main coroutine of a loop on this clock.
    Coroutine(Clock, Box<dyn Fn(Trace) -> Main>),
}

type Main = Pin<Box<dyn Future<Output = ()>>>;

impl Case {
    /// A case that drives its loops by hand.
    pub(crate) fn by_hand(id: &'static str, program: fn(Trace)) -> Self {
        let program = Program::Loop(program);
        Self { id, program }
    }

    /// A case that runs in a loop of the driver's, under virtual time.
    pub(crate) fn new<F>(id: &'static str, program: fn(Trace) -> F) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        Self::on(Clock::Virtual, id, program)
    }

    /// A case with descriptors, threads or processes: time that the machine has to spend.
    pub(crate) fn real<F>(id: &'static str, program: fn(Trace) -> F) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        Self::on(Clock::Real, id, program)
    }

    fn on<F>(clock: Clock, id: &'static str, program: fn(Trace) -> F) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let start = move |trace| Box::pin(program(trace)) as Main;
        let program = Program::Coroutine(clock, Box::new(start));
        Self { id, program }
    }

    /// Runs the program and returns the lines it said. A panic that leaves it is one more.
    pub(crate) fn run(&self) -> Vec<String> {
        let trace = Trace::new();
        let ran = catch_unwind(AssertUnwindSafe(|| match &self.program {
            Program::Loop(program) => program(trace),
            Program::Coroutine(clock, start) => run_coroutine(trace, *clock, start),
        }));
        if let Err(payload) = ran {
            let text = payload.downcast_ref::<String>().cloned();
            let text = text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
            trace.say(("PANIC:", text));
        }
        trace.take()
    }
}

/// As CPython ran them: in a runner, for 15 seconds at most, with a handler that says what the
/// loop reports.
fn run_coroutine(trace: Trace, clock: Clock, start: &dyn Fn(Trace) -> Main) {
    let event_loop = loop_on(clock);
    event_loop.set_exception_handler(Some(Rc::new(move |report| {
        trace.say(("HANDLER:", message(report), "|", cause(report)));
    })));
    let runner = Runner::with_loop(event_loop);
    match runner.run(timeout(ms(15_000), start(trace))) {
        Ok(Ok(())) => {}
        Ok(Err(timed_out)) => trace.say(("STUCK:", timed_out.to_string())),
        Err(error) => trace.say(("STUCK:", error.to_string())),
    }
}
