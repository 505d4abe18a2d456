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
//! 3. Any other request is stored, and the task is rung. So is the waker that the last leaf
//!    gave, because a leaf inside somebody else's combinator is only polled if its own waker
//!    was called.
//! 4. While its owner polls, a frame stores requests; the owner calls [`settle`](Frame::settle)
//!    afterwards.
//! 5. The first undelivered request wins. One delivery serves all frames around the leaf.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use super::Cancelled;

/// A frame together with its owner: something that can be rung.
pub(crate) trait FrameOwner {
    /// The frame itself.
    fn frame(&self) -> &Frame;
    /// Makes the task poll the owner of this frame again.
    fn ring(&self);
    /// Whether the task has been woken, so that its next step is coming.
    fn is_rung(&self) -> bool;
}

/// A shared frame. A leaf keeps one while it waits.
pub(crate) type FrameRef = Rc<dyn FrameOwner>;

/// Something a leaf may wait for and a request may be forwarded to.
pub(crate) trait CancelTarget {
    /// Asks the target to end. Returns whether that can still change anything.
    fn cancel(&self, cause: Cancelled) -> bool;
}

/// The address of cancel requests; see the module doc.
pub(crate) struct Frame {
    /// The frame around this one; `None` for a task.
    parent: Option<FrameRef>,
    /// Requests made to this frame and not taken back: asyncio's `cancelling()`.
    cancelling: Cell<u32>,
    /// How many leaves wait inside, at any depth.
    waiting: Cell<i32>,
    /// Whether a request waits for the owner's next poll.
    requested: Cell<bool>,
    /// Whether the owner polls its child at this moment.
    polling: Cell<bool>,
    /// Whether a request was forwarded to what the only leaf waits for.
    forwarded: Cell<bool>,
    /// What changes rarely.
    post: RefCell<Post>,
}

#[derive(Default)]
struct Post {
    /// The request that waits for the owner's next poll.
    request: Option<Cancelled>,
    /// What the leaves inside wait for, where that can be cancelled. Rarely more than one.
    targets: Targets,
    /// The waker that the last leaf gave, if it was not the task's own.
    waker: Option<Waker>,
}

#[derive(Default)]
enum Targets {
    #[default]
    None,
    One(Rc<dyn CancelTarget>),
    Many(Vec<Rc<dyn CancelTarget>>),
}

impl Targets {
    fn push(&mut self, target: Rc<dyn CancelTarget>) {
        *self = match std::mem::take(self) {
            Targets::None => Targets::One(target),
            Targets::One(first) => Targets::Many(vec![first, target]),
            Targets::Many(mut all) => {
                all.push(target);
                Targets::Many(all)
            }
        };
    }

    /// Takes `target` out and returns it, so that it is dropped after the borrow has ended.
    fn remove(&mut self, target: &Rc<dyn CancelTarget>) -> Option<Rc<dyn CancelTarget>> {
        let same = |other: &Rc<dyn CancelTarget>| Rc::ptr_eq(other, target);
        match self {
            Targets::One(one) if same(one) => match std::mem::take(self) {
                Targets::One(one) => Some(one),
                Targets::None | Targets::Many(_) => None,
            },
            Targets::Many(all) => all.iter().position(same).map(|at| all.swap_remove(at)),
            Targets::None | Targets::One(_) => None,
        }
    }

    fn only(&self) -> Option<Rc<dyn CancelTarget>> {
        match self {
            Targets::One(one) => Some(one.clone()),
            Targets::Many(all) if all.len() == 1 => all.first().cloned(),
            Targets::None | Targets::Many(_) => None,
        }
    }
}

impl Frame {
    pub(crate) fn new(parent: Option<FrameRef>) -> Self {
        Self {
            parent,
            cancelling: Cell::new(0),
            waiting: Cell::new(0),
            requested: Cell::new(false),
            polling: Cell::new(false),
            forwarded: Cell::new(false),
            post: RefCell::new(Post::default()),
        }
    }

