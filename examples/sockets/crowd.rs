//! Row 29: many clients of one server.

use std::env;
use std::io;
use std::process::Stdio;

use looplet::process::Command;
use looplet::{Address, Server, gather, open_connection, start_server};

use crate::echo::talk;
use crate::rows::{self, Outcome, Stopwatch};

/// Clients that are tasks of this program.
const CLIENTS: usize = 500;
/// Clients that are programs.
const PROCESSES: usize = 50;
/// What each client says; the notes go on for ever.
const ROUNDS: usize = 5;

async fn quiet_server() -> io::Result<Server> {
    start_server("127.0.0.1:0", async |reader, writer| {
        talk(reader, writer, false).await
    })
    .await
}

/// Says `hello`, and counts what comes back in capitals.
async fn client(address: Address) -> io::Result<usize> {
    let (reader, writer) = open_connection(address).await?;
    let mut heard = 0;
    for _ in 0..ROUNDS {
        writer.write_all(b"hello").await?;
        let answer = reader.read_exactly(5).await.map_err(io::Error::other)?;
        heard += usize::from(answer == b"HELLO");
    }
    Ok(heard)
}

/// Clients and server are on one thread. The notes listen with a backlog of 5, which is enough
/// for processes that come one by one; the 1024 of `start_server` takes all at once.
pub(crate) fn tasks() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let server = quiet_server().await?;
        let address = server.local_addr();
        let clients: Vec<_> = (0..CLIENTS).map(|_| client(address.into())).collect();
        report(CLIENTS, &gather(clients).await);
        println!("{}", clock.passed());
        Ok(())
    })
}

fn report(clients: usize, results: &[io::Result<usize>]) {
    let heard: usize = results.iter().flatten().sum();
    let errors = results.iter().filter(|result| result.is_err()).count();
    println!("{clients} clients, {heard} times HELLO, {errors} errors");
}

/// Each is this program again, as `28-client`.
pub(crate) fn processes() -> Outcome {
    rows::run(async {
        let server = quiet_server().await?;
        let address = server.local_addr().to_string();
        let clients: Vec<_> = (0..PROCESSES).map(|_| process(address.clone())).collect();
        report(PROCESSES, &gather(clients).await);
        Ok(())
    })
}

/// Runs a client in a process, and counts what it has printed in capitals.
async fn process(address: String) -> io::Result<usize> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args(["28-client", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let output = child.communicate("hello\n".repeat(ROUNDS)).await?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .matches("HELLO")
        .count())
}
