//! The trait, and the few adapters that most programs need.
//!
//! # Rules
//!
//! 1. After `None` comes `None`.
//! 2. An adapter keeps what it has got from below in itself, not in the future of `next`. So
//!    dropping or cancelling that future loses nothing, where the iterator below loses
//!    nothing. [`then`](AsyncIterator::then) is the exception, and says so.
//! 3. An adapter asks for an item only when it is asked for one, and waits for one at a time.
//!
//! # What is deliberately absent
//!
//! Concurrency (`gather` and its relatives have it), a size hint, and everything that a loop
//! says as clearly: `fold`, `zip`, `chain`, `flat_map`. There is no `dyn AsyncIterator`: its
//! future would have to be boxed for every item. An asynchronous generator is a task that puts
//! into a [`Queue`](crate::Queue).
//!
//! The adapters are closures for [`from_fn`]: each is as long as what it does.

use std::fmt;

/// Gives its items one by one, and may wait for each.
///
/// The asyncio counterpart is an object with `__aiter__` and `__anext__`. `next` is an
/// ordinary `async fn`, so to implement the trait is to write one. A cancel travels through it
/// as through any other await.
///
/// An iterator whose items are always there never gives the thread away, and neither does a
/// loop over it: as in asyncio, only an await that has to wait does.
///
/// ```
/// use looplet::{AsyncIterator, run, sleep};
/// use std::time::Duration;
///
/// struct Countdown(u32);
///
/// impl AsyncIterator for Countdown {
///     type Item = u32;
///
///     async fn next(&mut self) -> Option<u32> {
///         sleep(Duration::from_millis(1)).await;
///         self.0 = self.0.checked_sub(1)?;
///         Some(self.0)
///     }
/// }
///
/// run(async {
///     let mut countdown = Countdown(3);
///     assert_eq!(countdown.next().await, Some(2));
///     let rest: Vec<String> = countdown.map(|n| n.to_string()).collect().await;
///     assert_eq!(rest, ["1", "0"]);
/// });
/// ```
#[doc(alias = "Stream")]
#[doc(alias = "async_for")]
#[must_use = "iterators do nothing unless asked for items"]
#[expect(
    async_fn_in_trait,
    reason = "everything stays on one thread, so nobody wants a Send bound on the futures"
)]
pub trait AsyncIterator {
    /// What it gives.
    type Item;

    /// Returns the next item, or `None` when there are no more; and then always `None`.
    ///
    /// # Cancel safety
    ///
    /// Every implementor says its own. With those of this crate, dropping or cancelling it
    /// loses nothing.
    #[doc(alias = "__anext__")]
    async fn next(&mut self) -> Option<Self::Item>;

    /// Changes every item.
    fn map<T>(mut self, mut change: impl FnMut(Self::Item) -> T) -> impl AsyncIterator<Item = T>
    where
        Self: Sized,
    {
        from_fn(async move || self.next().await.map(&mut change))
    }

    /// Changes every item with a closure that may wait.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling `next` while `change` waits loses the item that it had.
    fn then<T>(
        mut self,
        mut change: impl AsyncFnMut(Self::Item) -> T,
    ) -> impl AsyncIterator<Item = T>
    where
        Self: Sized,
    {
        from_fn(async move || {
            let item = self.next().await?;
            Some(change(item).await)
        })
    }

    /// Leaves out the items for which `wanted` says no.
    fn filter(
        mut self,
        mut wanted: impl FnMut(&Self::Item) -> bool,
    ) -> impl AsyncIterator<Item = Self::Item>
    where
        Self: Sized,
    {
        from_fn(async move || {
            loop {
                let item = self.next().await?;
                if wanted(&item) {
                    return Some(item);
                }
            }
        })
    }

    /// Ends after `count` items, without asking for more.
    fn take(mut self, mut count: usize) -> impl AsyncIterator<Item = Self::Item>
    where
        Self: Sized,
    {
        from_fn(async move || {
            let left = count.checked_sub(1)?;
            let item = self.next().await?;
            count = left;
            Some(item)
        })
    }

    /// Numbers the items, from 0. The counterpart of Python's `enumerate`.
    fn enumerate(mut self) -> impl AsyncIterator<Item = (usize, Self::Item)>
    where
        Self: Sized,
    {
        let mut numbers = 0..;
        from_fn(async move || {
            let item = self.next().await?;
            numbers.next().map(|number| (number, item))
        })
    }

