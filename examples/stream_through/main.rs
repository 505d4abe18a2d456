//! stream_through: bodies of any size, in the memory of one piece.
//!
//! ```text
//! cargo run --example stream_through                     64 MiB each way
//! cargo run --release --example stream_through 10240     10 GiB
//! ```
//!
//! What to look at: a download is read with `chunk`, an upload is an iterator of pieces, and so a
//! download can be the body of an upload (`pass_on`). Nobody runs ahead: who writes waits until
//! the other side has read. That holds for the server, too, which is in the same program: the last
//! line, which Linux alone can tell, counts both ends, and the program. It prints:
//!
//! ```text
//! down, with a length: 64 MiB in …
//! down, chunked: 64 MiB in …
//! down, chunked and gzip: 64 MiB in …
//! up, with a length: 64 MiB in …
//! up, chunked: 64 MiB in …
//! from one server to the other: 64 MiB in …
//! most memory: …
//! ```

#[path = "../common/mod.rs"]
mod common;
mod server;

use std::fs;
use std::io;
use std::process::ExitCode;
use std::time::Instant;

use looplet::{AsyncIterator, from_fn};
use looplet_http::Session;
use looplet_http::message::Body;

const MIB: u64 = 1024 * 1024;
/// What is sent at once.
const PIECE: usize = 64 * 1024;

fn main() -> ExitCode {
    common::run_with_argument("[MIB]", async |argument| {
        let mib = argument.map_or(64, |text| common::number(&text, "[MIB]"));
        stream(mib).await
    })
}

async fn stream(mib: u64) -> io::Result<()> {
    let server = server::start(mib).await?;
    let url = |path| format!("http://{}/{path}", server.local_addr());
    let session = Session::new();
    let total = mib * MIB;

    for (what, path) in [
        ("down, with a length", "plain"),
        ("down, chunked", "chunked"),
        ("down, chunked and gzip", "gzip"),
    ] {
        report(what, total, download(&session, url(path))).await?;
    }
    for (what, body) in [
        (
            "up, with a length",
            Body::sized_stream(total, pieces(total)),
        ),
        ("up, chunked", Body::stream(pieces(total))),
    ] {
        report(what, total, upload(&session, url("upload"), body)).await?;
    }
    let passing = pass_on(&session, url("gzip"), url("upload"));
    report("from one server to the other", total, passing).await?;

    println!(
        "most memory: {}",
        most_memory().as_deref().unwrap_or("unknown")
    );
    Ok(())
}

/// Reads a body to its end. Returns how many bytes it had.
async fn download(session: &Session, url: String) -> io::Result<u64> {
    let mut response = session.get(url).send().await?.raise_for_status()?;
    let mut received = 0;
    while let Some(piece) = response.chunk().await? {
        received += piece.len() as u64;
    }
    Ok(received)
}

/// Sends a body. Returns how many bytes the server says it had.
async fn upload(session: &Session, url: String, body: Body) -> io::Result<u64> {
    let request = session.put(url).body(body);
    let answer = request.send().await?.raise_for_status()?.text().await?;
    answer.parse().map_err(io::Error::other)
}

/// Sends what one server gives to another one, as it comes.
async fn pass_on(session: &Session, from: String, to: String) -> io::Result<u64> {
    let mut response = session.get(from).send().await?.raise_for_status()?;
    let pieces = from_fn(async move || response.chunk().await.map_err(io::Error::from).transpose());
    upload(session, to, Body::stream(pieces)).await
}

/// Zeros, one piece at a time.
fn pieces(total: u64) -> impl AsyncIterator<Item = io::Result<Vec<u8>>> {
    let mut left = total;
    from_fn(async move || {
        let piece = left.min(PIECE as u64);
        left -= piece;
        (piece > 0).then(|| Ok(vec![0; piece as usize]))
    })
}

/// Prints a line about a transfer, which must have had `total` bytes.
async fn report(
    what: &str,
    total: u64,
    transfer: impl Future<Output = io::Result<u64>>,
) -> io::Result<()> {
    let start = Instant::now();
    let moved = transfer.await?;
    if moved != total {
        let wrong = format!("{what}: {moved} bytes instead of {total}");
        return Err(io::Error::other(wrong));
    }
    println!("{what}: {} MiB in {:.2?}", moved / MIB, start.elapsed());
    Ok(())
}

/// The most memory that this process has had at any time, as Linux tells it.
fn most_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().to_owned())
}
