//! `yield_now`: gives the turn away once.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::leaf::interrupted;

/// Lets everything else that is ready run before the task goes on.
///
/// The task is queued for the next turn, behind what is in the queue. It is the way to keep a
/// long computation from holding up the loop; in a loop that waits for something, it keeps
/// the processor busy, and an [`Event`](crate::Event) is what is wanted. The asyncio
/// counterpart is `sleep(0)`.
///
/// # Cancel safety
///
/// Dropping it leaves the task as it is; a cancel is raised where it stands.
///
/// ```
/// use looplet::{create_task, run, yield_now};
///
/// run(async {
///     let other = create_task(async { 7 });
///     assert!(!other.done());
///     yield_now().await;
///     assert!(other.done());
/// });
/// ```
#[doc(alias = "sleep")]
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
///
/// It is not counted as a wait, as other leaves are: a task that is queued already has its next
/// step coming, and a request is thrown into that in any case. asyncio has no name for it.
///
/// # Cancel safety
///
/// Dropping it leaves the task as it is.
///
/// ```
/// use looplet::{YieldNow, run, yield_now};
///
/// let pause: YieldNow = yield_now();
/// run(pause);
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl std::future::Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if interrupted() {
            return Poll::Pending;
        }
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
