//! The traits of `futures_io` for readers and writers; with the feature `futures`.
//!
//! The reader lends its own buffer out. The writer writes as `write` does, and where a program
//! would have to `drain`, it gives `Pending`; whoever flushes sends on its own what the kernel
//! did not take, beside the task that does it in the background.
//!
//! # Cancel safety
//!
//! All functions: `Pending` means that nothing was returned, and nothing taken to be written.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use super::reader::StreamReader;
use super::writer::{HIGH_WATER, Sender, StreamWriter};
use crate::leaf::interrupted;

impl AsyncBufRead for StreamReader {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let reader = self.get_mut();
        while reader.pending().is_empty() && !reader.at_eof() {
            ready!(reader.stream.poll_readable(context))?;
            if reader.is_out_of_breath() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            reader.receive()?;
        }
        Poll::Ready(Ok(reader.pending()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let reader = self.get_mut();
        let there = reader.pending().len();
        assert!(count <= there, "{count} bytes consumed of {there}");
        StreamReader::consume(reader, count);
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut there = ready!(self.as_mut().poll_fill_buf(context))?;
        let read = there.read(buffer)?;
        StreamReader::consume(&mut self, read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for StreamWriter {
    /// Takes at most 64 KiB, once no more than that is waiting to be sent.
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(poll_sent(&self.sender, HIGH_WATER, context))?;
        self.sender.check()?;
        let part = &data[..data.len().min(HIGH_WATER)];
        self.write(part);
        self.sender.failure()?;
        Poll::Ready(Ok(part.len()))
    }

    /// Returns `Ready` once the kernel has taken everything.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_sent(&self.sender, 0, context)
    }

    /// Flushes and closes the writing direction: the peer reads an end, and may go on sending.
    /// The connection is closed when the writer is dropped.
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(poll_sent(&self.sender, 0, context))?;
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
        ready!(sender.stream.poll_writable(context))?;
        sender.send_unsent();
    }
}
