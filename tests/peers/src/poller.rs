//! epoll, with edges, and nothing else: what the servers, the load and the limits are made of.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// News that are taken from the kernel at a time.
const NEWS: usize = 1024;
/// How long a server that has nothing to do stays awake.
const VIGIL: Duration = Duration::from_millis(1);

/// A set of sockets, each with a number.
pub(crate) struct Poller {
    epoll: OwnedFd,
    /// What the kernel has told last.
    news: Vec<epoll::Event>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            news: Vec::with_capacity(NEWS),
        })
    }

    /// Hears of both directions of a socket until it is closed.
    pub(crate) fn add(&self, socket: impl AsFd, token: u64) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        Ok(epoll::add(&self.epoll, socket, data, flags)?)
    }

    /// Waits for news.
    pub(crate) fn wait(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        let at_most = at_most.map(|time| Timespec {
            tv_sec: time.as_secs() as i64,
            tv_nsec: i64::from(time.subsec_nanos()),
        });
        self.news.clear();
        let free = spare_capacity(&mut self.news);
        match epoll::wait(&self.epoll, free, at_most.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for news, and does not sleep at once.
    ///
    /// Whoever writes to a process that sleeps pays for waking it, and of two clients the slower
    /// one finds its server asleep more often. So a server stays awake while it is at work.
    pub(crate) fn keep_watch(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        let begin = Instant::now();
        let awake = at_most.map_or(VIGIL, |time| time.min(VIGIL));
        loop {
            self.wait(Some(Duration::ZERO))?;
            if !self.news.is_empty() {
                return Ok(());
            }
            if begin.elapsed() >= awake {
                return self.wait(at_most.map(|time| time.saturating_sub(begin.elapsed())));
            }
        }
    }

    /// The numbers of the sockets that have news.
    pub(crate) fn news(&self) -> impl Iterator<Item = u64> {
        self.news.iter().map(|event| event.data.u64())
    }
}
