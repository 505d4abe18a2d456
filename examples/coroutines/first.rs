//! Rows 40, 41, 43, 60: what calling a coroutine does, and what awaiting does.

use std::any::type_name_of_val;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use looplet::{EventLoop, to_thread};

use crate::rows::{self, Outcome, Stopwatch, pause};

async fn func(x: u32) -> u32 {
    println!("Asynchronous functions");
    x.pow(2)
}

/// The compiler warns of a future that is not used. Of one that is used, but not awaited, the
/// wrapper tells; `func` never begins in either case.
pub(crate) fn never_awaited() -> Outcome {
    let coroutine = func(2);
    println!("{}", type_name_of_val(&coroutine));
    drop(noted("func", coroutine));
    Ok(())
}

/// A future that says so when it is dropped before it was polled.
struct Noted<F> {
    /// What it is called.
    name: &'static str,
    /// Where it was made.
    made_at: &'static Location<'static>,
    /// The future; boxed, so that no `unsafe` is needed to reach it.
    future: Pin<Box<F>>,
    /// Whether it has begun.
    has_begun: bool,
}

#[track_caller]
fn noted<F: Future>(name: &'static str, future: F) -> Noted<F> {
    let (made_at, future) = (Location::caller(), Box::pin(future));
    Noted {
        name,
        made_at,
        future,
        has_begun: false,
    }
}

impl<F: Future> Future for Noted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.has_begun = true;
        self.future.as_mut().poll(context)
    }
}

impl<F> Drop for Noted<F> {
    fn drop(&mut self) {
        if !self.has_begun {
            println!(
                "{}: coroutine '{}' was never awaited",
                self.made_at, self.name
            );
        }
    }
}

pub(crate) fn run_until_complete() -> Outcome {
    let event_loop = EventLoop::new()?;
    let result = event_loop.run_until_complete(noted("func", func(2)))?;
    println!("{result}");
    Ok(())
}

pub(crate) async fn task1(x: u32) -> u32 {
    println!("Task 1");
    pause(2.0).await;
    println!("Recovery mission 1");
    x
}

pub(crate) async fn task2(x: u32) -> u32 {
    println!("Task 2");
    pause(1.0).await;
    println!("Recovery mission 2");
    x
}

pub(crate) fn serial() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let first = task1(1).await;
        let second = task2(2).await;
        println!("Task 1 returns a value of {first}");
        println!("Task 2 returns the value of {second}");
        println!("Running time {}", clock.passed());
        Ok(())
    })
}

/// A task is what makes both alike: something to await, cancel and ask.
pub(crate) fn bridge() -> Outcome {
    rows::run(async {
        let coroutine = async { println!("coroutine: awaited, so it runs") };
        let thread = thread::spawn(|| println!("thread: runs at once"));
        to_thread(move || thread.join())
            .await
            .map_err(|_| "the thread panicked")?;
        coroutine.await;
        Ok(())
    })
}
