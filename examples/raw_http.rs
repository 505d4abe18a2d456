//! A page fetched by hand: an HTTP client in its shortest form.
//!
//! What to look at: a request is text, an answer is text, and the page ends where the
//! connection does, because the request asks for that. Everything else that a client has to
//! know is what `looplet-http` is for. Give it `example.com:80` to see a real page.
//!
//! ```text
//! > GET / HTTP/1.1
//! > Host: 127.0.0.1:…
//! > Connection: close
//! < HTTP/1.1 200 OK
//! < Content-Length: 14
//! < Connection: close
//! 14 bytes: "Hello by hand\n"
//! ```

mod common;

use std::io;
use std::process::ExitCode;

use looplet::{open_connection, start_server};

const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nHello by hand\n";

fn main() -> ExitCode {
    common::run_with_argument("[HOST:PORT]", async |argument| {
        if let Some(address) = argument {
            return get(&address).await;
        }
        let server = start_server("127.0.0.1:0", async |reader, writer| {
            if reader.read_until(b"\r\n\r\n").await.is_ok() {
                writer.write(ANSWER.as_bytes());
            }
        })
        .await?;
        get(&server.local_addr().to_string()).await
    })
}

async fn get(address: &str) -> io::Result<()> {
    let (reader, writer) = open_connection(address).await?;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    writer.write_all(request.as_bytes()).await?;
    show('>', request.as_bytes());
    show('<', &reader.read_until(b"\r\n\r\n").await?);
    let page = reader.read_to_end().await?;
    println!("{} bytes: {:?}", page.len(), String::from_utf8_lossy(&page));
    Ok(())
}

fn show(direction: char, head: &[u8]) {
    let text = String::from_utf8_lossy(head);
    text.trim_end()
        .lines()
        .for_each(|line| println!("{direction} {line}"));
}
