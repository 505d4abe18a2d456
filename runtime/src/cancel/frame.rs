//! A frame is what a cancel is addressed to: a task, a `timeout`, a group.
//!
//! A Python task waits for one thing, so a single flag a task is enough there. A Rust task
//! may poll several futures at once, each with timeouts inside, and a timeout must hit its
//! own body and not the branch beside it. So each of them owns a frame, and frames form a
//! chain from the innermost one up to the task's.
//!
//! # Rules
//!
//! 1. Every leaf that waits is counted in its frame and in all frames around it.
//! 2. A request to a frame inside which exactly one leaf waits, and that leaf waits for
//!    something that can itself be cancelled (a task, a promise), is *forwarded*: the thing is
//!    cancelled, and its outcome decides (asyncio's rule for `Task.cancel`). Not so if the
//!    task has been woken already: then the wait is as good as over.
//! 3. Any other request is stored, and the task is rung. So is the waker of a leaf inside, if
//!    it is not the task's own (see `wakers.rs`).
//! 4. While its owner polls, a frame stores requests; the owner calls `settle`
//!    afterwards.
//! 5. The first undelivered request wins. One delivery serves all frames around the leaf.
//! 6. A request can be taken back as long as nothing has come of it. One that ends the wait of
//!    a leaf is final, although the leaf learns of it only in the next step: asyncio cancels
//!    what the task waits for at once, and that cannot be undone.

use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::Waker;

use super::Cancelled;
use super::awaited::Awaitable;
use super::wakers::{ForeignWakers, Found, WakerId};

/// A frame together with its owner: something that can be rung.
pub(crate) trait FrameOwner {
    /// The frame itself.
    fn frame(&self) -> &Frame;
    /// The frame around it; a task has none.
    fn parent(&self) -> Option<&FrameRef> {
        None
    }
    /// Makes the task poll the owner of this frame again.
    fn ring(&self);
    /// Whether the task has been woken, so that its next step is coming.
    fn is_rung(&self) -> bool;
}

/// A shared frame. A leaf keeps one while it waits.
pub(crate) type FrameRef = Rc<dyn FrameOwner>;

/// Something a leaf may wait for and a request may be forwarded to.
pub(crate) trait CancelTarget: Awaitable {
    /// Asks the target to end. Returns whether that can still change anything.
    fn cancel(&self, cause: Cancelled) -> bool;
}

/// Which target a leaf waits for, for comparisons only.
pub(crate) type TargetId = NonNull<()>;

/// Returns what tells a target from others.
pub(crate) fn id_of(target: &Rc<dyn CancelTarget>) -> TargetId {
    NonNull::from(&**target).cast()
}

/// The address of cancel requests; see the module doc.
///
/// Every task has one, so it is kept small: what is rare is boxed.
#[derive(Default)]
pub(crate) struct Frame {
    /// Requests made to this frame and not taken back: asyncio's `cancelling()`.
    cancelling: Cell<u32>,
    /// The same for this frame and all frames inside together.
    inside: Cell<u32>,
    /// How many leaves wait inside, at any depth.
    waiting: Cell<i32>,
    /// Whether a request waits for the owner's next poll.
    requested: Cell<bool>,
    /// Whether that request has ended the wait of a leaf.
    is_final: Cell<bool>,
    /// Whether the owner polls its child at this moment.
    polling: Cell<bool>,
    /// Whether a request was forwarded to what the only leaf waits for.
    forwarded: Cell<bool>,
    rare: Cell<Option<Box<Rare>>>,
}

#[derive(Default)]
struct Rare {
    /// The request that waits for the owner's next poll.
    request: Option<Cancelled>,
    /// What the leaves inside wait for, where that can be cancelled: the first. `None` only
    /// if there are no others.
    target: Option<Rc<dyn CancelTarget>>,
    /// The targets beside the first.
    targets: Vec<Rc<dyn CancelTarget>>,
    /// The waker that the owner itself was polled with, if it was not the task's own.
    waker: Option<Waker>,
    /// In the frame of a task: the wakers of leaves inside that are not the task's own.
    wakers: ForeignWakers<FrameRef>,
}

impl Frame {
    /// The requests made to this frame and not taken back.
    pub(crate) fn cancelling(&self) -> u32 {
        self.cancelling.get()
    }

    /// The requests made to this frame and to frames inside, and not taken back.
    pub(crate) fn cancelling_inside(&self) -> u32 {
        self.inside.get()
    }

    /// Takes one request back; the last one takes an undelivered request with it, unless that
    /// is final.
    pub(crate) fn uncancel(&self) -> u32 {
        if let Some(left) = self.cancelling.get().checked_sub(1) {
            self.cancelling.set(left);
            self.inside.set(self.inside.get() - 1);
        }
        if self.cancelling.get() == 0 && !self.is_final.get() {
            drop(self.take_request());
        }
        self.cancelling.get()
    }

