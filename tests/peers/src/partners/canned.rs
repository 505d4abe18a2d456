//! A server whose answers are made beforehand, so that it is faster than every client.
//!
//! | path | the answer |
//! |---|---|
//! | `/1k`, `/100k` | so many bytes |
//! | `/apart` | 1 KiB |
//! | `/close` | 1 KiB, and the end of the connection |
//! | `/slow/MS` | 1 KiB after so many milliseconds |
//!
//! It listens on 127.0.0.1 and as many addresses behind it as it is told, all with one port.
//! It reads heads as far as it has to, and no bodies: clients only `GET`. The listener has
//! room for 4096 connections that are not accepted yet, because a burst that finds it full is
//! tried again by the kernel after one second, and that would be measured.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

use crate::poller::Poller;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// Listeners have the numbers from here on.
const LISTENERS: u64 = 1 << 32;

/// Serves on so many addresses until standard input ends, and says on which port.
pub(super) fn serve(addresses: u32) -> io::Result<()> {
    let first = open(Ipv4Addr::LOCALHOST, 0)?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    for number in 1..addresses {
        let address = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + number);
        listeners.push(open(address, port)?);
    }
    println!("{port}");
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let mut server = Server::new(listeners)?;
    loop {
        server.turn()?;
    }
}

fn open(address: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(address, port))?;
    listen(&socket, BACKLOG)?;
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The answers, as they go over the wire.
struct Answers {
    small: Vec<u8>,
    large: Vec<u8>,
    last: Vec<u8>,
}

struct Server {
    listeners: Vec<TcpListener>,
    poller: Poller,
    /// By their numbers; `None` is free.
    connections: Vec<Option<Connection>>,
    /// Numbers that are free.
    free: Vec<usize>,
    answers: Answers,
    /// When which connections get the answer that they wait for. All waits of a run are as
    /// long, so this is in order.
    slow: VecDeque<(Instant, usize)>,
}

struct Connection {
    stream: TcpStream,
    /// What has come of heads that are not complete.
    heads: Vec<u8>,
    /// What is left to send, of which answer.
    sending: Sending,
}

/// Where an answer is.
#[derive(Clone, Copy)]
enum Sending {
    Nothing,
    Small(usize),
    Large(usize),
    Last(usize),
}

/// What a head asks for.
enum Asked {
    At(Sending),
    After(Duration),
}

impl Server {
    fn new(listeners: Vec<TcpListener>) -> io::Result<Self> {
        let poller = Poller::new()?;
        for (token, listener) in (LISTENERS..).zip(&listeners) {
            poller.add(listener, token)?;
        }
        Ok(Self {
            listeners,
            poller,
            connections: Vec::new(),
            free: Vec::new(),
            answers: Answers {
                small: answer(1024, ""),
                large: answer(100 * 1024, ""),
                last: answer(1024, "Connection: close\r\n"),
            },
            slow: VecDeque::new(),
        })
    }

    fn turn(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let next = self.slow.front().map(|(due, _)| *due);
        self.poller
            .wait(next.map(|due| due.saturating_duration_since(now)))?;
        let news: Vec<u64> = self.poller.news().collect();
        for token in news {
            if token >= LISTENERS {
                self.accept_all((token - LISTENERS) as usize)?;
            } else {
                self.serve(token as usize);
            }
        }
        let now = Instant::now();
        while self.slow.front().is_some_and(|(due, _)| *due <= now) {
            let (_, token) = self.slow.pop_front().expect("it was there");
            self.send(token, Sending::Small(0));
        }
        Ok(())
    }

    fn accept_all(&mut self, listener: usize) -> io::Result<()> {
        while let Ok((stream, _)) = self.listeners[listener].accept() {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let token = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            self.poller.add(&stream, token as u64)?;
            self.connections[token] = Some(Connection {
                stream,
                heads: Vec::new(),
                sending: Sending::Nothing,
            });
        }
        Ok(())
    }

    /// Sends what is left, then reads what has come.
    fn serve(&mut self, token: usize) {
        let Some(connection) = &mut self.connections[token] else {
            return;
        };
        let sent = connection.send(&self.answers);
        match sent.and_then(|()| connection.receive()) {
            Ok(asked) => asked.into_iter().for_each(|asked| self.hear(token, asked)),
            Err(_) => self.close(token),
        }
    }

    fn hear(&mut self, token: usize, asked: Asked) {
        match asked {
            Asked::At(sending) => self.send(token, sending),
            Asked::After(time) => self.slow.push_back((Instant::now() + time, token)),
        }
    }

    fn send(&mut self, token: usize, sending: Sending) {
        let Some(connection) = &mut self.connections[token] else {
            return;
        };
        connection.sending = sending;
        if connection.send(&self.answers).is_err() {
            self.close(token);
        }
    }

    fn close(&mut self, token: usize) {
        self.connections[token] = None;
        self.free.push(token);
    }
}

impl Connection {
    /// Sends as much as the kernel takes. After the last answer the connection is broken.
    fn send(&mut self, answers: &Answers) -> io::Result<()> {
        loop {
            let (bytes, sent, rest): (_, _, fn(usize) -> Sending) = match self.sending {
                Sending::Nothing => return Ok(()),
                Sending::Small(sent) => (&answers.small, sent, Sending::Small),
                Sending::Large(sent) => (&answers.large, sent, Sending::Large),
                Sending::Last(sent) => (&answers.last, sent, Sending::Last),
            };
            if sent == bytes.len() {
                let last = matches!(self.sending, Sending::Last(_));
                self.sending = Sending::Nothing;
                return if last {
                    Err(io::ErrorKind::ConnectionAborted.into())
                } else {
                    Ok(())
                };
            }
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => self.sending = rest(sent + length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads until nothing is there or a head is complete, and says what it asks for.
    fn receive(&mut self) -> io::Result<Option<Asked>> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) if self.heads.is_empty() && is_complete(&buffer[..length]) => {
                    return Ok(asked(&buffer[..length]));
                }
                Ok(length) => {
                    self.heads.extend_from_slice(&buffer[..length]);
                    if is_complete(&self.heads) {
                        return Ok(asked(&std::mem::take(&mut self.heads)));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_complete(head: &[u8]) -> bool {
    head.ends_with(b"\r\n\r\n")
}

fn asked(head: &[u8]) -> Option<Asked> {
    let path = head.split(|byte| *byte == b' ').nth(1)?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    Some(match path {
        b"/1k" | b"/apart" => Asked::At(Sending::Small(0)),
        b"/100k" => Asked::At(Sending::Large(0)),
        b"/close" => Asked::At(Sending::Last(0)),
        _ => Asked::After(Duration::from_millis(number(
            path.strip_prefix(b"/slow/")?,
        )?)),
    })
}

/// An answer of `size` bytes, with the headers that servers send.
fn answer(size: usize, more: &str) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nServer: canned\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\
         Last-Modified: Thu, 31 Dec 2026 00:00:00 GMT\r\nETag: \"6955b900-400\"\r\n\
         Accept-Ranges: bytes\r\n{more}\r\n"
    )
    .into_bytes();
    bytes.resize(bytes.len() + size, b'x');
    bytes
}
