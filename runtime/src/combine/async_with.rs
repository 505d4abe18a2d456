//! `async_with`: what is acquired is given back, whatever happens in between.
//!
//! Rust gives things back in `Drop`, which cannot wait. Where giving back has to wait (a polite
//! good-bye to a server, a transaction), Python has `async with`; this is its counterpart.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::task::catch_cancel;

/// Runs `enter`, `body` with what that returned, and `exit`, also when the body is cancelled or
/// panics.
///
/// After `exit`, a cancel or a panic of the body goes on. The asyncio counterpart is
/// `async with`.
///
/// # Cancel safety
///
/// A cancel that comes during `enter` ends it: there is nothing to exit from. One that comes in the
/// body is raised when `exit` is done. During `exit`, a further one is delivered at its awaits, as
/// in asyncio. Dropping the future drops what it holds and runs no `exit`.
///
/// ```
/// use looplet::{async_with, run, sleep, timeout};
/// use std::time::Duration;
///
/// run(async {
///     let visit = async_with(
///         async { String::from("hello") },
///         async |_greeting| sleep(Duration::from_secs(60)).await,
///         async |greeting| {
///             sleep(Duration::from_millis(1)).await;
///             assert_eq!(greeting, "hello");
///         },
///     );
///     assert!(timeout(Duration::from_millis(5), visit).await.is_err());
/// });
/// ```
pub async fn async_with<R, T>(
    enter: impl IntoFuture<Output = R>,
    body: impl AsyncFnOnce(&mut R) -> T,
    exit: impl AsyncFnOnce(R),
) -> T {
    let mut resource = enter.await;
    let contained = Contained(Box::pin(body(&mut resource)));
    let outcome = catch_cancel(contained).await;
    exit(resource).await;
    match outcome {
        Ok(Ok(value)) => value,
        Ok(Err(payload)) => resume_unwind(payload),
        Err(cancelled) => cancelled.raise().await,
    }
}

/// A future whose panic is a value.
struct Contained<F>(Pin<Box<F>>);

impl<F: Future> std::future::Future for Contained<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let child = self.0.as_mut();
        match catch_unwind(AssertUnwindSafe(|| child.poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}

impl<F> fmt::Debug for Contained<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contained")
    }
}
