//! A program that both worlds understand: lists of operations, made from a seed.
//!
//! A program is data, not code, so that it can be printed, sent to another interpreter, and
//! made smaller by taking operations out. Numbers in an operation name the thing they act on
//! (a task, a handle, a watch) modulo how many of these there are; if there is none, nothing
//! happens. So every list of operations is a legal program.
//!
//! # Rules
//!
//! 1. A program ends: there are no loops, and at most [`MAX_CALLS`] callbacks and
//!    [`MAX_TASKS`] tasks.
//! 2. Tasks do not wait in a circle: awaits go only to younger tasks, or only to older ones.
//! 3. All times are whole microseconds. A turn that runs something costs one, so the time of
//!    a line in a trace also says in which turn it was.

use std::fmt;

/// How many promises there are.
pub(crate) const PROMISES: usize = 3;
/// How many bodies of callbacks there are to choose from, and how many of tasks.
const BODIES: usize = 3;
/// How many callbacks may be scheduled or added, for ever.
pub(crate) const MAX_CALLS: usize = 20;
/// How many tasks may be started.
pub(crate) const MAX_TASKS: usize = 6;

/// One operation. The first group is for everybody, the second for tasks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    /// `call_soon` of a callback.
    Soon(usize),
    /// `call_later`, after so many microseconds.
    Later(u64, usize),
    /// `call_at`, so many microseconds after the beginning.
    At(u64, usize),
    /// Cancels a handle of those three.
    CancelHandle(usize),
    /// Stops the loop.
    Stop,
    /// Sets the result of a promise.
    Set(usize),
    /// Cancels a promise.
    CancelPromise(usize),
    /// Adds a callback to a promise.
    Watch(usize, usize),
    /// Adds a callback to a task.
    WatchTask(usize, usize),
    /// Takes a callback of those two out.
    Unwatch(usize),
    /// Starts a task with this body.
    Spawn(usize),
    /// Cancels a task.
    Cancel(usize),
    /// Takes a request to a task back.
    Uncancel(usize),

    /// Gives the turn away.
    Yield,
    /// Sleeps for so many microseconds.
    Sleep(u64),
    /// Awaits a promise.
    AwaitPromise(usize),
    /// Awaits a task, a younger or an older one.
    AwaitTask(usize),
    /// The task cancels itself.
    CancelSelf,
    /// Runs the first list. If that is cancelled, runs the second, and then either lets the
    /// cancel go on (`true`) or goes on itself.
    Catch(Vec<Op>, Vec<Op>, bool),
    /// Runs the list for at most so many microseconds.
    Timeout(u64, Vec<Op>),
}

impl Op {
    /// Its name in traces and in the text of a program.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Op::Soon(_) => "soon",
            Op::Later(..) => "later",
            Op::At(..) => "at",
            Op::CancelHandle(_) => "cancel-handle",
            Op::Stop => "stop",
            Op::Set(_) => "set",
            Op::CancelPromise(_) => "cancel-promise",
            Op::Watch(..) => "watch",
            Op::WatchTask(..) => "watch-task",
            Op::Unwatch(_) => "unwatch",
            Op::Spawn(_) => "spawn",
            Op::Cancel(_) => "cancel",
            Op::Uncancel(_) => "uncancel",
            Op::Yield => "yield",
            Op::Sleep(_) => "sleep",
            Op::AwaitPromise(_) => "await-promise",
            Op::AwaitTask(_) => "await-task",
            Op::CancelSelf => "cancel-self",
            Op::Catch(..) => "catch",
            Op::Timeout(..) => "timeout",
        }
    }
}

/// As JSON: an array with the name first.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[\"{}\"", self.name())?;
        match self {
            Op::Stop | Op::Yield | Op::CancelSelf => {}
            Op::Later(time, body) | Op::At(time, body) => write!(f, ",{time},{body}")?,
            Op::Watch(which, body) | Op::WatchTask(which, body) => write!(f, ",{which},{body}")?,
            Op::Sleep(time) => write!(f, ",{time}")?,
            Op::Soon(which) | Op::CancelHandle(which) | Op::Set(which) => write!(f, ",{which}")?,
            Op::CancelPromise(which) | Op::Unwatch(which) => write!(f, ",{which}")?,
            Op::Spawn(which) | Op::Cancel(which) | Op::Uncancel(which) => write!(f, ",{which}")?,
            Op::AwaitPromise(which) | Op::AwaitTask(which) => write!(f, ",{which}")?,
            Op::Catch(body, cleanup, raise) => {
                write!(f, ",{},{},{raise}", Ops(body), Ops(cleanup))?;
            }
            Op::Timeout(time, body) => write!(f, ",{time},{}", Ops(body))?,
        }
        f.write_str("]")
    }
}

/// A list of operations, as JSON.
struct Ops<'a>(&'a [Op]);

impl fmt::Display for Ops<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ops: Vec<_> = self.0.iter().map(Op::to_string).collect();
        write!(f, "[{}]", ops.join(","))
    }
}

/// What is run in both worlds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Program {
    /// What is done before each run of the loop. As many runs as there are lists.
    pub(crate) setups: Vec<Vec<Op>>,
    /// The bodies of callbacks.
    pub(crate) calls: Vec<Vec<Op>>,
    /// The bodies of tasks.
    pub(crate) tasks: Vec<Vec<Op>>,
    /// Whether tasks await only younger ones, not only older ones.
    pub(crate) awaits_younger: bool,
}

