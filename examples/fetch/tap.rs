//! What is seen on the wire, and what becomes of it: `-i` and `-D` write heads, `-v` shows
//! them, `-w` counts them.
//!
//! The library calls while it works, so nothing here can fail at once: the first error is kept
//! and found behind the call.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::rc::Rc;

use looplet_http::WireEvent;

use crate::failure::Failure;
use crate::messages::Messages;
use crate::output::Output;
use crate::record::Record;

/// What listens to one transfer.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) output: Output,
    pub(crate) record: Record,
    /// Whether heads are part of the output.
    pub(crate) include: bool,
    pub(crate) dump: Option<Rc<Dump>>,
    pub(crate) messages: Rc<Messages>,
    /// Whether the last request was one to a proxy for a tunnel.
    connects: bool,
    /// The first thing that went wrong.
    failure: Option<Failure>,
}

/// A tap that the library and the transfer share. It is never borrowed over an `await`.
pub(crate) type SharedTap = Rc<RefCell<Tap>>;

impl Tap {
    pub(crate) fn new(output: Output, record: Record, messages: Rc<Messages>) -> Self {
        Self {
            output,
            record,
            include: false,
            dump: None,
            messages,
            connects: false,
            failure: None,
        }
    }

    /// What the library tells.
    pub(crate) fn hear(&mut self, event: &WireEvent<'_>) {
        match event {
            WireEvent::Connected {
                peer,
                local,
                reused,
            } => {
                (self.record.peer, self.record.local) = (*peer, *local);
                self.record.connections += u64::from(!reused);
                let place = peer.map_or("a UNIX socket".to_string(), |peer| peer.to_string());
                let how = if *reused {
                    "Reusing the connection"
                } else {
                    "Connected"
                };
                self.messages.note(&format!("{how} to {place}"));
            }
            WireEvent::Secured { host, description } => {
                self.messages
                    .note(&format!("TLS with {host}: {description}"));
            }
            WireEvent::RequestHead(head) => self.sent(head),
            WireEvent::ResponseHead(head) => self.received(head),
            _ => {}
        }
    }

    /// A request head on its way out.
    fn sent(&mut self, head: &[u8]) {
        self.record.request_bytes += head.len() as u64;
        self.messages.head('>', head);
        self.connects = head.starts_with(b"CONNECT ");
    }

    /// A head, or trailers, as they came.
    pub(crate) fn received(&mut self, head: &[u8]) {
        self.record.header_bytes += head.len() as u64;
        self.messages.head('<', head);
        if self.connects {
            self.record.connect_status = status_in(head).unwrap_or(0);
        }
        let mut written = Ok(());
        if self.include {
            written = self.output.write(head);
        }
        if let Some(dump) = &self.dump {
            written = written.and_then(|()| dump.write(head));
        }
        if let Err(failure) = written {
            self.failure.get_or_insert(failure);
        }
    }

    /// What went wrong since it was asked last.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// The status in a head.
fn status_in(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let status = line.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(status).ok()?.trim().parse().ok()
}

/// The file of `-D`, which all URLs of an operation share.
#[derive(Debug)]
pub(crate) struct Dump {
    name: String,
    /// Opened by the first head.
    file: RefCell<Option<File>>,
}

impl Dump {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_string(),
            file: RefCell::default(),
        }
    }

    /// Makes the file, or empties the one that is there.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        let mut file = self.file.borrow_mut();
        if self.name == "-" || file.is_some() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        let opened = options
            .write(true)
            .create(true)
            .truncate(true)
            .open(&self.name);
        *file = Some(opened.map_err(|error| Failure::writing(&self.name, &error))?);
        Ok(())
    }

    fn write(&self, head: &[u8]) -> Result<(), Failure> {
        self.open()?;
        let written = match &*self.file.borrow() {
            Some(file) => (&*file).write_all(head),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(head).and_then(|()| stdout.flush())
            }
        };
        written.map_err(|error| Failure::writing(&self.name, &error))
    }
}
