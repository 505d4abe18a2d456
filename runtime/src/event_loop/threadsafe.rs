//! `call_soon_threadsafe`: the one call that is allowed from any thread.
//!
//! From another thread it is a letter in the inbox. On the loop's own thread it is `call_soon`,
//! so that the two keep one order.

use super::context;
use super::handle;
use super::inbox::LoopHandle;
use super::threadsafe_handle::{ThreadsafeHandle, threadsafe};
use super::values::in_context;
use crate::error::LoopClosed;

impl LoopHandle {
    /// Runs `callback` on the loop's thread, in a turn to come.
    ///
    /// Callbacks from one thread run in the order of the calls; on the loop's own thread, that
    /// is one order with [`call_soon`](crate::EventLoop::call_soon). They run in a copy of the
    /// context of their caller. Any thread may cancel the callback with what is returned. The
    /// asyncio counterpart is `loop.call_soon_threadsafe`.
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] if the loop is closed; the callback is dropped.
    ///
    /// ```
    /// use looplet::{get_running_loop, run};
    ///
    /// run(async {
    ///     let handle = get_running_loop().handle();
    ///     let thread = std::thread::spawn(move || {
    ///         handle.call_soon_threadsafe(|| println!("on the thread of the loop"))
    ///     });
    ///     thread.join().expect("it does not panic").expect("the loop is open");
    /// });
    /// ```
    #[track_caller]
    pub fn call_soon_threadsafe(
        &self,
        callback: impl FnOnce() + Send + 'static,
    ) -> Result<ThreadsafeHandle, LoopClosed> {
        let (entry, handle) = threadsafe(callback);
        let call = in_context(move || entry.run());
        match context::find_loop(self.number()) {
            Some(core) if !core.is_closed() => core.call_soon(handle::callback(call)),
            _ => self.post(call)?,
        }
        Ok(handle)
    }
}
