//! A layer that encrypts what goes through it.
//!
//! rustls is a machine with two ends: plain text on one, records on the other. This file turns
//! the crank: a read pulls records from below until there is plain text, a write pushes plain
//! text in and records out.
//!
//! # Rules
//!
//! 1. Whatever rustls wants to say (a key update, an alert) is sent as soon as it wants to, as
//!    far as the layer below takes it.
//! 2. The end of the stream without the `close_notify` of the peer is `UnexpectedEof`. Whether
//!    that matters, only who knows the framing can say.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};

use rustls::ClientConnection;

use crate::socket::{Layer, Socket};
use crate::unread::{Spare, Unread};

/// TLS over another layer.
pub(crate) struct TlsStream<L> {
    below: L,
    machine: RefCell<Machine>,
}

/// rustls, and what is known of its buffers.
struct Machine {
    tls: ClientConnection,
    /// Records that were received and not given to rustls. It takes 4 KiB at a time; to ask the
    /// kernel for so little would be five calls for one record.
    coded: Unread,
    /// Plain text that waits to be read, in bytes.
    ready: usize,
}

impl<L: Layer> TlsStream<L> {
    pub(crate) fn new(tls: ClientConnection, below: L, spare: &Spare) -> Self {
        let machine = Machine {
            tls,
            coded: Unread::new(spare),
            ready: 0,
        };
        Self {
            below,
            machine: RefCell::new(machine),
        }
    }

    /// Does what can be done of the handshake. `WouldBlock` and the direction: more is to come.
    pub(crate) fn try_handshake(&self) -> Result<(), Stalled> {
        let machine = &mut *self.machine.borrow_mut();
        loop {
            machine.push(&self.below).map_err(Stalled::Writing)?;
            if !machine.tls.is_handshaking() {
                return Ok(());
            }
            match machine.pull(&self.below) {
                Ok(0) => return Err(Stalled::Reading(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(Stalled::Reading(error)),
            }
        }
    }

    /// What was agreed on, such as `TLSv1_3 TLS13_AES_256_GCM_SHA384`.
    pub(crate) fn description(&self) -> String {
        let machine = self.machine.borrow();
        let version = machine.tls.protocol_version();
        let suite = machine.tls.negotiated_cipher_suite();
        let parts = [
            version.map(|version| format!("{version:?}")),
            suite.map(|suite| format!("{:?}", suite.suite())),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Why a handshake does not go on: what the layer below said when it was tried.
pub(crate) enum Stalled {
    Reading(io::Error),
    Writing(io::Error),
}

impl Machine {
    /// Gives all records that are due to the layer below.
    fn push(&mut self, below: &impl Layer) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut Below(below))?;
        }
        below.try_flush()
    }

    /// Takes records from the layer below and understands them. 0 is the end.
    fn pull(&mut self, below: &impl Layer) -> io::Result<usize> {
        if self.coded.get().is_empty() {
            self.receive(below)?;
        }
        // No bytes at all are how rustls is told of the end.
        let taken = self.tls.read_tls(&mut self.coded.get())?;
        self.coded.consume(taken);
        match self.tls.process_new_packets() {
            Ok(state) => self.ready = state.plaintext_bytes_to_read(),
            Err(error) => {
                // An alert that says why; who does not take it finds out otherwise.
                let _ = self.push(below);
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        Ok(taken)
    }

    /// Receives records. When there are none for now, the room for them is not needed, either.
    fn receive(&mut self, below: &impl Layer) -> io::Result<()> {
        let received = below.try_read(self.coded.room());
        match received {
            Ok(count) => self.coded.received(count),
            Err(_) => self.coded.lay_down(),
        }
        received.map(drop)
    }

    /// Answers what the peer may have asked for. A layer that takes no more now is asked again
    /// by the next write.
    fn answer(&mut self, below: &impl Layer) -> io::Result<()> {
        match self.push(below) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }
}

impl<L: Layer> Layer for TlsStream<L> {
    fn socket(&self) -> &Socket {
        self.below.socket()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let machine = &mut *self.machine.borrow_mut();
        loop {
            match machine.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(count) => {
                    machine.ready = machine.ready.saturating_sub(count);
                    return Ok(count);
                }
                result => return result,
            }
            machine.pull(&self.below)?;
            machine.answer(&self.below)?;
        }
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let machine = &mut *self.machine.borrow_mut();
        machine.answer(&self.below)?;
        let taken = machine.tls.writer().write_vectored(parts)?;
        if taken == 0 && parts.iter().any(|part| !part.is_empty()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        machine.answer(&self.below)?;
        Ok(taken)
    }

    fn try_flush(&self) -> io::Result<()> {
        self.machine.borrow_mut().push(&self.below)
    }

    fn has_news(&self) -> bool {
        self.has_leftovers() || self.below.has_news()
    }

    fn has_leftovers(&self) -> bool {
        let machine = self.machine.borrow();
        machine.ready > 0 || !machine.coded.get().is_empty() || self.below.has_leftovers()
    }
}

/// A layer as rustls wants to write to it.
struct Below<'l, L>(&'l L);

impl<L: Layer> Write for Below<'_, L> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.try_write(&[IoSlice::new(data)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.try_flush()
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsStream<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("below", &self.below)
            .finish_non_exhaustive()
    }
}
