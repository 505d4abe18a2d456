//! The other end: gives bodies of one size in three forms, and counts those that it is given.
//!
//! It is as small as a server can be that trusts its only client. `write_all` waits until the
//! kernel has taken what is written, so nothing piles up here either.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use looplet::{Server, StreamReader, StreamWriter, start_server};

use crate::{MIB, PIECE};

/// Serves bodies of `mib` MiB under `/plain`, `/chunked` and `/gzip`. Anything else is an upload,
/// whose length is the answer.
pub(crate) async fn start(mib: u64) -> io::Result<Server> {
    let block = block();
    let coded = gzip(&block)?;
    start_server("127.0.0.1:0", async move |reader, writer| {
        while let Ok(head) = reader.read_until(b"\r\n\r\n").await {
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            match head.split(' ').nth(1) {
                Some("/plain") => send_plain(&writer, &block, mib).await?,
                Some("/chunked") => send_chunked(&writer, &block, mib, "").await?,
                // One member after the other is gzip as well (RFC 1952, section 2.2).
                Some("/gzip") => {
                    let coding = "Content-Encoding: gzip\r\n";
                    send_chunked(&writer, &coded, mib, coding).await?;
                }
                _ => answer(&writer, receive(&reader, &head).await?).await?,
            }
        }
        Ok::<(), io::Error>(())
    })
    .await
}

/// One MiB of text.
fn block() -> Vec<u8> {
    let lines = (0..MIB / 32).flat_map(|number| format!("{number:>31}\n").into_bytes());
    lines.collect()
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content)?;
    encoder.finish()
}

async fn send_plain(writer: &StreamWriter, block: &[u8], count: u64) -> io::Result<()> {
    let length = count * block.len() as u64;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    writer.write(head.as_bytes());
    for _ in 0..count {
        for piece in block.chunks(PIECE) {
            writer.write_all(piece).await?;
        }
    }
    Ok(())
}

async fn send_chunked(
    writer: &StreamWriter,
    block: &[u8],
    count: u64,
    header: &str,
) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\n{header}Transfer-Encoding: chunked\r\n\r\n");
    writer.write(head.as_bytes());
    for _ in 0..count {
        for piece in block.chunks(PIECE) {
            writer.write(format!("{:x}\r\n", piece.len()).as_bytes());
            writer.write(piece);
            writer.write_all(b"\r\n").await?;
        }
    }
    writer.write_all(b"0\r\n\r\n").await
}

/// Reads the body of a request, and forgets it. Returns how many bytes it had.
async fn receive(reader: &StreamReader, head: &str) -> io::Result<u64> {
    let mut lines = head.lines();
    if let Some(length) = lines.find_map(|line| line.strip_prefix("content-length: ")) {
        let length = length.parse().map_err(io::Error::other)?;
        return skip(reader, length).await;
    }
    let mut received = 0;
    loop {
        let line = reader.read_line().await?;
        let line = String::from_utf8_lossy(&line);
        let size = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
        received += skip(reader, size).await?;
        reader.read_exactly(2).await?;
        if size == 0 {
            return Ok(received);
        }
    }
}

async fn skip(reader: &StreamReader, count: u64) -> io::Result<u64> {
    let mut left = count;
    while left > 0 {
        let piece = reader.read(left.min(PIECE as u64) as usize).await?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= piece.len() as u64;
    }
    Ok(count)
}

async fn answer(writer: &StreamWriter, received: u64) -> io::Result<()> {
    let text = received.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    writer.write_all(head.as_bytes()).await
}