    /// Whether any leaf waits inside.
    pub(crate) fn is_waited_in(&self) -> bool {
        self.waiting.get() > 0
    }

    /// How many leaves wait inside.
    pub(crate) fn waiting(&self) -> i32 {
        self.waiting.get()
    }

    /// Marks the time in which the owner polls its child.
    #[inline]
    pub(crate) fn set_polling(&self, polling: bool) {
        self.polling.set(polling);
    }

    /// Whether a request is stored.
    #[inline]
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.get()
    }

    /// Takes the stored request, for the owner to throw.
    pub(crate) fn take_request(&self) -> Option<Cancelled> {
        if !self.requested.take() {
            return None;
        }
        self.is_final.set(false);
        self.with_rare(|rare| rare.request.take())
    }

    /// Stores a request unless an earlier one still waits.
    pub(crate) fn store(&self, cause: Cancelled) {
        self.requested.set(true);
        let refused = self.with_rare(|rare| match rare.request {
            Some(_) => Some(cause),
            None => rare.request.replace(cause),
        });
        drop(refused);
    }

    /// Counts in, or out, leaves that wait for nothing that could be cancelled, in a frame
    /// without a parent.
    #[inline]
    pub(crate) fn count(&self, leaves: i32) {
        if leaves != 0 {
            self.waiting.set(self.waiting.get() + leaves);
        }
    }

    /// Remembers the waker of the owner itself, for want of one that a leaf gave: a body
    /// without leaves of ours must be polled when its time is over.
    pub(crate) fn remember_waker_of_owner(&self, waker: &Waker) {
        let old = self.with_rare(|rare| rare.waker.replace(waker.clone()));
        drop(old);
    }

    /// Remembers what a leaf inside waits for.
    pub(crate) fn add_target(&self, target: Rc<dyn CancelTarget>) {
        self.with_rare(|rare| match rare.target {
            None => rare.target = Some(target),
            Some(_) => rare.targets.push(target),
        });
    }

    /// Notes that a leaf has what it waited for, or does not wait any more. Returns whether a
    /// request had been forwarded to its target, and the target, for the caller to drop.
    pub(crate) fn release(&self, target: TargetId) -> (bool, Option<Rc<dyn CancelTarget>>) {
        (self.forwarded.take(), self.remove_target(target))
    }

    /// Takes a target out and returns it, so that it is dropped when nothing is in between.
    fn remove_target(&self, id: TargetId) -> Option<Rc<dyn CancelTarget>> {
        self.with_rare(|rare| {
            if rare.target.as_ref().is_some_and(|first| id_of(first) == id) {
                let next = rare.targets.pop();
                return std::mem::replace(&mut rare.target, next);
            }
            let at = rare.targets.iter().position(|target| id_of(target) == id);
            at.map(|at| rare.targets.swap_remove(at))
        })
    }

    /// What the only leaf inside waits for, if there is only one and it can be cancelled.
    fn only_target(&self) -> Option<Rc<dyn CancelTarget>> {
        if self.waiting.get() != 1 {
            return None;
        }
        self.with_rare(|rare| rare.target.clone())
    }

    /// `change` runs no user code: the box is out of its place meanwhile.
    fn with_rare<R>(&self, change: impl FnOnce(&mut Rare) -> R) -> R {
        let mut rare = self.rare.take().unwrap_or_default();
        let result = change(&mut rare);
        self.rare.set(Some(rare));
        result
    }
}

