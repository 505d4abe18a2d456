//! Which pieces of work there are, and who does them.
//!
//! Each says how often a thing is done in a full run and in a quick one. The quick figures show
//! that the program works, and roughly where things stand.

/// One piece of work, and those who do it side by side.
pub(crate) struct Bench {
    /// What `--only` is compared with.
    pub(crate) name: &'static str,
    /// What the table is headed with.
    pub(crate) about: &'static str,
    /// What is done.
    pub(crate) work: Work,
    /// Which of the figures of a sample count here.
    pub(crate) units: &'static [&'static str],
    /// Who does it beside looplet.
    pub(crate) peers: &'static [&'static str],
}

/// What a subject is asked to do.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Something that needs nobody else, so many times.
    Alone { work: &'static str, count: Count },
    /// Echo messages on so many connections.
    Echo { connections: usize, messages: Count },
    /// Fetch pages from the canned server.
    Fetch(Fetch),
    /// The same, with the time that passes from the start of the process to its end.
    WholeFetch(Fetch),
    /// The same under a tool that counts, with so many pages, then twice as many: the difference
    /// is what the pages cost, without what starting costs.
    Counted(Tool, Fetch),
    /// Look at the small programs of `footprint/`, of which each GETs one page.
    Program(Aspect),
}

/// What is looked at in a small program.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Aspect {
    /// How long it takes to build, everything that it needs included.
    Build,
    /// How large it is, and how many crates it is made of.
    Size,
    /// What it costs to run, from its start to its end.
    Run,
}

/// How often a thing is done.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub(crate) full: u64,
    pub(crate) quick: u64,
}

/// What a client fetches.
#[derive(Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) path: &'static str,
    /// Workers that fetch at the same time.
    pub(crate) lanes: usize,
    /// Pages that each of them fetches before anything is measured.
    pub(crate) warm: usize,
    /// Pages that all of them fetch together.
    pub(crate) pages: Count,
}

/// A program that counts what another one does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tool {
    Callgrind,
    Strace,
}

const fn count(full: u64, quick: u64) -> Count {
    Count { full, quick }
}

const fn alone(work: &'static str, full: u64, quick: u64) -> Work {
    let count = count(full, quick);
    Work::Alone { work, count }
}

const fn echo(connections: usize) -> Work {
    let messages = count(300_000, 60_000);
    Work::Echo {
        connections,
        messages,
    }
}

const fn fetch(path: &'static str, lanes: usize, full: u64, quick: u64) -> Fetch {
    Fetch {
        path,
        lanes,
        warm: 20,
        pages: count(full, quick),
    }
}

/// One page for each worker, and nothing before.
const fn once(path: &'static str, lanes: usize) -> Fetch {
    Fetch {
        path,
        lanes,
        warm: 0,
        pages: count(lanes as u64, lanes as u64),
    }
}

pub(crate) const CPU: &[&str] = &["ns CPU"];

/// Hosts that the canned server plays, for lanes that are apart.
pub(crate) const APART: usize = 1000;

/// Executors; those of Python with them.
const EXECUTORS: &[&str] = &[
    "tokio-local",
    "tokio-ct",
    "smol",
    "monoio-epoll",
    "monoio-uring",
    "glommio",
    "compio",
    "local-pool",
    "asyncio",
    "uvloop",
];
/// Executors with timers and sockets.
const RUNTIMES: &[&str] = &[
    "tokio-local",
    "tokio-ct",
    "smol",
    "monoio-epoll",
    "monoio-uring",
    "glommio",
    "compio",
    "asyncio",
    "uvloop",
];
/// Those that have channels of Rust.
const CHANNELS: &[&str] = &[
    "tokio-local",
    "tokio-ct",
    "smol",
    "monoio-epoll",
    "monoio-uring",
    "glommio",
    "compio",
    "local-pool",
];
const SERVERS: &[&str] = &[
    "bare",
    "tokio-local",
    "tokio-ct",
    "smol",
    "monoio-epoll",
    "monoio-uring",
    "glommio",
    "compio",
    "asyncio",
    "uvloop",
];
const CLIENTS: &[&str] = &[
    "bare",
    "hyper",
    "hyper-pooled",
    "reqwest",
    "ureq",
    "isahc",
    "curl-multi",
    "aiohttp",
    "httpx",
    "wrk",
];
/// Clients that make a thousand connections as fast as anything.
const ASYNCHRONOUS: &[&str] = &[
    "bare",
    "hyper",
    "hyper-pooled",
    "reqwest",
    "curl-multi",
    "aiohttp",
];
/// Clients that wait for thousands of responses at the same time; libcurl gives up on so many.
const PATIENT: &[&str] = &["hyper", "hyper-pooled", "reqwest", "aiohttp"];

/// Programs of one GET; `looplet` is without https, `looplet-https` with all defaults.
const PROGRAMS: &[&str] = &[
    "looplet-https",
    "hyper",
    "reqwest",
    "reqwest-default",
    "ureq",
    "minreq",
    "attohttpc",
];

