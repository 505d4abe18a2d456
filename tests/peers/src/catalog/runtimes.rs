//! What runtimes do.

use super::subjects::{EXECUTORS, LINKED, RUNTIMES, SERVERS};
use super::{Bench, CPU, Count, Work};

pub(super) const BENCHES: &[Bench] = &[
    Bench {
        name: "spawn-100k",
        about: "spawn 100 000 tasks, then join them",
        work: alone("spawn", 100_000, 100_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "spawn-1m",
        about: "spawn 1 000 000 tasks, then join them",
        work: alone("spawn", 1_000_000, 1_000_000),
        units: CPU,
        peers: LINKED,
    },
    Bench {
        name: "spawn-one",
        about: "spawn a task and await it, one by one",
        work: alone("spawn-one", 500_000, 200_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "yield",
        about: "yield, 1 task",
        work: alone("yield", 2_000_000, 1_000_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "yield-1000",
        about: "yield, 1000 tasks",
        work: alone("yield-1000", 2_000_000, 1_000_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "ping-pong",
        about: "round trip through two channels for one thread",
        work: alone("ping-pong", 1_000_000, 300_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "ping-pong-mpsc",
        about: "round trip through two channels of tokio, of one place",
        work: alone("ping-pong-mpsc", 500_000, 200_000),
        units: CPU,
        peers: LINKED,
    },
    Bench {
        name: "call-soon",
        about: "callbacks, each of which schedules the next",
        work: alone("call-soon", 2_000_000, 500_000),
        units: CPU,
        peers: &["asyncio", "uvloop"],
    },
    Bench {
        name: "timers-1m",
        about: "make, register and drop a sleep, 1 000 000 alive",
        work: alone("timers", 1_000_000, 1_000_000),
        units: CPU,
        // glommio panics at so many.
        peers: &[
            "tokio-local",
            "tokio-ct",
            "smol",
            "monoio-epoll",
            "monoio-uring",
            "compio",
            "asyncio",
            "uvloop",
        ],
    },
    Bench {
        name: "timer-pairs",
        about: "put 1 000 000 deadlines into the timer structure, and take them out",
        work: alone("timer-pairs", 1_000_000, 1_000_000),
        units: CPU,
        peers: &["delay-queue", "call-later"],
    },
    Bench {
        name: "sleepers-100k",
        about: "100 000 tasks that sleep for up to 1 s",
        work: alone("sleepers", 100_000, 100_000),
        units: &["ns CPU", "us late, median", "us late, of 99 %"],
        peers: RUNTIMES,
    },
    Bench {
        name: "sleepers-1m",
        about: "1 000 000 tasks that sleep for up to 1 s",
        work: alone("sleepers", 1_000_000, 1_000_000),
        units: &["ns CPU", "us late, median", "us late, of 99 %"],
        peers: &[
            "tokio-local",
            "tokio-ct",
            "smol",
            "monoio-epoll",
            "monoio-uring",
            "glommio",
            "compio",
        ],
    },
    Bench {
        name: "idle-task",
        about: "memory of a task that sleeps, among 100 000",
        work: alone("idle", 100_000, 100_000),
        units: &["bytes"],
        peers: RUNTIMES,
    },
    Bench {
        name: "echo-1",
        about: "TCP echo of 64 bytes, 1 connection: the server",
        work: echo(1),
        units: CPU,
        peers: SERVERS,
    },
    Bench {
        name: "echo-64",
        about: "TCP echo of 64 bytes, 64 connections: the server",
        work: echo(64),
        units: CPU,
        peers: SERVERS,
    },
    Bench {
        name: "echo-512",
        about: "TCP echo of 64 bytes, 512 connections: the server",
        work: echo(512),
        units: CPU,
        peers: SERVERS,
    },
    Bench {
        name: "echo-4096",
        about: "TCP echo of 64 bytes, 4096 connections: the server",
        work: echo(4096),
        units: CPU,
        peers: SERVERS,
    },
];

const fn alone(work: &'static str, full: u64, quick: u64) -> Work {
    let count = Count::new(full, quick);
    Work::Alone { work, count }
}

const fn echo(connections: usize) -> Work {
    let messages = Count::new(40_000, 20_000);
    Work::Echo {
        connections,
        messages,
    }
}
