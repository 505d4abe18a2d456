//! The load of the echo servers: every connection has one message of 64 bytes on the way.
//!
//! It connects, says so, and then sends as many messages as each line of its standard input
//! says, altogether. When the last answer is there it says so; nothing is on the way then, so
//! the driver can read the server's clock at a moment that means something.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::poller::Poller;

/// Bytes of a message.
const MESSAGE: usize = 64;
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(5);

/// One connection.
struct Lane {
    stream: TcpStream,
    /// Bytes of the answer that are not there yet; 0 while nothing is on the way.
    missing: usize,
}

pub(super) fn run(port: u16, connections: usize) -> io::Result<()> {
    let mut poller = Poller::new()?;
    let mut lanes = Vec::with_capacity(connections);
    for token in 0..connections {
        let stream = connect(port)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        poller.add(&stream, token as u64)?;
        lanes.push(Lane { stream, missing: 0 });
    }
    println!("connected");
    for line in io::stdin().lock().lines() {
        let messages = line?.parse().map_err(io::Error::other)?;
        exchange(&mut poller, &mut lanes, messages)?;
        println!("answered");
    }
    Ok(())
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let begin = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if begin.elapsed() > PATIENCE => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(1)),
            connected => return connected,
        }
    }
}

/// Sends `messages` on all lanes together, and waits for all answers.
fn exchange(poller: &mut Poller, lanes: &mut [Lane], messages: usize) -> io::Result<()> {
    let mut unsent = messages;
    let mut unanswered = messages;
    for lane in lanes.iter_mut().take(messages) {
        lane.send()?;
        unsent -= 1;
    }
    while unanswered > 0 {
        poller.wait(None)?;
        for token in poller.news() {
            let lane = &mut lanes[token as usize];
            if lane.missing > 0 && lane.receive()? {
                unanswered -= 1;
                if unsent > 0 {
                    unsent -= 1;
                    lane.send()?;
                }
            }
        }
    }
    Ok(())
}

impl Lane {
    fn send(&mut self) -> io::Result<()> {
        self.missing = MESSAGE;
        self.stream.write_all(&[b'm'; MESSAGE])
    }

    /// Reads what has come. Returns whether the answer is complete.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; MESSAGE];
        match self.stream.read(&mut buffer[..self.missing]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.missing -= length;
                Ok(self.missing == 0)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}
