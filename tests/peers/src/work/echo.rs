//! TCP servers that answer with what they get. The load is a partner, in another process.
//!
//! The server says where it listens, and then, for every line of its standard input, how much
//! CPU time it has used. A thread of its own does that, which sleeps while load is measured.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::meters::cpu_time;
use crate::poller::Poller;
use crate::runtimes::{ECHO_BUFFER, Runtime, announce};

/// Serves on `R` until standard input ends.
pub(crate) fn on<R: Runtime>() -> Result<(), String> {
    let listener = begin().map_err(|error| error.to_string())?;
    let served = R::run(R::echo(listener));
    served.map_err(|error| format!("the server ended: {error}"))
}

/// The limit: the same without a runtime, edges and all.
pub(crate) fn bare() -> io::Result<()> {
    let listener = begin()?;
    listener.set_nonblocking(true)?;
    let mut poller = Poller::new()?;
    let mut streams: Vec<TcpStream> = Vec::new();
    let mut buffer = [0; ECHO_BUFFER];
    poller.add(&listener, u64::MAX)?;
    announce(listener.local_addr()?);
    loop {
        poller.wait(None)?;
        for token in poller.news() {
            if token == u64::MAX {
                accept_all(&listener, &mut streams, &poller)?;
            } else {
                answer(&streams[token as usize], &mut buffer);
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    streams: &mut Vec<TcpStream>,
    poller: &Poller,
) -> io::Result<()> {
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(true)?;
        poller.add(&stream, streams.len() as u64)?;
        streams.push(stream);
    }
    Ok(())
}

/// Answers what has come. A read that does not fill the buffer has emptied the socket.
fn answer(mut stream: &TcpStream, buffer: &mut [u8]) {
    while let Ok(length) = stream.read(buffer) {
        if length == 0 || stream.write_all(&buffer[..length]).is_err() || length < buffer.len() {
            return;
        }
    }
}

/// Binds, and starts to say how much CPU time was used.
fn begin() -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    thread::spawn(|| {
        for _ in io::stdin().lock().lines() {
            println!("{}", cpu_time().as_nanos());
        }
        std::process::exit(0);
    });
    Ok(listener)
}
