//! The crawl as a person runs it: bad input, bad pages, an output that nobody reads; and crawls
//! that are killed at any moment, whose disk is full, or that several share.
//!
//! The claim of the latter is always the same: each page of the site is kept, and kept once.
//! What needs a server or a right that is not there says so and passes; with `CI=true` it fails.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[allow(
    dead_code,
    unused_imports,
    reason = "these tests start servers of their own"
)]
#[path = "../servers/mod.rs"]
mod servers;

mod program;
mod web;

mod input;
mod pages;
mod robots;
mod kills;
mod disk;
mod workers;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(not(feature = "mysql"))]
mod no_mysql;
