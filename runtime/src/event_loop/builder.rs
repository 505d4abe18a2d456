//! The settings of a loop, before there is one.

use super::clock::Clock;
use super::core::Settings;

/// Settings for a new loop; made by [`EventLoop::builder`](crate::EventLoop::builder).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct EventLoopBuilder {
    pub(super) settings: Settings,
}

impl Default for EventLoopBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                clock: Clock::Real,
                io_interval: 61,
                debug: false,
            },
        }
    }
}

impl EventLoopBuilder {
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

    /// Chooses the debug mode, in which a callback or a step that takes long is reported: see
    /// [`set_slow_callback_duration`](crate::EventLoop::set_slow_callback_duration). Default: off. The asyncio counterpart is
    /// `loop.set_debug`.
    #[doc(alias = "set_debug")]
    pub fn debug(mut self, debug: bool) -> Self {
        self.settings.debug = debug;
        self
    }
}
