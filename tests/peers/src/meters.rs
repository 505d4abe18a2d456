//! Clocks, memory, and the figures that a sample prints.
//!
//! CPU time is that of the whole process, of all its threads, in user space and in the kernel:
//! a client that works on threads of its own hides nothing. It is exact to the nanosecond, and
//! what other processes do moves it far less than the time that passes.

use std::fmt;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use nix::unistd::alarm;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many seconds a process of a sample may live: what hangs is ended by SIGALRM.
const LIFE: u32 = 100;

/// One number that a sample found out.
pub(crate) struct Figure {
    /// What it counts, in words that go into the tables.
    pub(crate) unit: String,
    /// How much.
    pub(crate) value: f64,
}

impl Figure {
    pub(crate) fn new(unit: &str, value: f64) -> Self {
        Self {
            unit: unit.to_string(),
            value,
        }
    }

    /// Reads what `Display` wrote: the unit may have spaces, the number has none.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (unit, value) = line.rsplit_once(' ')?;
        Some(Self::new(unit, value.parse().ok()?))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.unit, self.value)
    }
}

/// Both clocks at one moment.
pub(crate) struct Meter {
    cpu: Duration,
    wall: Instant,
}

/// What passed on both clocks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Time that the process ran, on all its threads.
    pub(crate) cpu: Duration,
    /// Time that passed.
    pub(crate) wall: Duration,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            cpu: cpu_time(),
            wall: Instant::now(),
        }
    }

    pub(crate) fn stop(&self) -> Spent {
        Spent {
            cpu: cpu_time() - self.cpu,
            wall: self.wall.elapsed(),
        }
    }
}

impl Spent {
    /// Nanoseconds of CPU for each of `count` things.
    pub(crate) fn cpu_each(&self, count: u64) -> Figure {
        Figure::new("ns CPU", self.cpu.as_nanos() as f64 / count as f64)
    }
}

/// The CPU time of this process.
pub(crate) fn cpu_time() -> Duration {
    ProcessTime::now().as_duration()
}

/// Bytes of memory that this process has now.
pub(crate) fn resident() -> u64 {
    resident_of("self")
}

/// Bytes of memory that a process has now; 0 if it is gone.
pub(crate) fn resident_of(process: &str) -> u64 {
    status(process, "VmRSS:")
}

/// The most bytes of memory that this process has had.
pub(crate) fn peak() -> u64 {
    status("self", "VmHWM:")
}

/// A line of the status of a process, which counts in KiB.
fn status(process: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.map_or(0, |number| number.parse::<u64>().unwrap_or(0) * 1024)
}

/// Lets this process have as many descriptors as the system allows, and sees that it ends when its
/// life is over: by a signal and not by a second thread, since `malloc` takes locks where there is
/// one, and most subjects have one thread.
pub(crate) fn prepare() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where that is refused, what needs more will say so.
    let _ = setrlimit(Resource::Nofile, raised);
    alarm::set(LIFE);
}