impl Program {
    /// Makes the program of a seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let random = &mut Random(seed);
        // Half of the programs live within a few turns, half jump from timer to timer.
        let far = random.below(2) == 1;
        // One in eight is long.
        let times = if random.below(8) == 0 { 3 } else { 1 };
        // Requests that are taken back and timeouts do not go together: the runtime counts the
        // requests of a timeout apart, asyncio puts all into one number.
        let timeouts = random.below(2) == 1;
        let chooser = &mut Chooser {
            random,
            far,
            times,
            timeouts,
        };
        let runs = 1 + chooser.below(3);
        let mut setups: Vec<_> = (0..runs).map(|_| chooser.ops(4, None)).collect();
        setups[0].insert(0, Op::Spawn(0));
        Self {
            setups,
            calls: (0..BODIES).map(|_| chooser.ops(3, None)).collect(),
            tasks: (0..BODIES).map(|_| chooser.ops(5, Some(0))).collect(),
            awaits_younger: chooser.below(2) == 1,
        }
    }

    /// All lists that are not inside another.
    pub(crate) fn lists(&mut self) -> impl Iterator<Item = &mut Vec<Op>> {
        let others = self.calls.iter_mut().chain(&mut self.tasks);
        self.setups.iter_mut().chain(others)
    }

    /// The task that `which` means when the task `own` awaits it, if `count` tasks were
    /// started.
    pub(crate) fn awaited(&self, own: usize, which: usize, count: usize) -> Option<usize> {
        if self.awaits_younger {
            pick(which, count - own - 1).map(|younger| own + 1 + younger)
        } else {
            pick(which, own)
        }
    }
}

/// As one line of JSON.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = |lists: &[Vec<Op>]| {
            let lists: Vec<_> = lists.iter().map(|ops| Ops(ops).to_string()).collect();
            lists.join(",")
        };
        write!(f, "{{\"setups\":[{}],", lists(&self.setups))?;
        write!(f, "\"calls\":[{}],", lists(&self.calls))?;
        write!(f, "\"tasks\":[{}],", lists(&self.tasks))?;
        write!(f, "\"awaits_younger\":{}}}", self.awaits_younger)
    }
}

/// Which of `count` things a number means.
pub(crate) fn pick(which: usize, count: usize) -> Option<usize> {
    which.checked_rem(count)
}

/// Steele's, Lea's and Flood's SplitMix64: every seed is as good as any other.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Times at which a wheel of milliseconds may be wrong, beside those within one of them.
const FAR: [u64; 10] = [
    0, 1, 999, 1_000, 1_001, 5_000, 63_999, 64_000, 70_000, 4_096_000,
];

/// Chooses operations.
struct Chooser<'r> {
    random: &'r mut Random,
    far: bool,
    /// How many times as long as usual the lists are.
    times: usize,
    /// Whether there are timeouts. If not, there are requests that are taken back.
    timeouts: bool,
}

impl Chooser<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit)
    }

    fn time(&mut self) -> u64 {
        if self.far {
            FAR[self.below(FAR.len())]
        } else {
            self.below(7) as u64
        }
    }

    /// At most `most` operations; of a task, if there is a depth.
    fn ops(&mut self, most: usize, depth: Option<usize>) -> Vec<Op> {
        let count = self.below(most * self.times + 1);
        let op = |_| match depth {
            Some(depth) if self.below(5) < 3 => self.op_of_task(depth),
            _ => self.op(),
        };
        (0..count).map(op).collect()
    }

    fn op(&mut self) -> Op {
        let (which, body) = (self.below(MAX_TASKS), self.below(BODIES));
        match self.below(24) {
            0..=1 => Op::Soon(body),
            2..=3 => Op::Later(self.time(), body),
            4 => Op::At(self.time(), body),
            5 => Op::CancelHandle(which),
            6 => Op::Stop,
            7..=8 => Op::Set(body),
            9 => Op::CancelPromise(body),
            10 => Op::Watch(which % PROMISES, body),
            11..=12 => Op::WatchTask(which, body),
            13 => Op::Unwatch(which),
            14..=17 => Op::Spawn(body),
            18..=22 => Op::Cancel(which),
            _ if self.timeouts => Op::Cancel(which),
            _ => Op::Uncancel(which),
        }
    }

    fn op_of_task(&mut self, depth: usize) -> Op {
        match self.below(14) {
            0..=1 => Op::Yield,
            2..=3 => Op::Sleep(self.time()),
            4..=5 => Op::AwaitPromise(self.below(PROMISES)),
            6..=7 => Op::AwaitTask(self.below(MAX_TASKS)),
            8 => Op::CancelSelf,
            _ if depth == 2 => Op::Yield,
            9..=10 if self.timeouts => Op::Timeout(self.time(), self.ops(3, Some(depth + 1))),
            _ => {
                let body = self.ops(3, Some(depth + 1));
                let cleanup = self.ops(2, Some(depth + 1));
                Op::Catch(body, cleanup, self.below(2) == 1)
            }
        }
    }
}