/// What concerns the frames around as well, or has to ring the task.
impl dyn FrameOwner + '_ {
    /// Calls `visit` for this frame and for every frame around it, the innermost first.
    fn for_each_outward(&self, mut visit: impl FnMut(&Frame)) {
        visit(self.frame());
        let mut next = self.parent();
        while let Some(owner) = next {
            visit(owner.frame());
            next = owner.parent();
        }
    }

    /// The requests made to the frames around this one.
    pub(crate) fn cancelling_outside(&self) -> u32 {
        let mut sum = 0;
        self.for_each_outward(|frame| sum += frame.cancelling());
        sum - self.frame().cancelling()
    }

    /// Takes the requests to this frame out of the count of those around it: its owner is done.
    pub(crate) fn retire(&self) {
        let own = self.frame().cancelling.take();
        self.for_each_outward(|frame| frame.inside.set(frame.inside.get() - own));
    }

    /// Marks the requests of this frame and of all frames around it as delivered.
    pub(crate) fn deliver_outward(&self) {
        self.for_each_outward(|frame| drop(frame.take_request()));
    }

    /// Stores a request that was delivered, and was not heeded, for the next await: in the
    /// outermost frame that has been asked to end, or in this one.
    pub(crate) fn store_outward(&self, cause: Cancelled) {
        let (mut asked, mut next) = (self.frame(), self.parent());
        while let Some(owner) = next {
            if owner.frame().cancelling() > 0 {
                asked = owner.frame();
            }
            next = owner.parent();
        }
        asked.store(cause);
    }

    /// Counts a leaf in, and remembers what it waits for.
    pub(crate) fn park(&self, target: Option<&Rc<dyn CancelTarget>>) {
        self.for_each_outward(|frame| {
            frame.waiting.set(frame.waiting.get() + 1);
            if let Some(target) = target {
                frame.add_target(target.clone());
            }
        });
    }

    /// Counts a leaf out. Returns whether a request had been forwarded to its target.
    pub(crate) fn unpark(&self, target: Option<TargetId>) -> bool {
        let mut forwarded = false;
        self.for_each_outward(|frame| {
            frame.waiting.set(frame.waiting.get() - 1);
            forwarded |= frame.forwarded.take();
            drop(target.and_then(|target| frame.remove_target(target)));
        });
        forwarded
    }

    /// Exchanges the waker of a leaf that was kept with `keep_waker`.
    pub(crate) fn exchange_waker(&self, id: WakerId, waker: &Waker) {
        let old = self
            .task_frame()
            .with_rare(|rare| rare.wakers.replace(id, waker));
        drop(old);
    }

    /// Forgets the waker of a leaf.
    pub(crate) fn forget_waker(&self, id: WakerId) {
        let old = self.task_frame().with_rare(|rare| rare.wakers.remove(id));
        drop(old);
    }

    /// What to call, beside ringing the task, so that somebody inside is polled.
    fn wakers_inside(&self) -> Vec<Waker> {
        let task = self.task_frame();
        let is_inside = |innermost: &FrameRef| innermost.is_inside(self);
        match task.with_rare(|rare| rare.wakers.find(is_inside)) {
            Found::Sure(waker) => vec![waker],
            Found::Unsure(mut wakers) => {
                wakers.extend(self.frame().with_rare(|rare| rare.waker.clone()));
                wakers
            }
        }
    }

    /// Whether this frame is `frame` or one of those inside it.
    fn is_inside(&self, frame: &dyn FrameOwner) -> bool {
        let mut found = false;
        self.for_each_outward(|around| found |= std::ptr::eq(around, frame.frame()));
        found
    }

    /// The outermost frame.
    fn task_frame(&self) -> &Frame {
        let mut frame = self.frame();
        let mut next = self.parent();
        while let Some(owner) = next {
            frame = owner.frame();
            next = owner.parent();
        }
        frame
    }

    /// Asks whatever runs in this frame to end (rules 2 to 5).
    pub(crate) fn request(&self, cause: Cancelled) {
        let frame = self.frame();
        frame.cancelling.set(frame.cancelling.get() + 1);
        self.for_each_outward(|frame| frame.inside.set(frame.inside.get() + 1));
        if frame.polling.get() {
            frame.store(cause);
        } else {
            self.deliver(cause);
        }
    }

    /// Delivers a request that arrived while the owner was polling its child.
    pub(crate) fn settle(&self) {
        if let Some(cause) = self.frame().take_request() {
            self.deliver(cause);
        }
    }

    fn deliver(&self, cause: Cancelled) {
        let frame = self.frame();
        let ends_wait = self.ends_wait();
        if self.forward(&cause) && !frame.is_requested() {
            return;
        }
        frame.store(cause);
        frame.is_final.set(frame.is_final.get() || ends_wait);
        let wakers = self.wakers_inside();
        self.ring();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether a request ends the wait of a leaf as such, and not by way of a target.
    fn ends_wait(&self) -> bool {
        let frame = self.frame();
        frame.is_waited_in() && frame.only_target().is_none() && !self.is_rung()
    }

    /// Passes a request on to what the only leaf waits for. Returns whether that took it.
    ///
    /// Tasks that wait for each other in a circle pass it on until it comes back here, where
    /// it is stored as if the owner were polling.
    fn forward(&self, cause: &Cancelled) -> bool {
        let frame = self.frame();
        if self.is_rung() {
            return false;
        }
        let Some(target) = frame.only_target() else {
            return false;
        };
        frame.forwarded.set(true);
        frame.set_polling(true);
        let taken = target.cancel(cause.clone());
        frame.set_polling(false);
        frame.forwarded.set(taken);
        taken
    }
}

/// Keeps the waker of a leaf inside `frame`, which is not the task's own. `sure` says whether
/// it will be forgotten as soon as the leaf does not wait any more.
pub(crate) fn keep_waker(frame: &FrameRef, waker: &Waker, sure: bool) -> WakerId {
    let entry = (frame.clone(), waker.clone());
    frame
        .task_frame()
        .with_rare(|rare| rare.wakers.add(entry.0, entry.1, sure))
}
