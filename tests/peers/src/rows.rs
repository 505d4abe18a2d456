//! What looplet is held to: 27 rows, each of one or more goals.
//!
//! A goal is a bound on looplet's figure divided by a peer's, or on the figure itself. It is
//! `met` or `missed` by the median of a run; how far two measurements of the same thing are
//! apart in that run stands beside it.

/// A line of the table at the end.
pub(crate) struct Row {
    pub(crate) number: u8,
    pub(crate) title: &'static str,
    pub(crate) goals: &'static [Goal],
}

/// One bound.
pub(crate) struct Goal {
    pub(crate) bench: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) against: Against,
    pub(crate) bound: Bound,
}

/// What looplet's figure is divided by.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Against {
    /// The best of the peers that were measured, limits not counted.
    Best,
    Peer(&'static str),
    /// Nothing: the figure itself is bounded.
    Itself,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Against::{Best, Itself, Peer};
use Bound::{AtLeast, AtMost};

const NS: &str = "ns CPU";

const fn goal(bench: &'static str, unit: &'static str, against: Against, bound: Bound) -> Goal {
    Goal {
        bench,
        unit,
        against,
        bound,
    }
}

const fn row(number: u8, title: &'static str, goals: &'static [Goal]) -> Row {
    Row {
        number,
        title,
        goals,
    }
}

/// Things that show what is possible, and are no peers.
pub(crate) const LIMITS: [&str; 1] = ["bare"];

pub(crate) const ROWS: &[Row] = &[
    row(
        1,
        "spawn and join, 100 000 tasks",
        &[
            goal("spawn-100k", NS, Best, AtMost(0.50)),
            goal("spawn-100k", NS, Peer("tokio-local"), AtMost(0.17)),
        ],
    ),
    row(
        2,
        "spawn and join, 1 000 000 tasks",
        &[
            goal("spawn-1m", NS, Best, AtMost(0.55)),
            goal("spawn-1m", NS, Peer("tokio-local"), AtMost(0.22)),
        ],
    ),
    row(
        3,
        "spawn and await, one by one",
        &[
            goal("spawn-one", NS, Best, AtMost(0.50)),
            goal("spawn-one", NS, Peer("tokio-local"), AtMost(0.06)),
        ],
    ),
    row(
        4,
        "yield, 1 task",
        &[
            goal("yield", NS, Best, AtMost(0.35)),
            goal("yield", NS, Peer("tokio-local"), AtMost(0.30)),
        ],
    ),
    row(
        5,
        "yield, 1000 tasks",
        &[
            goal("yield-1000", NS, Best, AtMost(0.45)),
            goal("yield-1000", NS, Peer("tokio-local"), AtMost(0.25)),
        ],
    ),
    row(
        6,
        "round trip through two channels",
        &[
            goal("ping-pong", NS, Best, AtMost(0.35)),
            goal("ping-pong-mpsc", NS, Peer("tokio-local"), AtMost(0.09)),
        ],
    ),
    row(
        7,
        "make, register and drop a sleep",
        &[goal("timers-1m", NS, Peer("tokio-local"), AtMost(0.40))],
    ),
    row(
        8,
        "schedule and cancel",
        &[goal("timer-pairs", NS, Peer("delay-queue"), AtMost(0.40))],
    ),
    row(
        9,
        "100 000 sleeps in 1 s",
        &[
            goal("sleepers-100k", NS, Peer("tokio-local"), AtMost(0.60)),
            goal("sleepers-100k", "us late, median", Itself, AtMost(1200.0)),
            goal(
                "sleepers-100k",
                "us late, of 99 %",
                Peer("tokio-local"),
                AtMost(0.60),
            ),
        ],
    ),
    row(
        10,
        "1 000 000 sleeps in 1 s",
        &[goal("sleepers-1m", NS, Peer("tokio-local"), AtMost(0.45))],
    ),
    row(
        11,
        "TCP echo, 64 connections",
        &[
            goal("echo-64", NS, Best, AtMost(1.02)),
            goal("echo-64", NS, Peer("tokio-ct"), AtMost(1.03)),
            goal("echo-64", NS, Peer("bare"), AtMost(1.04)),
        ],
    ),
    row(
        12,
        "TCP echo, 512 connections",
        &[
            goal("echo-512", NS, Best, AtMost(0.98)),
            goal("echo-512", NS, Peer("tokio-ct"), AtMost(0.98)),
            goal("echo-512", NS, Peer("bare"), AtMost(1.04)),
        ],
    ),
    row(
        13,
        "TCP echo, 4096 connections",
        &[
            goal("echo-4096", NS, Best, AtMost(0.88)),
            goal("echo-4096", NS, Peer("tokio-ct"), AtMost(0.88)),
            goal("echo-4096", NS, Peer("bare"), AtMost(1.08)),
        ],
    ),
    row(
        14,
        "GET 1 KiB, 64 connections",
        &[
            goal("get-1k-64", NS, Peer("hyper"), AtMost(0.78)),
            goal("get-1k-64", NS, Peer("hyper-pooled"), AtMost(0.65)),
            goal("get-1k-64", NS, Peer("reqwest"), AtMost(0.42)),
            goal("get-1k-64", NS, Peer("bare"), AtMost(1.33)),
        ],
    ),
    row(
        15,
        "GET 1 KiB, 64 connections, requests a second",
        &[
            goal("get-1k-64", "requests/s", Peer("hyper"), AtLeast(1.3)),
            goal("get-1k-64", "requests/s", Peer("reqwest"), AtLeast(2.4)),
            goal("get-1k-64", "requests/s", Peer("bare"), AtLeast(0.75)),
        ],
    ),
    row(
        16,
        "GET 1 KiB, 256 connections",
        &[
            goal("get-1k-256", NS, Peer("hyper"), AtMost(0.70)),
            goal("get-1k-256", NS, Peer("reqwest"), AtMost(0.38)),
            goal("get-1k-256", NS, Peer("bare"), AtMost(1.45)),
        ],
    ),
    row(
        17,
        "GET 100 KiB, 16 and 64 connections",
        &[
            goal("get-100k-16", NS, Peer("hyper"), AtMost(0.75)),
            goal("get-100k-64", NS, Peer("hyper"), AtMost(0.75)),
            goal("get-100k-16", NS, Peer("reqwest"), AtMost(0.52)),
            goal("get-100k-64", NS, Peer("reqwest"), AtMost(0.52)),
            goal("get-100k-16", NS, Peer("bare"), AtMost(1.15)),
            goal("get-100k-64", NS, Peer("bare"), AtMost(1.15)),
        ],
    ),
    row(
        18,
        "instructions for a GET of 1 KiB",
        &[
            goal("instructions", "instructions", Itself, AtMost(12_500.0)),
            goal(
                "instructions",
                "instructions",
                Peer("hyper-pooled"),
                AtMost(0.45),
            ),
            goal(
                "instructions",
                "instructions",
                Peer("reqwest"),
                AtMost(0.22),
            ),
        ],
    ),
    row(
        19,
        "system calls for a GET of 1 KiB",
        &[goal("system-calls", "system calls", Itself, AtMost(2.10))],
    ),
    row(
        20,
        "connect, GET, close",
        &[
            goal("cold", NS, Peer("hyper"), AtMost(0.88)),
            goal("cold", NS, Peer("reqwest"), AtMost(0.52)),
            goal("cold", NS, Peer("bare"), AtMost(1.12)),
        ],
    ),
    row(
        21,
        "3 pages that take 2 s, the whole process",
        &[goal("slow-3", "ms, whole process", Itself, AtMost(2020.0))],
    ),
    row(
        22,
        "5000 pages that take 2 s",
        &[
            goal("slow-5000", "ms", Itself, AtMost(2250.0)),
            goal("slow-5000", NS, Peer("hyper"), AtMost(0.80)),
            goal("slow-5000", NS, Peer("reqwest"), AtMost(0.48)),
            goal("slow-5000", NS, Peer("aiohttp"), AtMost(0.12)),
            goal("slow-5000", "MB at most", Peer("hyper"), AtMost(0.55)),
            goal("slow-5000", "MB at most", Peer("reqwest"), AtMost(0.27)),
        ],
    ),
    row(
        23,
        "memory of a task that sleeps",
        &[
            goal("idle-task", "bytes", Itself, AtMost(230.0)),
            goal("idle-task", "bytes", Best, AtMost(0.70)),
            goal("idle-task", "bytes", Peer("tokio-local"), AtMost(0.50)),
        ],
    ),
    row(
        24,
        "memory of a connection that is kept",
        &[
            goal(
                "idle-connection",
                "bytes a connection",
                Itself,
                AtMost(4096.0),
            ),
            goal(
                "idle-connection",
                "bytes a connection",
                Peer("hyper"),
                AtMost(0.25),
            ),
            goal(
                "idle-connection",
                "bytes a connection",
                Peer("reqwest"),
                AtMost(0.13),
            ),
        ],
    ),
    row(
        25,
        "a program of one GET, from its start to its end",
        &[
            goal("program-run", "us CPU", Peer("hyper"), AtMost(0.93)),
            goal(
                "program-run",
                "us CPU",
                Peer("reqwest-default"),
                AtMost(0.36),
            ),
        ],
    ),
    row(
        26,
        "size of that program, stripped",
        &[
            goal(
                "program-size",
                "KB, as released",
                Peer("hyper"),
                AtMost(0.75),
            ),
            goal("program-size", "KB, with LTO", Peer("hyper"), AtMost(0.95)),
            goal(
                "program-size",
                "KB, as released",
                Peer("reqwest"),
                AtMost(0.42),
            ),
            goal(
                "program-size",
                "KB, with LTO",
                Peer("reqwest"),
                AtMost(0.53),
            ),
        ],
    ),
    row(
        27,
        "build of that program from nothing",
        &[
            goal("program-build", "s to build", Peer("reqwest"), AtMost(0.95)),
            goal(
                "program-build",
                "s to build",
                Peer("reqwest-default"),
                AtMost(0.35),
            ),
        ],
    ),
];
