//! The handle of a callback that any thread may cancel.
//!
//! The loop has one end of such a call, the handle is the other. A lock says which of them is
//! first, and it is held over no user code: what runs is marked as running, and a cancel from
//! another thread waits for the end of that. So once `cancel` has returned, the callback does not
//! run any more, and what it captured is gone.
//!
//! ```text
//!             run               it returns or panics
//!   Waiting ───────► Running ──────────────────────────► Over
//!      └───────────────────────────────────────────────────▲
//!         cancel, or the loop is closed: the closure is dropped
//! ```

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// A callback scheduled with
/// [`call_soon_threadsafe`](crate::LoopHandle::call_soon_threadsafe).
///
/// Clones stand for the same callback, on whatever thread. Dropping the handle leaves the
/// callback scheduled. In asyncio, the `Handle` that `loop.call_soon_threadsafe` returns.
///
/// ```
/// use looplet::EventLoop;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let event_loop = EventLoop::new()?;
/// let handle = event_loop.handle();
/// let other = std::thread::spawn(move || {
///     let call = handle.call_soon_threadsafe(|| panic!("never called"))?;
///     call.cancel();
///     handle.call_soon_threadsafe(|| looplet::get_running_loop().stop())?;
///     Ok::<_, looplet::LoopClosed>(call)
/// });
/// event_loop.run_forever()?;
/// assert!(other.join().expect("it does not panic")?.cancelled());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ThreadsafeHandle {
    call: Arc<dyn Cancellable>,
}

impl ThreadsafeHandle {
    /// Keeps the callback from running, and drops its closure on this thread. If it is running
    /// at the moment, this waits until it has ended.
    ///
    /// From within the callback itself, and from whatever else runs on the thread of the loop,
    /// it does not wait. Once the callback has run, only [`cancelled`](Self::cancelled) changes.
    /// A callback that in turn waits for the thread that cancels it waits for ever.
    pub fn cancel(&self) {
        self.call.cancel();
    }

    /// Returns whether [`cancel`](Self::cancel) was called, even if the callback had run by
    /// then, as in asyncio; or whether the loop was closed before it ran.
    pub fn cancelled(&self) -> bool {
        self.call.is_cancelled()
    }
}

impl fmt::Debug for ThreadsafeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadsafeHandle")
            .field("cancelled", &self.cancelled())
            .finish()
    }
}

/// Makes both ends of a call: the one that the loop runs, or drops if it is closed, and the
/// handle.
pub(super) fn threadsafe<F>(closure: F) -> (Entry<F>, ThreadsafeHandle)
where
    F: FnOnce() + Send + 'static,
{
    let call = Arc::new(Call {
        stage: Mutex::new(Stage::Waiting(closure)),
        ended: Condvar::new(),
        cancelled: AtomicBool::new(false),
    });
    (Entry(call.clone()), ThreadsafeHandle { call })
}

/// What a handle can do with a call, whatever its closure.
trait Cancellable: Send + Sync {
    fn cancel(&self);
    fn is_cancelled(&self) -> bool;
}

/// What the two ends share.
struct Call<F> {
    stage: Mutex<Stage<F>>,
    /// Told when the closure has run.
    ended: Condvar,
    /// Whether it was cancelled, before the run or after it.
    cancelled: AtomicBool,
}

enum Stage<F> {
    Waiting(F),
    /// On this thread.
    Running(ThreadId),
    Over,
}

impl<F> Call<F> {
    /// Takes the closure, unless somebody was faster.
    fn take(&self, next: Stage<F>) -> Option<F> {
        let mut stage = self.lock();
        match std::mem::replace(&mut *stage, next) {
            Stage::Waiting(closure) => Some(closure),
            other => {
                *stage = other;
                None
            }
        }
    }

    fn wait(&self) {
        let here = thread::current().id();
        let mut stage = self.lock();
        while matches!(*stage, Stage::Running(thread) if thread != here) {
            stage = self
                .ended
                .wait(stage)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No user code runs while the lock is held, so nobody panics then.
    fn lock(&self) -> MutexGuard<'_, Stage<F>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Send> Cancellable for Call<F> {
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        let closure = self.take(Stage::Over);
        drop(closure);
        self.wait();
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

/// The loop's end of a call. Dropping it before it has run cancels it.
pub(super) struct Entry<F>(Arc<Call<F>>);

impl<F: FnOnce()> Entry<F> {
    pub(super) fn run(self) {
        if let Some(closure) = self.0.take(Stage::Running(thread::current().id())) {
            let _ended = Ended(&self.0);
            closure();
        }
    }
}

impl<F> Drop for Entry<F> {
    fn drop(&mut self) {
        let closure = self.0.take(Stage::Over);
        if closure.is_some() {
            self.0.cancelled.store(true, Ordering::Release);
        }
        drop(closure);
    }
}

/// Ends the run, also by a panic.
struct Ended<'a, F>(&'a Call<F>);

impl<F> Drop for Ended<'_, F> {
    fn drop(&mut self) {
        *self.0.lock() = Stage::Over;
        self.0.ended.notify_all();
    }
}
