//! What clients do.

use super::subjects::{ASYNCHRONOUS, CLIENTS, CRAWLERS, PATIENT, PROGRAMS};
use super::{Aspect, Bench, CPU, Count, Fetch, Server, Tool, Work};

/// Hosts that the canned server plays, for lanes that are apart.
const APART: usize = 1000;
const CANNED: Server = Server::Canned { addresses: 1 };
/// With how long it took, and with the memory that was in use.
const RATE: &[&str] = &["ns CPU", "requests/s"];
const RATE_AND_MEMORY: &[&str] = &["ns CPU", "requests/s", "MB at most"];
const TIME_AND_MEMORY: &[&str] = &["ns CPU", "ms", "MB at most"];

pub(super) const BENCHES: &[Bench] = &[
    kept(
        "get-1k-1",
        "GET 1 KiB, 1 connection that is kept",
        fetch("/1k", 1, 10_000, 4_000),
    ),
    kept(
        "get-1k-16",
        "GET 1 KiB, 16 connections that are kept",
        fetch("/1k", 16, 25_000, 10_000),
    ),
    kept(
        "get-1k-64",
        "GET 1 KiB, 64 connections that are kept",
        fetch("/1k", 64, 25_000, 10_000),
    ),
    Bench {
        units: RATE_AND_MEMORY,
        ..kept(
            "get-1k-256",
            "GET 1 KiB, 256 connections that are kept",
            fetch("/1k", 256, 25_000, 10_000),
        )
    },
    kept(
        "get-100k-16",
        "GET 100 KiB, 16 connections that are kept",
        fetch("/100k", 16, 8_000, 4_000),
    ),
    Bench {
        units: RATE_AND_MEMORY,
        ..kept(
            "get-100k-64",
            "GET 100 KiB, 64 connections that are kept",
            fetch("/100k", 64, 8_000, 4_000),
        )
    },
    kept(
        "nginx-1k-1",
        "GET 1 KiB from nginx, 1 connection that is kept",
        nginx("/1k", 1, 10_000, 4_000),
    ),
    kept(
        "nginx-1k-16",
        "GET 1 KiB from nginx, 16 connections that are kept",
        nginx("/1k", 16, 20_000, 8_000),
    ),
    kept(
        "nginx-1k-64",
        "GET 1 KiB from nginx, 64 connections that are kept",
        nginx("/1k", 64, 20_000, 8_000),
    ),
    kept(
        "nginx-1k-256",
        "GET 1 KiB from nginx, 256 connections that are kept",
        nginx("/1k", 256, 20_000, 8_000),
    ),
    kept(
        "nginx-100k-1",
        "GET 100 KiB from nginx, 1 connection that is kept",
        nginx("/100k", 1, 5_000, 3_000),
    ),
    kept(
        "nginx-100k-16",
        "GET 100 KiB from nginx, 16 connections that are kept",
        nginx("/100k", 16, 5_000, 3_000),
    ),
    kept(
        "nginx-100k-64",
        "GET 100 KiB from nginx, 64 connections that are kept",
        nginx("/100k", 64, 5_000, 3_000),
    ),
    kept(
        "nginx-100k-256",
        "GET 100 KiB from nginx, 256 connections that are kept",
        nginx("/100k", 256, 5_000, 3_000),
    ),
    Bench {
        name: "instructions",
        about: "instructions in user space for a GET of 1 KiB, 16 connections",
        work: Work::Counted(Tool::Callgrind, fetch("/1k", 16, 1_600, 400)),
        units: &["instructions"],
        peers: &[
            "bare",
            "hyper",
            "hyper-pooled",
            "reqwest",
            "cyper",
            "ureq",
            "curl-multi",
        ],
    },
    Bench {
        name: "system-calls",
        about: "system calls for a GET of 1 KiB, 16 connections",
        work: Work::Counted(Tool::Strace, fetch("/1k", 16, 4_800, 1_600)),
        units: &["system calls"],
        peers: &[
            "bare",
            "hyper",
            "hyper-pooled",
            "reqwest",
            "cyper",
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
        name: "crawl-5000",
        about: "crawl 5000 pages of 2 to 4 KiB, 64 connections",
        work: Work::Crawl { lanes: 64 },
        units: TIME_AND_MEMORY,
        peers: CRAWLERS,
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
        units: TIME_AND_MEMORY,
        peers: PATIENT,
    },
    Bench {
        name: "slow-10000",
        about: "10 000 pages that take 2 s each, all at the same time",
        work: Work::Fetch(once("/slow/2000", 10_000)),
        units: TIME_AND_MEMORY,
        peers: PATIENT,
    },
    Bench {
        name: "idle-connection",
        about: "memory of a connection that is kept, among 1000",
        work: Work::Fetch(Fetch {
            server: Server::Canned { addresses: APART },
            ..once("/apart", APART)
        }),
        units: &["bytes a connection"],
        peers: &["hyper", "hyper-pooled", "reqwest"],
    },
    // The first makes the programs that the others look at.
    Bench {
        name: "program-build",
        about: "that program, built from nothing on all cores",
        work: Work::Program(Aspect::Build),
        units: &["s to build"],
        peers: PROGRAMS,
    },
    Bench {
        name: "program-run",
        about: "a program of one GET, from its start to its end",
        work: Work::Program(Aspect::Run),
        units: &["us CPU", "MB while it waits"],
        peers: PROGRAMS,
    },
    Bench {
        name: "program-size",
        about: "that program, stripped, and the crates that it is made of",
        work: Work::Program(Aspect::Size),
        units: &["KB, as released", "KB, with LTO", "crates"],
        peers: PROGRAMS,
    },
];

const fn kept(name: &'static str, about: &'static str, fetch: Fetch) -> Bench {
    Bench {
        name,
        about,
        work: Work::Fetch(fetch),
        units: RATE,
        peers: CLIENTS,
    }
}

const fn fetch(path: &'static str, lanes: usize, full: u64, quick: u64) -> Fetch {
    Fetch {
        server: CANNED,
        path,
        lanes,
        warm: 20,
        pages: Count::new(full, quick),
    }
}

const fn nginx(path: &'static str, lanes: usize, full: u64, quick: u64) -> Fetch {
    Fetch {
        server: Server::Nginx,
        ..fetch(path, lanes, full, quick)
    }
}

/// One page for each worker, and nothing before.
const fn once(path: &'static str, lanes: usize) -> Fetch {
    Fetch {
        warm: 0,
        ..fetch(path, lanes, lanes as u64, lanes as u64)
    }
}