/// All of it, in the order in which it is done.
pub(crate) const BENCHES: &[Bench] = &[
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
        peers: EXECUTORS,
    },
    Bench {
        name: "spawn-one",
        about: "spawn a task and await it, one by one",
        work: alone("spawn-one", 2_000_000, 500_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "yield",
        about: "yield, 1 task",
        work: alone("yield", 5_000_000, 1_000_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "yield-1000",
        about: "yield, 1000 tasks",
        work: alone("yield-1000", 5_000_000, 1_000_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "ping-pong",
        about: "round trip through two channels for one thread",
        work: alone("ping-pong", 2_000_000, 500_000),
        units: CPU,
        peers: EXECUTORS,
    },
    Bench {
        name: "ping-pong-mpsc",
        about: "round trip through two channels of tokio, of one place",
        work: alone("ping-pong-mpsc", 1_000_000, 300_000),
        units: CPU,
        peers: CHANNELS,
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
        about: "schedule and cancel 1 000 000 deadlines without tasks",
        work: alone("timer-pairs", 1_000_000, 1_000_000),
        units: CPU,
        peers: &["delay-queue"],
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
    Bench {
        name: "get-1k-64",
        about: "GET 1 KiB, 64 connections that are kept",
        work: Work::Fetch(fetch("/1k", 64, 100_000, 20_000)),
        units: &["ns CPU", "requests/s"],
        peers: CLIENTS,
    },
    Bench {
        name: "get-1k-256",
        about: "GET 1 KiB, 256 connections that are kept",
        work: Work::Fetch(fetch("/1k", 256, 100_000, 20_000)),
        units: CPU,
        peers: CLIENTS,
    },
    Bench {
        name: "get-100k-16",
        about: "GET 100 KiB, 16 connections that are kept",
        work: Work::Fetch(fetch("/100k", 16, 30_000, 6_000)),
        units: CPU,
        peers: CLIENTS,
    },
    Bench {
        name: "get-100k-64",
        about: "GET 100 KiB, 64 connections that are kept",
        work: Work::Fetch(fetch("/100k", 64, 30_000, 6_000)),
        units: CPU,
        peers: CLIENTS,
    },
    Bench {
        name: "instructions",
        about: "instructions in user space for a GET of 1 KiB, 16 connections",
        work: Work::Counted(Tool::Callgrind, fetch("/1k", 16, 1_600, 800)),
        units: &["instructions"],
        peers: &[
            "bare",
            "hyper",
            "hyper-pooled",
            "reqwest",
            "ureq",
            "curl-multi",
        ],
    },
    Bench {
        name: "system-calls",
        about: "system calls for a GET of 1 KiB, 16 connections",
        work: Work::Counted(Tool::Strace, fetch("/1k", 16, 16_000, 4_800)),
        units: &["system calls"],
        peers: &[
            "bare",
            "hyper",
            "hyper-pooled",
            "reqwest",
            "ureq",
            "isahc",
            "curl-multi",
            "aiohttp",
        ],
    },
    Bench {
        name: "cold",
        about: "connect, GET 1 KiB, close; bursts of 500",
        work: Work::Fetch(Fetch {
            warm: 1,
            ..fetch("/close", 500, 4_000, 2_000)
        }),
        units: CPU,
        peers: ASYNCHRONOUS,
    },
    Bench {
        name: "slow-3",
        about: "3 pages that take 2 s each, from the start of the process to its end",
        work: Work::WholeFetch(once("/slow/2000", 3)),
        units: &["ms, whole process"],
        peers: &["hyper", "reqwest", "aiohttp"],
    },
    Bench {
        name: "slow-5000",
        about: "5000 pages that take 2 s each, all at the same time",
        work: Work::Fetch(once("/slow/2000", 5000)),
        units: &["ns CPU", "ms", "MB at most"],
        peers: PATIENT,
    },
    Bench {
        name: "slow-10000",
        about: "10 000 pages that take 2 s each, all at the same time",
        work: Work::Fetch(once("/slow/2000", 10_000)),
        units: &["ns CPU", "ms", "MB at most"],
        peers: PATIENT,
    },
    Bench {
        name: "idle-connection",
        about: "memory of a connection that is kept, among 1000",
        work: Work::Fetch(once("/apart", APART)),
        units: &["bytes a connection"],
        peers: &["hyper", "hyper-pooled", "reqwest"],
    },
    Bench {
        name: "program-run",
        about: "a program of one GET, from its start to its end",
        work: Work::Program(Aspect::Run),
        units: &["us CPU"],
        peers: PROGRAMS,
    },
    Bench {
        name: "program-size",
        about: "that program, stripped, and the crates that it is made of",
        work: Work::Program(Aspect::Size),
        units: &["KB, as released", "KB, with LTO", "crates"],
        peers: PROGRAMS,
    },
    Bench {
        name: "program-build",
        about: "that program, built from nothing on all cores",
        work: Work::Program(Aspect::Build),
        units: &["s to build"],
        peers: PROGRAMS,
    },
];
