//! A server that sends every line back, with a task for each client.
//!
//! What to look at: `start_server` calls `serve` with a reader and a writer for every
//! connection: try `nc 127.0.0.1 8888` in two windows. With `--once` the program is its own
//! only client, and prints
//!
//! ```text
//! serving on 127.0.0.1:…
//! server: "hello"
//! client: "hello\n" came back
//! server: a client has left
//! ```

mod common;

use std::io;
use std::process::ExitCode;

use looplet::{Address, ReadError, StreamReader, StreamWriter, open_connection, start_server};

fn main() -> ExitCode {
    common::run_with_argument("[ADDRESS:PORT | --once]", async |argument| {
        let argument = argument.unwrap_or("127.0.0.1:8888".to_string());
        let once = argument == "--once";
        let address = if once { "127.0.0.1:0" } else { &argument };
        let server = start_server(address, serve).await?;
        println!("serving on {}", server.local_addr());
        if once {
            return visit(server.local_addr().into()).await;
        }
        Ok(server.serve_forever().await?)
    })
}

async fn serve(reader: StreamReader, writer: StreamWriter) {
    match echo(reader, writer).await {
        Ok(()) => println!("server: a client has left"),
        Err(error) => println!("server: {error}"),
    }
}

async fn echo(reader: StreamReader, writer: StreamWriter) -> Result<(), ReadError> {
    let mut lines = reader.lines();
    while let Some(line) = lines.next().await? {
        println!("server: \"{}\"", line.escape_ascii());
        writer.write_all(&[&line[..], b"\n"].concat()).await?;
    }
    Ok(())
}

async fn visit(address: Address) -> io::Result<()> {
    let (reader, writer) = open_connection(address).await?;
    writer.write(b"hello\n");
    let line = reader.read_line().await?;
    println!("client: \"{}\" came back", line.escape_ascii());
    writer.write_eof();
    reader.read_to_end().await.map(drop)
}
