//! A server that sends every line back, with a task for each client.
//!
//! What to look at: `start_server` calls the closure with a reader and a writer for every
//! connection: try `nc 127.0.0.1 8888` in two windows. With `--once` the program is its own
//! only client, and prints
//!
//! ```text
//! serving on 127.0.0.1:…
//! server: "hello"
//! client: "hello" came back
//! server: served a client: Ok(())
//! ```

mod common;

use std::io;
use std::process::ExitCode;

use looplet::{ReadError, StreamReader, StreamWriter, open_connection, start_server};

fn main() -> ExitCode {
    common::run_with_argument("[ADDRESS:PORT | --once]", async |argument| {
        let once = argument.as_deref() == Some("--once");
        let usual = if once {
            "127.0.0.1:0"
        } else {
            "127.0.0.1:8888"
        };
        let address = argument.as_deref().filter(|_| !once).unwrap_or(usual);
        let server = start_server(address, async |reader, writer| {
            println!("server: served a client: {:?}", echo(reader, writer).await);
        })
        .await?;
        println!("serving on {}", server.local_addr());
        if once {
            return visit(server.local_addr().into()).await;
        }
        server.serve_forever().await;
        Ok(())
    })
}

async fn echo(mut reader: StreamReader, mut writer: StreamWriter) -> Result<(), ReadError> {
    let mut lines = reader.lines();
    while let Some(line) = lines.next().await? {
        println!("server: {:?}", String::from_utf8_lossy(&line));
        writer.write_all(&[&line[..], b"\n"].concat()).await?;
    }
    Ok(())
}

/// Sends a line, reads it back, and says goodbye.
async fn visit(address: looplet::Address) -> io::Result<()> {
    let (mut reader, mut writer) = open_connection(address).await?;
    writer.write(b"hello\n");
    let line = reader.read_line().await?;
    println!(
        "client: \"{}\" came back",
        line.trim_ascii_end().escape_ascii()
    );
    writer.write_eof();
    reader.read_to_end().await.map(drop)
}
