//! The traits of `futures_io` for readers and writers; with the feature `futures`.
//!
//! The reader lends its own buffer out, as long as it is the only handle of its stream. The
//! writer writes as `write` does, and where a program would have to `drain`, it gives `Pending`;
//! whoever flushes sends on its own what the kernel did not take, beside the task that does it in
//! the background. A reader that is fed by hand cannot be polled: it is for tests, which await.
//!
//! # Cancel safety
//!
//! All functions: `Pending` means that nothing was returned, and nothing taken to be written.

use std::io::{self, Read};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use super::reader::StreamReader;
use super::sender::Sender;
use super::supply::{Origin, Supply, Turn};
use super::writer::StreamWriter;
use crate::event_loop::Direction;
use crate::leaf::interrupted;

/// How much a writer takes at once.
const PIECE: usize = 64 * 1024;

/// Waits until something can be read, or nothing will.
fn poll_more(supply: &Supply, context: &Context<'_>) -> Poll<io::Result<()>> {
    while supply.len() == 0 && supply.incoming.borrow().may_grow()? {
        let _turn = Turn::begin(supply, "poll_read")?;
        let Origin::Connection(connection) = &supply.origin else {
            let why = "a reader that is fed by hand cannot be polled";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::Unsupported, why)));
        };
        ready!(connection.registration().poll(Direction::Read, context))?;
        if supply.is_out_of_breath() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        supply.receive_now(connection.as_ref())?;
    }
    Poll::Ready(Ok(()))
}

impl AsyncBufRead for StreamReader {
    /// Lends the buffer. An error of the kind `ResourceBusy` means that the reader has clones,
    /// which might take meanwhile what is lent.
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let reader = self.get_mut();
        ready!(poll_more(&reader.supply, context))?;
        Poll::Ready(match Rc::get_mut(&mut reader.supply) {
            Some(supply) => Ok(supply.incoming.get_mut().pending()),
            None => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "a reader that has clones cannot lend its buffer",
            )),
        })
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let there = self.supply.len();
        assert!(count <= there, "{count} bytes consumed of {there}");
        self.supply.incoming.borrow_mut().skip(count);
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(poll_more(&self.supply, context))?;
        let mut incoming = self.supply.incoming.borrow_mut();
        let read = incoming.pending().read(buffer)?;
        incoming.skip(read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for StreamWriter {
    /// Takes at most 64 KiB, once no more than the high-water mark is waiting to be sent.
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sender = self.sender();
        ready!(poll_sent(sender, sender.marks().high, context))?;
        sender.check()?;
        let part = &data[..data.len().min(PIECE)];
        self.write(part);
        // A write that was refused is told at once.
        sender.check()?;
        Poll::Ready(Ok(part.len()))
    }

    /// Returns `Ready` once the kernel has taken everything.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_sent(self.sender(), 0, context)
    }

    /// Flushes and closes the writing direction: the peer reads an end, and may go on sending.
    /// The connection is closed when the writer is dropped.
    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(poll_sent(self.sender(), 0, context))?;
        self.write_eof();
        Poll::Ready(Ok(()))
    }
}

/// Sends until no more than `limit` bytes are left.
fn poll_sent(sender: &Sender, limit: usize, context: &Context<'_>) -> Poll<io::Result<()>> {
    if interrupted() {
        return Poll::Pending;
    }
    loop {
        sender.failure()?;
        if sender.unsent() <= limit {
            return Poll::Ready(Ok(()));
        }
        ready!(
            sender
                .connection
                .registration()
                .poll(Direction::Write, context)
        )?;
        sender.send_unsent();
    }
}
