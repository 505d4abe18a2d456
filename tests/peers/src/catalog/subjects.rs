//! Who does things side by side.

/// Executors; those of Python with them.
pub(super) const EXECUTORS: &[&str] = &[
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
pub(super) const RUNTIMES: &[&str] = &[
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
/// Those of Rust: they have channels, and a million tasks in a second.
pub(super) const LINKED: &[&str] = &[
    "tokio-local",
    "tokio-ct",
    "smol",
    "monoio-epoll",
    "monoio-uring",
    "glommio",
    "compio",
    "local-pool",
];
/// Echo servers.
pub(super) const SERVERS: &[&str] = &[
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
/// Everyone who fetches.
pub(super) const CLIENTS: &[&str] = &[
    "bare",
    "hyper",
    "hyper-pooled",
    "reqwest",
    "cyper",
    "ureq",
    "isahc",
    "curl-multi",
    "aiohttp",
    "httpx",
    "wrk",
];
/// Clients that make a thousand connections as fast as anything.
pub(super) const ASYNCHRONOUS: &[&str] = &[
    "bare",
    "hyper",
    "hyper-pooled",
    "reqwest",
    "cyper",
    "curl-multi",
    "aiohttp",
];
/// Clients that wait for thousands of responses at the same time; libcurl gives up on so many.
pub(super) const PATIENT: &[&str] = &["hyper", "hyper-pooled", "reqwest", "aiohttp"];

/// Clients that crawl: a task for each lane. httpx would take half a minute.
pub(super) const CRAWLERS: &[&str] = &[
    "hyper",
    "hyper-pooled",
    "reqwest",
    "cyper",
    "isahc",
    "aiohttp",
];

/// Programs of one GET; `looplet` is without https, `looplet-https` with all defaults.
pub(super) const PROGRAMS: &[&str] = &[
    "looplet-https",
    "hyper",
    "reqwest",
    "reqwest-default",
    "ureq",
    "minreq",
    "attohttpc",
    "isahc",
];
