//! Sending a file without reading it.
//!
//! Where the kernel can (`sendfile` of Linux), the bytes go from the page cache to the socket
//! and never come here. Elsewhere, and for files that the kernel refuses, they are read and
//! written in pieces. Other systems have a `sendfile`, too, but theirs reports a part that was
//! sent as an error without the count, when the socket does not wait; the part would go twice.
//!
//! Reading from a disk blocks the loop, in either way. A piece is small enough that nobody
//! notices, unless the disk is slow.

use std::fs::File;
use std::io::{self, IoSlice};
use std::ops::{Bound, RangeBounds};
use std::os::unix::fs::FileExt;

use super::error::WriteError;
use super::sender::{Ending, Sender};
use super::writer::StreamWriter;
use crate::event_loop::Direction;
use crate::net::Connection;
use crate::task::yield_now;

/// How much is sent before others get their turn, and read at once where the kernel does not
/// send: 256 KiB, as in asyncio.
const PIECE: usize = 256 * 1024;

impl StreamWriter {
    /// Sends the bytes of `file` in `range`, behind everything that was written, and returns
    /// how many they were. `..` is the whole file, `from..` what is behind `from`.
    ///
    /// The position of the file is not used and not changed. While the file is being sent,
    /// writes are refused. The asyncio counterpart is `loop.sendfile`.
    ///
    /// # Errors
    ///
    /// If the connection fails or is closed; if another file is being sent (`ResourceBusy`); if
    /// the file cannot be read. If `range` has an end and the file ends before it:
    /// `UnexpectedEof`, when everything that there is has been sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it may leave a part sent, and nobody knows how much. Close the
    /// connection then.
    ///
    /// ```
    /// use looplet::{open_connection, run, start_server};
    /// use std::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let server = start_server("127.0.0.1:0", async |_, writer| {
    ///         let file = File::open("Cargo.toml")?;
    ///         writer.send_file(&file, 1..8).await
    ///     })
    ///     .await?;
    ///     let (reader, _writer) = open_connection(server.local_addr()).await?;
    ///     assert_eq!(reader.read_to_end().await?, b"package");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "sendfile")]
    pub async fn send_file(&self, file: &File, range: impl RangeBounds<u64>) -> io::Result<u64> {
        let (from, end) = bounds_of(&range)?;
        let sender = self.sender();
        if sender.ending() == Ending::Eof {
            return Err(WriteError::AfterEof.into());
        }
        let _sending = Sending::begin(sender)?;
        sender.wait_flushed().await?;
        let sent = send(sender, file, (from, end), BY_KERNEL).await?;
        match end {
            Some(end) if sent < end - from => Err(truncated(sent, end - from)),
            _ => Ok(sent),
        }
    }
}

/// The first byte that is sent, and the first one that is not, if there is one.
fn bounds_of(range: &impl RangeBounds<u64>) -> io::Result<(u64, Option<u64>)> {
    let from = match range.start_bound() {
        Bound::Included(&from) => Some(from),
        Bound::Excluded(&before) => before.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1),
        Bound::Excluded(&end) => Some(end),
        Bound::Unbounded => None,
    };
    match from {
        Some(from) if end.is_none_or(|end| from <= end) => Ok((from, end)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the range of the file ends before it begins",
        )),
    }
}

fn truncated(sent: u64, wanted: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the file ended after {sent} of {wanted} bytes"),
    )
}

/// The time in which a file is being sent.
struct Sending<'a>(&'a Sender);

impl<'a> Sending<'a> {
    fn begin(sender: &'a Sender) -> Result<Self, WriteError> {
        if sender.sending_file.replace(true) {
            return Err(WriteError::SendFileInProgress);
        }
        Ok(Self(sender))
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.sending_file.set(false);
    }
}

/// Sends until the end of the range or of the file; returns how much.
async fn send(
    sender: &Sender,
    file: &File,
    (from, end): (u64, Option<u64>),
    mut by_kernel: bool,
) -> io::Result<u64> {
    let mut at = from;
    loop {
        let left = end.map_or(u64::MAX, |end| end - at);
        let count = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        if count == 0 {
            return Ok(at - from);
        }
        let connection = sender.connection.as_ref();
        connection.registration().ready(Direction::Write).await?;
        let offer = if by_kernel { offer_file } else { copy_file };
        match offer(connection, file, at, count) {
            Ok(0) => return Ok(at - from),
            Ok(sent) => at += sent as u64,
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => {
                    connection.registration().clear_ready(Direction::Write);
                }
                // Not every file can be sent by the kernel.
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported if by_kernel => {
                    by_kernel = false;
                }
                _ => return Err(error),
            },
        }
        yield_now().await;
    }
}

/// Whether the kernel can send files.
const BY_KERNEL: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Lets the kernel take a piece out of the file.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn offer_file(to: &dyn Connection, file: &File, at: u64, count: usize) -> io::Result<usize> {
    let at = usize::try_from(at).map_err(|_| io::ErrorKind::InvalidInput)?;
    let count = std::num::NonZeroUsize::new(count);
    let to = to.socket().ok_or(io::ErrorKind::Unsupported)?;
    socket2::SockRef::from(&to).sendfile(file, at, count)
}

/// The kernel does not.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn offer_file(_: &dyn Connection, _: &File, _: u64, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads a piece of the file and writes it.
fn copy_file(to: &dyn Connection, file: &File, at: u64, count: usize) -> io::Result<usize> {
    let mut piece = vec![0; count];
    let read = file.read_at(&mut piece, at)?;
    if read == 0 {
        return Ok(0);
    }
    to.try_write(&[IoSlice::new(&piece[..read])])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::event_loop::EventLoop;
    use crate::net::UnixStream;
    use crate::task::create_task;

    #[test]
    fn a_file_that_is_read_and_written_arrives_whole() {
        let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 7 % 251) as u8).collect();
        let path = std::env::temp_dir().join(format!("looplet-copy-{}", std::process::id()));
        let options = File::options()
            .write(true)
            .read(true)
            .create_new(true)
            .open(&path);
        let mut file = options.expect("there is a folder for such things");
        std::fs::remove_file(&path).expect("it is there");
        file.write_all(&content).expect("there is room");
        let event_loop = EventLoop::new().expect("a loop");
        let ran = event_loop.run_until_complete(async move {
            let (here, there) = UnixStream::pair().expect("a pair");
            let (_reader, writer) = here.into_streams();
            let (reader, _writer) = there.into_streams();
            let reading = create_task(async move { reader.read_to_end().await });
            let range = (1000, Some(2_900_000));
            let sent = send(writer.sender(), &file, range, false).await;
            writer.close();
            (sent, reading.await)
        });
        let (sent, received) = ran.expect("it ends");
        assert_eq!(sent.expect("it is read and written"), 2_899_000);
        assert!(received.expect("it is open") == content[1000..2_900_000]);
    }
}
