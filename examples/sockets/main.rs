//! Sockets: an echo server of the notes, one client and five hundred, and HTTP by hand.
//!
//! What to look at: a task for each connection, on one thread, and no patched library. Takes a
//! row. Without arguments, it lists its rows:
//!
//! ```text
//! 28           an echo in capitals: a server and a client that asks for lines
//! 28-server    the server alone, on 127.0.0.1:8080 or where the argument says
//! 28-client    the client alone, of the server there
//! 29           500 clients in this program, five rounds each
//! 29-processes 50 clients in programs of their own
//! 30           the server and a client on sockets, without streams
//! 59           ten requests by hand, answers as they come
//! ```

#[path = "../common/rows.rs"]
mod rows;

mod crowd;
mod echo;
mod raw_http;

use std::process::ExitCode;

use rows::Row;

const ROWS: [Row; 7] = [
    Row(
        "28",
        "an echo in capitals: a server and a client that asks for lines",
        echo::both,
    ),
    Row(
        "28-server",
        "the server alone, on 127.0.0.1:8080 or where the argument says",
        echo::server,
    ),
    Row(
        "28-client",
        "the client alone, of the server there",
        echo::client,
    ),
    Row(
        "29",
        "500 clients in this program, five rounds each",
        crowd::tasks,
    ),
    Row(
        "29-processes",
        "50 clients in programs of their own",
        crowd::processes,
    ),
    Row(
        "30",
        "the server and a client on sockets, without streams",
        echo::on_sockets,
    ),
    Row(
        "59",
        "ten requests by hand, answers as they come",
        raw_http::as_they_come,
    ),
];

fn main() -> ExitCode {
    rows::main(&ROWS)
}
