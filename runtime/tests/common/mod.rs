//! What the tests of the runtime share: a trace, a loop whose time is virtual, two combinators.
//!
//! The combinators are written here because the point of many tests is what happens when
//! somebody else's combinator stands between a task and its leaves. There are two kinds of
//! them: [`join`] polls every child that has not ended whenever it is polled, as `join!` does;
//! [`unordered`] polls only children whose own waker was called, as `FuturesUnordered` does.

#![allow(dead_code, reason = "every test file uses a part of this one")]

pub(crate) mod net;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use looplet::{Clock, EventLoop, Runner, get_running_loop, yield_now};

/// The lines that a program has said, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    /// Adds a line.
    pub(crate) fn say(&self, line: impl ToString) {
        let line = line.to_string();
        self.0.borrow_mut().push(line);
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Takes all lines out.
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// Returns a closure that adds `line`, for a callback.
    pub(crate) fn sayer(&self, line: impl ToString) -> impl FnOnce() + 'static {
        let (trace, line) = (self.clone(), line.to_string());
        move || trace.say(line)
    }
}

/// Says a line when it is dropped.
pub(crate) struct SayOnDrop(pub(crate) Trace, pub(crate) &'static str);

impl Drop for SayOnDrop {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}

pub(crate) const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A loop with virtual time that asks the kernel every turn, as asyncio does.
pub(crate) fn virtual_loop() -> EventLoop {
    let builder = EventLoop::builder().clock(Clock::Virtual).io_interval(1);
    builder.build().expect("the system gives a loop")
}

/// Runs `main` on a loop with virtual time.
pub(crate) fn run_virtual<F: Future + 'static>(main: F) -> F::Output {
    let runner = Runner::with_loop(virtual_loop());
    runner.run(main).expect("the program ends by itself")
}

/// Runs a program on a loop with virtual time and returns what it said. Reports of the loop
/// are lines, too.
pub(crate) fn traced<F: Future + 'static>(program: impl FnOnce(Trace) -> F) -> Vec<String> {
    let trace = Trace::default();
    let event_loop = virtual_loop();
    report_to(&event_loop, &trace);
    let runner = Runner::with_loop(event_loop);
    let ran = runner.run(program(trace.clone()));
    ran.expect("the program ends by itself");
    drop(runner);
    trace.take()
}

/// Lets the loop report into a trace.
pub(crate) fn report_to(event_loop: &EventLoop, trace: &Trace) {
    let trace = trace.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |context| {
        trace.say(format!("HANDLER {context}"));
    })));
}

/// Gives the turn away `count` times.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Milliseconds on the running loop's clock, since the loop was at `start`.
pub(crate) fn elapsed_ms(start: std::time::Instant) -> u128 {
    get_running_loop().time().duration_since(start).as_millis()
}

/// Counts the turns of the running loop.
pub(crate) struct Ticks {
    count: Rc<Cell<u32>>,
    going: Rc<Cell<bool>>,
}

impl Ticks {
    pub(crate) fn start() -> Self {
        let ticks = Self {
            count: Rc::default(),
            going: Rc::new(Cell::new(true)),
        };
        tick(ticks.count.clone(), ticks.going.clone());
        ticks
    }

    pub(crate) fn count(&self) -> u32 {
        self.count.get()
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.going.set(false);
    }
}

fn tick(count: Rc<Cell<u32>>, going: Rc<Cell<bool>>) {
    if !going.get() {
        return;
    }
    count.set(count.get() + 1);
    get_running_loop().call_soon(move || tick(count, going));
}

/// The text of the panic that `run` ends with.
pub(crate) fn panic_of<R>(run: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else {
        panic!("it was expected to panic")
    };
    text_of(payload)
}

/// The text of a panic's payload.
pub(crate) fn text_of(payload: Box<dyn std::any::Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast::<&str>() {
            Ok(text) => text.to_string(),
            Err(payload) => resume_unwind(payload),
        },
    }
}

/// Awaits `future` and returns the text of the panic it ends with.
pub(crate) async fn panic_in<F: Future>(future: F) -> String {
    let mut future = Box::pin(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(_)) => panic!("it was expected to panic"),
            Err(payload) => Poll::Ready(text_of(payload)),
        },
    )
    .await
}

/// A future of either kind.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// Waits for both. Every poll polls every child that has not ended, `a` first.
pub(crate) async fn join<A: IntoFuture, B: IntoFuture>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (Box::pin(a.into_future()), Box::pin(b.into_future()));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        poll_once(&mut first, a.as_mut(), context);
        poll_once(&mut second, b.as_mut(), context);
        if first.is_none() || second.is_none() {
            return Poll::Pending;
        }
        first
            .take()
            .zip(second.take())
            .map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

fn poll_once<F: Future>(output: &mut Option<F::Output>, future: Pin<&mut F>, cx: &mut Context<'_>) {
    if output.is_none()
        && let Poll::Ready(value) = future.poll(cx)
    {
        *output = Some(value);
    }
}

/// Waits for all children and returns what they return, in the order of their ends. Polls only
/// children whose own waker was called.
pub(crate) async fn unordered<T>(children: Vec<Boxed<T>>) -> Vec<T> {
    let bell = Arc::new(Bell::default());
    let mut children: Vec<_> = children
        .into_iter()
        .map(|c| (Child::new(&bell), c))
        .collect();
    let mut values = Vec::new();
    poll_fn(|context| {
        bell.set_outer(context.waker());
        children.retain_mut(|(child, future)| {
            if !child.called.swap(false, Ordering::AcqRel) {
                return true;
            }
            let waker = Waker::from(child.clone());
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => {
                    values.push(value);
                    child.ended.store(true, Ordering::Release);
                    false
                }
                Poll::Pending => true,
            }
        });
        if children.is_empty() {
            Poll::Ready(std::mem::take(&mut values))
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Whom the children of one `unordered` wake besides themselves.
#[derive(Default)]
struct Bell {
    outer: Mutex<Option<Waker>>,
}

impl Bell {
    fn set_outer(&self, waker: &Waker) {
        *self.outer.lock().expect("nobody panics here") = Some(waker.clone());
    }
}

struct Child {
    called: AtomicBool,
    /// A wake of a child that has ended does nothing.
    ended: AtomicBool,
    bell: Arc<Bell>,
}

impl Child {
    fn new(bell: &Arc<Bell>) -> Arc<Self> {
        Arc::new(Self {
            called: AtomicBool::new(true),
            ended: AtomicBool::new(false),
            bell: bell.clone(),
        })
    }
}

impl Wake for Child {
    fn wake(self: Arc<Self>) {
        if self.ended.load(Ordering::Acquire) {
            return;
        }
        self.called.store(true, Ordering::Release);
        let outer = self.bell.outer.lock().expect("nobody panics here").clone();
        outer.into_iter().for_each(Waker::wake);
    }
}
