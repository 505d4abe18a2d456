//! Every operation that waits, ended before its time at every turn: nothing stays behind.
//!
//! * `sweep`: how a round goes, and what is looked at after it;
//! * `operations`: each public operation that waits, alone;
//! * `combined`: those on several things, and the lower sockets;
//! * `rest`: variants of streams, sockets and servers, pools;
//! * `files`: files and folders;
//! * `signals`, `processes`: if the feature is on;
//! * `nesting`: scopes in each other and side by side.

#[path = "../common/mod.rs"]
mod common;
mod sweep;
mod operations;
mod combined;
mod rest;
mod files;
#[cfg(feature = "signal")]
mod signals;
#[cfg(feature = "process")]
mod processes;
mod nesting;
