//! A server whose answers are made beforehand, so that it is faster than every client.
//!
//! It listens on 127.0.0.1 and as many addresses behind it as it is told, all with one port.
//! It reads heads as far as it has to, and no bodies: clients only `GET`. The listener has
//! room for 4096 connections that are not accepted yet, because a burst that finds it full is
//! tried again by the kernel after one second, and that would be measured.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

use super::answers::{Answer, Answers, Asked, asked};
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
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let mut server = Server::new(listeners)?;
    // Only now: whoever hears it asks at once, and what comes first would wait for the answers to
    // be made.
    println!("{port}");
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
    /// The answer that is on its way, and how much of it is sent.
    sending: Option<(Answer, usize)>,
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
            answers: Answers::make(),
            slow: VecDeque::new(),
        })
    }

    fn turn(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let next = self.slow.front().map(|(due, _)| *due);
        self.poller
            .keep_watch(next.map(|due| due.saturating_duration_since(now)))?;
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
            self.send(token, Answer::Small);
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
                sending: None,
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
            Asked::Now(answer) => self.send(token, answer),
            Asked::After(time) => self.slow.push_back((Instant::now() + time, token)),
        }
    }

    fn send(&mut self, token: usize, answer: Answer) {
        let Some(connection) = &mut self.connections[token] else {
            return;
        };
        connection.sending = Some((answer, 0));
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
        while let Some((answer, sent)) = self.sending {
            let bytes = answers.bytes(answer);
            if sent == bytes.len() {
                self.sending = None;
                if answer == Answer::Last {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                return Ok(());
            }
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => self.sending = Some((answer, sent + length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
