//! How a loop is set up.
//!
//! Everything has a default, so most programs never come here: tests do, for the virtual clock.

use std::fmt;
use std::io;
use std::rc::Rc;

use super::EventLoop;
use super::clock::Clock;
use super::context;
use super::core::{Core, Settings};
use super::observer::Observer;

/// Settings for a new loop; made by [`EventLoop::builder`].
///
/// asyncio has no counterpart: there these are methods of the loop, or of its policy.
///
/// ```
/// use looplet::{Clock, EventLoop};
///
/// let event_loop = EventLoop::builder().clock(Clock::Virtual).debug(true).build();
/// assert!(event_loop.expect("the system gives a loop").debug());
/// ```
#[derive(Clone)]
#[must_use]
pub struct EventLoopBuilder {
    settings: Settings,
    observer: Option<Rc<dyn Observer>>,
}

impl EventLoopBuilder {
    pub(super) fn new() -> Self {
        Self {
            settings: Settings {
                name: None,
                clock: Clock::Real,
                io_interval: 61,
                eager: false,
                debug: None,
            },
            observer: None,
        }
    }

    /// Names the loop, for its `Debug`. Default: no name.
    ///
    /// ```
    /// use looplet::EventLoop;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let event_loop = EventLoop::builder().name("crawler").build()?;
    /// assert_eq!(event_loop.name(), Some("crawler"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Chooses the clock. Default: [`Clock::Real`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets how many entries may run between two looks at the kernel while more entries are
    /// ready. Default: 61. With 1, the kernel is asked every turn, exactly as asyncio does.
    pub fn io_interval(mut self, entries: u32) -> Self {
        self.settings.io_interval = entries;
        self
    }

    /// Lets every task make its first step at once, as with [`TaskOptions::eager`]. Default: no.
    /// The asyncio counterpart is `eager_task_factory`.
    ///
    /// [`TaskOptions::eager`]: crate::TaskOptions::eager
    #[doc(alias = "eager_task_factory")]
    pub fn eager_tasks(mut self, eager: bool) -> Self {
        self.settings.eager = eager;
        self
    }

    /// Switches debug mode on or off; see [`EventLoop::set_debug`]. Default: on if the
    /// environment variable `LOOPLET_DEBUG` is set, and not to `0`.
    pub fn debug(mut self, debug: bool) -> Self {
        self.settings.debug = Some(debug);
        self
    }

    /// Has somebody told what the loop does; see [`Observer`]. Default: nobody.
    ///
    /// A clone of the builder shares it.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Rc::new(observer));
        self
    }

    /// Makes the loop.
    ///
    /// # Errors
    ///
    /// If the kernel gives no epoll or eventfd descriptor, or if 4096 loops are alive.
    pub fn build(self) -> io::Result<EventLoop> {
        let core = Core::new(self.settings, self.observer)?;
        context::remember(&core);
        Ok(EventLoop { core })
    }
}

impl fmt::Debug for EventLoopBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoopBuilder")
            .field("settings", &self.settings)
            .field("observed", &self.observer.is_some())
            .finish()
    }
}
