//! Seeing a loop at work.
//!
//! An [`Observer`] is told what a loop does, event by event. The [`Recorder`] is one that writes
//! it down, and gives it out in three forms: a text, a trace for the viewer of Chrome (or
//! Perfetto), and a timeline as a page of HTML that needs nothing else.
//!
//! asyncio has no counterpart; its debug mode tells of slow callbacks.
//!
//! # Rules
//!
//! 1. What is recorded are the events and the words of the loop; a record keeps no task alive.
//! 2. Names come from programs: each form escapes them.
//!
//! ```
//! use looplet::observe::Recorder;
//! use looplet::{Clock, EventLoop, create_task, sleep};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let recorder = Recorder::new();
//! let builder = EventLoop::builder().clock(Clock::Virtual).observer(recorder.clone());
//! let event_loop = builder.build()?;
//! event_loop.run_until_complete(async {
//!     create_task(sleep(Duration::from_secs(1))).await;
//! })?;
//! assert!(recorder.text().contains("Task-1 waits for the Task 'Task-2'"));
//! assert!(recorder.html().starts_with("<!doctype html>"));
//! # Ok(())
//! # }
//! ```

mod record;
mod lanes;
mod text;
mod chrome;
mod html;
mod recorder;

pub use self::recorder::Recorder;
pub use crate::event_loop::{Actor, LoopEvent, Observer, SeenTask, TaskEnding};