    /// Calls `visit` for this frame and for every frame around it, the innermost first.
    fn for_each_outward(&self, mut visit: impl FnMut(&Frame)) {
        visit(self);
        let mut next = self.parent.as_ref();
        while let Some(owner) = next {
            visit(owner.frame());
            next = owner.frame().parent.as_ref();
        }
    }

    /// The requests made to this frame and not taken back.
    pub(crate) fn cancelling(&self) -> u32 {
        self.cancelling.get()
    }

    /// The requests made to the frames around this one.
    pub(crate) fn cancelling_outside(&self) -> u32 {
        let mut sum = 0;
        self.for_each_outward(|frame| sum += frame.cancelling());
        sum - self.cancelling()
    }

    /// Takes one request back; the last one takes an undelivered request with it.
    pub(crate) fn uncancel(&self) -> u32 {
        let left = self.cancelling.get().saturating_sub(1);
        self.cancelling.set(left);
        if left == 0 {
            drop(self.take_request());
        }
        left
    }

    /// Whether any leaf waits inside.
    pub(crate) fn is_waited_in(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Marks the time in which the owner polls its child.
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
        self.post.borrow_mut().request.take()
    }

    /// Stores a request unless an earlier one still waits.
    pub(crate) fn store(&self, cause: Cancelled) {
        self.requested.set(true);
        self.post.borrow_mut().request.get_or_insert(cause);
    }

    /// Marks the requests of this frame and of all frames around it as delivered.
    pub(crate) fn deliver_outward(&self) {
        self.for_each_outward(|frame| drop(frame.take_request()));
    }

    /// Counts in, or out, leaves that wait for nothing that could be cancelled, in a frame
    /// without a parent.
    pub(crate) fn count(&self, leaves: i32) {
        if leaves != 0 {
            self.waiting.set(self.waiting.get() + leaves);
        }
    }

    /// Counts a leaf in, and remembers what it waits for.
    pub(crate) fn park(&self, target: Option<&Rc<dyn CancelTarget>>) {
        self.for_each_outward(|frame| {
            frame.waiting.set(frame.waiting.get() + 1);
            if let Some(target) = target {
                frame.post.borrow_mut().targets.push(target.clone());
            }
        });
    }

    /// Counts a leaf out.
    pub(crate) fn unpark(&self, target: Option<&Rc<dyn CancelTarget>>) {
        self.for_each_outward(|frame| {
            frame.waiting.set(frame.waiting.get() - 1);
            frame.forwarded.set(false);
            let removed = target.and_then(|target| frame.post.borrow_mut().targets.remove(target));
            drop(removed);
        });
    }

    /// Remembers the waker of a leaf that is not the task's own.
    pub(crate) fn remember_waker(&self, waker: &Waker) {
        self.for_each_outward(|frame| {
            let old = frame.post.borrow_mut().waker.replace(waker.clone());
            drop(old);
        });
    }

    /// Remembers the waker of the owner itself, for want of one that a leaf gave: a body
    /// without leaves of ours must be polled when its time is over.
    pub(crate) fn remember_waker_of_owner(&self, waker: &Waker) {
        self.post
            .borrow_mut()
            .waker
            .get_or_insert_with(|| waker.clone());
    }

    /// Whether a request to this frame or one around it was forwarded and has not come back.
    pub(crate) fn is_forwarding(&self) -> bool {
        let mut found = false;
        self.for_each_outward(|frame| found |= frame.forwarded.get());
        found
    }

    fn only_target(&self) -> Option<Rc<dyn CancelTarget>> {
        if self.waiting.get() == 1 {
            self.post.borrow().targets.only()
        } else {
            None
        }
    }
}

/// What is done *to* a frame needs its owner, to ring it.
impl dyn FrameOwner {
    /// Asks whatever runs in this frame to end (rules 2 to 5).
    pub(crate) fn request(&self, cause: Cancelled) {
        let frame = self.frame();
        frame.cancelling.set(frame.cancelling.get() + 1);
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
        if self.forward(&cause) && !frame.is_requested() {
            return;
        }
        frame.store(cause);
        let waker = frame.post.borrow().waker.clone();
        self.ring();
        if let Some(waker) = waker {
            waker.wake();
        }
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
