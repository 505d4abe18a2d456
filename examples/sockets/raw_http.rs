//! Row 59: HTTP by hand, ten times, and the answers in the order in which they come.

use std::io;
use std::time::Duration;

use looplet::{Server, as_completed, open_connection, sleep, start_server};

use crate::rows::{self, Outcome};

/// Asks for `/` and gives the lines of the answer. They keep their ends, as in the notes, so that
/// each is followed by two line breaks.
async fn get_url(address: String) -> io::Result<String> {
    let (reader, writer) = open_connection(address.as_str()).await?;
    let head = format!("GET / HTTP/1.1\r\nHost:{address}\r\nConnection:close\r\n\r\n");
    writer.write_all(head.as_bytes()).await?;
    let mut lines = Vec::new();
    loop {
        let line = reader.read_line().await.map_err(io::Error::other)?;
        if line.is_empty() {
            return Ok(lines.join("\n"));
        }
        lines.push(String::from_utf8_lossy(&line).into_owned());
    }
}

/// Lets every visitor wait, the later the shorter.
async fn start() -> io::Result<Server> {
    let waits = std::cell::Cell::new(10);
    start_server("127.0.0.1:0", async move |reader, writer| {
        if reader.read_until(b"\r\n\r\n").await.is_err() {
            return;
        }
        let place = waits.replace(waits.get() - 1);
        sleep(Duration::from_millis(20) * place).await;
        let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nanswer {place}\n");
        writer.write(answer.as_bytes());
    })
    .await
}

pub(crate) fn as_they_come() -> Outcome {
    rows::run(async {
        let server = start().await?;
        let address = match rows::argument() {
            Some(address) => address.to_string(),
            None => server.local_addr().to_string(),
        };
        let mut answers = as_completed((0..10).map(|_| get_url(address.clone())));
        while let Some(answer) = answers.next().await {
            println!("{:?}", answer?.outcome()??);
        }
        Ok(())
    })
}
