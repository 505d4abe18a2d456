//! From and to the `Stream` of other libraries; with the feature `futures`.
//!
//! A stream is polled, an [`AsyncIterator`] is awaited. One way is a call of `poll_fn`. The
//! other has to keep the future of `next` between two polls, and that future borrows the
//! iterator: together they would point into themselves. So the iterator lives in a coroutine
//! that walks over it, lays each item on a slot, and gives the turn to whoever polls the
//! stream, which takes it from there.
//!
//! # What it costs
//!
//! Two allocations a stream, the coroutine and the slot, and none an item: the coroutine is
//! polled where it stands. A poll goes through one `dyn` call. A stream that becomes an
//! iterator costs one allocation, because it must not move once it was polled.
//!
//! # Cancellation
//!
//! There is no scope and no leaf in here. A cancel that arrives while a combinator of another
//! library waits for such a stream goes by the same `poll` to the leaf below.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::iterator::AsyncIterator;

/// Makes a stream of an iterator, for the crates that take streams.
///
/// asyncio has no counterpart.
///
/// # Cancel safety
///
/// The stream keeps the wait for the next item between two polls. Dropping what polls it (a
/// `StreamExt::next`, say) loses nothing; dropping the stream drops the iterator, and an item
/// that [`then`](AsyncIterator::then) was busy with.
///
/// ```
/// use futures_util::StreamExt;
/// use looplet::{into_stream, iter, run};
///
/// let all: Vec<i32> = run(into_stream(iter([1, 2, 3])).skip(1).collect());
/// assert_eq!(all, [2, 3]);
/// ```
pub fn into_stream<'a, I: AsyncIterator + 'a>(mut iterator: I) -> IntoStream<'a, I::Item> {
    let slot = Rc::new(Cell::new(None));
    let shelf = slot.clone();
    let walk = async move {
        while let Some(item) = iterator.next().await {
            shelf.set(Some(item));
            taken().await;
        }
    };
    IntoStream {
        walk: Some(Box::pin(walk)),
        slot,
    }
}

/// Gives the thread back once, without a wake: who polls takes the item and comes again.
async fn taken() {
    let mut given = false;
    poll_fn(|_| match std::mem::replace(&mut given, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// The stream of [`into_stream`].
///
/// asyncio has no counterpart.
///
/// ```
/// use looplet::{IntoStream, into_stream, iter, run};
/// use futures_util::StreamExt;
///
/// let stream: IntoStream<'static, i32> = into_stream(iter([1, 2, 3]));
/// assert_eq!(run(stream.count()), 3);
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct IntoStream<'a, T> {
    /// Lays one item on the slot whenever it gives the thread back with something there;
    /// `None` behind the end.
    walk: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    slot: Rc<Cell<Option<T>>>,
}

impl<T> Stream for IntoStream<'_, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(walk) = &mut self.walk else {
            return Poll::Ready(None);
        };
        if walk.as_mut().poll(context).is_ready() {
            self.walk = None;
            return Poll::Ready(None);
        }
        match self.slot.take() {
            Some(item) => Poll::Ready(Some(item)),
            None => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for IntoStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoStream")
            .field("ended", &self.walk.is_none())
            .finish()
    }
}

/// Makes an iterator of a stream. The stream is dropped at its end, and not polled again.
///
/// asyncio has no counterpart.
///
/// # Cancel safety
///
/// Dropping or cancelling `next` loses nothing: what a stream has begun, it keeps.
///
/// ```
/// use futures_util::stream;
/// use looplet::{AsyncIterator, from_stream, run};
///
/// let doubled = from_stream(stream::iter([1, 2])).map(|n| 2 * n);
/// assert_eq!(run(doubled.collect::<Vec<_>>()), [2, 4]);
/// ```
pub fn from_stream<S: Stream>(stream: S) -> FromStream<S> {
    FromStream {
        stream: Some(Box::pin(stream)),
    }
}

/// The iterator of [`from_stream`].
///
/// asyncio has no counterpart.
///
/// ```
/// use looplet::{AsyncIterator, FromStream, from_stream, run};
/// use futures_util::stream;
///
/// let one: FromStream<stream::Iter<std::vec::IntoIter<i32>>> = from_stream(stream::iter(vec![1]));
/// assert_eq!(run(one.collect::<Vec<_>>()), [1]);
/// ```
#[must_use = "iterators do nothing unless asked for items"]
pub struct FromStream<S> {
    /// `None` behind the end.
    stream: Option<Pin<Box<S>>>,
}

impl<S: Stream> AsyncIterator for FromStream<S> {
    type Item = S::Item;

    async fn next(&mut self) -> Option<S::Item> {
        let stream = self.stream.as_mut()?;
        let item = poll_fn(|context| stream.as_mut().poll_next(context)).await;
        if item.is_none() {
            self.stream = None;
        }
        item
    }
}

impl<S> fmt::Debug for FromStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromStream")
            .field("ended", &self.stream.is_none())
            .finish()
    }
}
