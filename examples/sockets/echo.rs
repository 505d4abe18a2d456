//! Rows 28 and 30: whatever a client sends comes back in capitals.

use std::io::{self, Write};

use looplet::{
    Address, StreamReader, StreamWriter, TcpListener, TcpStream, create_task, open_connection,
    start_server, to_thread,
};

use crate::rows::{self, Outcome};

const ADDRESS: &str = "127.0.0.1:8080";

/// Serves one client until it leaves. An error ends it as well, and only it.
pub(crate) async fn talk(reader: StreamReader, writer: StreamWriter, is_told: bool) {
    let echo = async {
        let peer = writer.peer_addr()?.ip();
        loop {
            let message = reader.read(1024).await?;
            if message.is_empty() {
                return Ok::<(), io::Error>(());
            }
            if let (true, Some(peer)) = (is_told, peer) {
                println!("client {peer} msg: {}", message.escape_ascii());
            }
            writer.write_all(&message.to_ascii_uppercase()).await?;
        }
    };
    if let Err(error) = echo.await {
        println!("{error}");
    }
}

/// Asks for lines and sends them. The notes loop for ever; here the end of the input is the end.
async fn ask(address: Address) -> io::Result<()> {
    let (reader, writer) = open_connection(address).await?;
    while let Some(line) = to_thread(prompt).await? {
        let message = line.trim();
        // Nothing sent is nothing received: the client would wait for ever.
        if message.is_empty() {
            continue;
        }
        writer.write_all(message.as_bytes()).await?;
        let answer = reader
            .read_exactly(message.len())
            .await
            .map_err(io::Error::other)?;
        println!("{}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

/// Blocks, so it is for a thread.
fn prompt() -> io::Result<Option<String>> {
    print!(">>: ");
    io::stdout().flush()?;
    let mut line = String::new();
    let length = io::stdin().read_line(&mut line)?;
    Ok((length > 0).then_some(line))
}

pub(crate) fn both() -> Outcome {
    rows::run(async {
        let serve = async |reader, writer| talk(reader, writer, true).await;
        let server = start_server("127.0.0.1:0", serve).await?;
        ask(server.local_addr().into()).await?;
        println!();
        Ok(())
    })
}

pub(crate) fn server() -> Outcome {
    rows::run(async {
        let serve = async |reader, writer| talk(reader, writer, true).await;
        let server = start_server(rows::argument().unwrap_or(ADDRESS), serve).await?;
        println!("serving on {}", server.local_addr());
        server.serve_forever().await?;
        Ok(())
    })
}

pub(crate) fn client() -> Outcome {
    rows::run(async {
        ask(rows::argument().unwrap_or(ADDRESS).into()).await?;
        println!();
        Ok(())
    })
}

/// The same with what is below streams. The sockets of the runtime wait without blocking, as
/// those of `gevent` do.
pub(crate) fn on_sockets() -> Outcome {
    rows::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        create_task(async move {
            while let Ok((socket, peer)) = listener.accept().await {
                create_task(async move {
                    println!("client {peer} has come");
                    if let Err(error) = capitals(&socket).await {
                        println!("{error}");
                    }
                });
            }
        });
        let client = TcpStream::connect_to(address).await?;
        for word in ["hello", "world"] {
            client.write_all(word.as_bytes()).await?;
            let mut answer = [0; 1024];
            let length = client.read(&mut answer).await?;
            println!("{word} -> {}", answer[..length].escape_ascii());
        }
        Ok(())
    })
}

async fn capitals(socket: &TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let length = socket.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        buffer.make_ascii_uppercase();
        socket.write_all(&buffer[..length]).await?;
    }
}
