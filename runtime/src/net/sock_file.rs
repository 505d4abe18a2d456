//! Sending a file on a socket that the program owns.

use std::fs::File;
use std::io;
use std::ops::RangeBounds;
use std::os::fd::AsFd;

use socket2::SockRef;

use super::file_piece::{BY_KERNEL, bounds_of, offer_file, piece_of, read_piece, truncated};
use super::sock::attempt;
use crate::event_loop::{Direction, EventLoop};
use crate::task::yield_now;

impl EventLoop {
    /// Sends the bytes of `file` in `range`, and returns how many they were. `..` is the whole
    /// file, `from..` what is behind `from`.
    ///
    /// The kernel does it where it can; otherwise the file is read and sent in pieces. The
    /// position of the file is not used and not changed. In asyncio, `sock_sendfile`, whose
    /// `fallback` is always allowed here.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv); if the file cannot be read. If `range` has an end and
    /// the file ends before it: `UnexpectedEof`, when everything that there is has been sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it may leave a part sent, and does not tell how much.
    ///
    /// ```
    /// use looplet::{get_running_loop, run};
    /// use std::{fs::File, io::Read, os::unix::net::UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     ours.set_nonblocking(true)?;
    ///     let file = File::open("Cargo.toml")?;
    ///     assert_eq!(get_running_loop().sock_send_file(&ours, &file, 1..8).await?, 7);
    ///     let mut buffer = [0; 7];
    ///     theirs.read_exact(&mut buffer)?;
    ///     assert_eq!(&buffer, b"package");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "sock_sendfile")]
    pub async fn sock_send_file(
        &self,
        socket: &impl AsFd,
        file: &File,
        range: impl RangeBounds<u64>,
    ) -> io::Result<u64> {
        let (from, end) = bounds_of(&range)?;
        let sent = send_file(self, &SockRef::from(socket), file, (from, end), BY_KERNEL).await?;
        match end {
            Some(end) if sent < end - from => Err(truncated(sent, end - from)),
            _ => Ok(sent),
        }
    }
}

/// Sends until the end of the range or of the file; returns how much.
async fn send_file(
    event_loop: &EventLoop,
    socket: &SockRef<'_>,
    file: &File,
    (from, end): (u64, Option<u64>),
    mut by_kernel: bool,
) -> io::Result<u64> {
    let mut at = from;
    loop {
        let count = piece_of(end.map_or(u64::MAX, |end| end - at));
        if count == 0 {
            return Ok(at - from);
        }
        let offer = || match by_kernel {
            true => offer_file(&**socket, file, at, count),
            false => copy_file(socket, file, at, count),
        };
        match attempt(event_loop, socket, Direction::Write, offer).await {
            Ok(0) => return Ok(at - from),
            Ok(sent) => at += sent as u64,
            // Not every file can be sent by the kernel.
            Err(error) if by_kernel && is_refusal(&error) => by_kernel = false,
            Err(error) => return Err(error),
        }
        yield_now().await;
    }
}

fn is_refusal(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];
    kinds.contains(&error.kind())
}

/// Reads a piece of the file and sends it.
fn copy_file(to: &SockRef<'_>, file: &File, at: u64, count: usize) -> io::Result<usize> {
    let piece = read_piece(file, at, count)?;
    match piece.is_empty() {
        true => Ok(0),
        false => to.send(&piece),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_file_that_the_kernel_does_not_send_is_read_and_sent() {
        let event_loop = EventLoop::new().expect("a loop");
        let inner = event_loop.clone();
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("it is a socket");
        let file = File::open("Cargo.toml").expect("it is there");
        let ran = event_loop.run_until_complete(async move {
            let sent = send_file(&inner, &SockRef::from(&ours), &file, (1, Some(8)), false).await;
            sent.expect("it is read and sent")
        });
        let mut received = String::new();
        theirs.read_to_string(&mut received).expect("it is closed");
        assert_eq!((ran.expect("it ends"), &*received), (7, "package"));
    }
}
