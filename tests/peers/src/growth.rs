//! How cost grows: the same work at sizes from one to a million.
//!
//! What is drawn is the cost of one thing among so many. A flat line is work that grows with the
//! number of things; a line that rises as fast as it goes right would be the square.

use crate::catalog::{Count, Work};

/// A line for each subject.
pub(crate) struct Curve {
    /// What `--only` is compared with, and the name of the plot's file.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What the sizes count.
    pub(crate) across: &'static str,
    pub(crate) sizes: &'static [u64],
    /// What is done at a size.
    pub(crate) work: fn(u64) -> Work,
    pub(crate) peers: &'static [&'static str],
}

/// Descriptors end near 20 000 on many machines.
const CONNECTIONS: &[u64] = &[1, 4, 16, 64, 256, 1024, 4096, 19_000];
const THINGS: &[u64] = &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

pub(crate) const CURVES: &[Curve] = &[
    Curve {
        name: "growth-tasks",
        about: "spawn and join one task among so many",
        across: "tasks",
        sizes: THINGS,
        work: |size| alone("spawn", size),
        peers: &[
            "tokio-local",
            "smol",
            "monoio-epoll",
            "glommio",
            "compio",
            "local-pool",
        ],
    },
    Curve {
        name: "growth-timers",
        about: "make, register and drop one sleep among so many",
        across: "sleeps",
        sizes: THINGS,
        work: |size| alone("timers", size),
        peers: &["tokio-local", "smol", "monoio-epoll", "compio"],
    },
    Curve {
        name: "growth-connections",
        about: "echo one message on one connection among so many: the server",
        across: "connections",
        sizes: CONNECTIONS,
        work: |size| Work::Echo {
            connections: size as usize,
            messages: Count {
                full: 50_000.min(20_000 * size),
                quick: 20_000.min(10_000 * size),
            },
        },
        peers: &[
            "bare",
            "tokio-ct",
            "smol",
            "monoio-epoll",
            "monoio-uring",
            "glommio",
            "compio",
        ],
    },
];

fn alone(work: &'static str, size: u64) -> Work {
    let count = Count {
        full: size,
        quick: size,
    };
    Work::Alone { work, count }
}
