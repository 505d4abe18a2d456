//! The traits of `futures_io` for a connection; with the feature `futures`.
//!
//! Try, and where the kernel says `WouldBlock`, wait by polling (`polled.rs`). There are no
//! buffers, so nothing is there to flush. Like the methods of the stream, the traits work on
//! `&SocketStream`, too: two halves of one connection are two references to it.
//!
//! # Cancel safety
//!
//! All functions: `Pending` means that nothing was read or written.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::stream::{Family, SocketStream};

impl<F: Family> AsyncRead for &SocketStream<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_readable(context))?;
            if let Some(result) = unless_again(self.try_read(buffer)) {
                return Poll::Ready(result);
            }
        }
    }
}

impl<F: Family> AsyncWrite for &SocketStream<F> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_writable(context))?;
            if let Some(result) = unless_again(self.try_write(data)) {
                return Poll::Ready(result);
            }
        }
    }

    /// Nothing is kept back, so there is nothing to do.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the writing direction: the peer reads an end, and may go on sending.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.shutdown(Shutdown::Write) {
            // The peer was faster.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }
}

/// The result of a try, unless another one has to be made.
fn unless_again(result: io::Result<usize>) -> Option<io::Result<usize>> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            None
        }
        result => Some(result),
    }
}

impl<F: Family> AsyncRead for SocketStream<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(context, buffer)
    }
}

impl<F: Family> AsyncWrite for SocketStream<F> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(context, data)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(context)
    }
}