    /// Gives the items in lists of `size`; the last one may be shorter.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    ///
    /// ```
    /// use looplet::{AsyncIterator, iter, run};
    ///
    /// let chunks = run(iter([1, 2, 3]).chunks(2).collect::<Vec<_>>());
    /// assert_eq!(chunks, [vec![1, 2], vec![3]]);
    /// ```
    fn chunks(mut self, size: usize) -> impl AsyncIterator<Item = Vec<Self::Item>>
    where
        Self: Sized,
    {
        assert!(size > 0, "a chunk has at least one item");
        let mut chunk = Vec::new();
        from_fn(async move || {
            while chunk.len() < size
                && let Some(item) = self.next().await
            {
                chunk.push(item);
            }
            (!chunk.is_empty()).then(|| std::mem::take(&mut chunk))
        })
    }

    /// Calls `each` with every item, one after the other, and waits for it each time.
    ///
    /// The asyncio counterpart is the statement `async for`.
    ///
    /// # Cancel safety
    ///
    /// Cancelling or dropping it drops the iterator, and what `each` was busy with.
    ///
    /// ```
    /// use looplet::{AsyncIterator, iter, run, yield_now};
    ///
    /// run(async {
    ///     let mut sum = 0;
    ///     iter([1, 2, 3])
    ///         .for_each(async |n| {
    ///             yield_now().await;
    ///             sum += n;
    ///         })
    ///         .await;
    ///     assert_eq!(sum, 6);
    /// });
    /// ```
    async fn for_each(mut self, mut each: impl AsyncFnMut(Self::Item))
    where
        Self: Sized,
    {
        while let Some(item) = self.next().await {
            each(item).await;
        }
    }

    /// Waits for all items and puts them into a collection.
    ///
    /// Into whatever an ordinary iterator can be collected. A `Result` of a collection has the
    /// first error, but is there only after the last item. The asyncio counterpart is
    /// `[item async for item in items]`.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it drops the items that it has got so far.
    ///
    /// ```
    /// use looplet::{AsyncIterator, iter, run};
    ///
    /// let doubled = run(iter([1, 2, 3]).map(|n| 2 * n).collect::<Vec<_>>());
    /// assert_eq!(doubled, [2, 4, 6]);
    /// ```
    async fn collect<C: FromIterator<Self::Item>>(mut self) -> C
    where
        Self: Sized,
    {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item);
        }
        items.into_iter().collect()
    }
}

/// A borrowed iterator is one, too: so a part of it can be taken.
impl<I: AsyncIterator + ?Sized> AsyncIterator for &mut I {
    type Item = I::Item;

    async fn next(&mut self) -> Option<I::Item> {
        (**self).next().await
    }
}

/// Makes an iterator of a closure that gives an item each time it is called, and `None` at the
/// end. It is not called again after that.
///
/// The Python counterpart is an `async def` with a `yield` in it.
///
/// # Cancel safety
///
/// Dropping or cancelling `next` drops the future of the closure. What the closure keeps in its
/// own variables stays.
///
/// ```
/// use looplet::{AsyncIterator, from_fn, run, yield_now};
///
/// let mut left = 3;
/// let countdown = from_fn(async move || {
///     yield_now().await;
///     left -= 1;
///     (left >= 0).then_some(left)
/// });
/// let all: Vec<i32> = run(countdown.collect());
/// assert_eq!(all, [2, 1, 0]);
/// ```
pub fn from_fn<T, F: AsyncFnMut() -> Option<T>>(next: F) -> FromFn<F> {
    FromFn { next: Some(next) }
}

/// Gives the items of an ordinary iterator. It never waits.
///
/// asyncio has no counterpart: an ordinary iterator is no asynchronous one there, either.
///
/// ```
/// use looplet::{AsyncIterator, iter, run};
///
/// let odd = iter(1..10).filter(|n| n % 2 == 1).take(3);
/// assert_eq!(run(odd.collect::<Vec<_>>()), [1, 3, 5]);
/// ```
pub fn iter<I: IntoIterator>(items: I) -> impl AsyncIterator<Item = I::Item> {
    let mut items = items.into_iter();
    from_fn(async move || items.next())
}

/// The iterator of [`from_fn`].
///
/// asyncio has no name for it: there it is an asynchronous generator.
///
/// ```
/// use looplet::{AsyncIterator, FromFn, from_fn, run};
///
/// async fn sum<F: AsyncFnMut() -> Option<i32>>(numbers: FromFn<F>) -> i32 {
///     numbers.collect::<Vec<_>>().await.into_iter().sum()
/// }
///
/// let mut left = 3;
/// let countdown = from_fn(async move || {
///     left -= 1;
///     (left > 0).then_some(left)
/// });
/// assert_eq!(run(sum(countdown)), 3);
/// ```
#[must_use = "iterators do nothing unless asked for items"]
pub struct FromFn<F> {
    /// `None` behind the end.
    next: Option<F>,
}

impl<T, F: AsyncFnMut() -> Option<T>> AsyncIterator for FromFn<F> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        let next = self.next.as_mut()?;
        let item = next().await;
        if item.is_none() {
            self.next = None;
        }
        item
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn")
            .field("ended", &self.next.is_none())
            .finish()
    }
}
