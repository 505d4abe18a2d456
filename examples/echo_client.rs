//! A client that sends three lines and reads each back, from the server named on the command
//! line or from one of its own.
//!
//! What to look at: a connection is a reader and a writer. `write` never waits; `drain` is
//! where a program is held up that writes faster than its peer reads. Without an argument
//! both ends live on this one thread.
//!
//! ```text
//! sent "one", received "one"
//! sent "two", received "two"
//! sent "three", received "three"
//! the connection is closed
//! ```

mod common;

use std::io;
use std::process::ExitCode;

use looplet::{Address, open_connection, start_server};

fn main() -> ExitCode {
    common::run_with_argument("[HOST:PORT]", async |argument| {
        if let Some(address) = argument {
            return talk(address.as_str().into()).await;
        }
        let server = start_server("127.0.0.1:0", async |reader, writer| {
            while let Ok(line) = reader.read_line().await
                && !line.is_empty()
            {
                writer.write(&line);
            }
        })
        .await?;
        talk(server.local_addr().into()).await
    })
}

async fn talk(address: Address) -> io::Result<()> {
    let (reader, writer) = open_connection(address).await?;
    for word in ["one", "two", "three"] {
        writer.write(format!("{word}\n").as_bytes());
        writer.drain().await?;
        let line = reader.read_line().await?;
        let line = String::from_utf8_lossy(&line);
        println!("sent {word:?}, received {:?}", line.trim_end());
    }
    writer.close();
    writer.wait_closed().await?;
    println!("the connection is closed");
    Ok(())
}
