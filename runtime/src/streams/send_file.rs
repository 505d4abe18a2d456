//! Sending a file behind what a writer has written.
//!
//! How the bytes go is in `net/file_piece.rs`. Here is the order: what was written goes first, and
//! nothing is written meanwhile.

use std::fs::File;
use std::io::{self, IoSlice};
use std::ops::RangeBounds;

use super::error::WriteError;
use super::sender::{Ending, Sender};
use super::writer::StreamWriter;
use crate::event_loop::Direction;
use crate::net::{BY_KERNEL, Connection, bounds_of, offer_file, piece_of, read_piece, truncated};
use crate::task::yield_now;

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
        let count = piece_of(left);
        if count == 0 {
            return Ok(at - from);
        }
        let connection = sender.connection.as_ref();
        connection.registration().ready(Direction::Write).await?;
        let offered = match (by_kernel, connection.socket()) {
            (true, Some(socket)) => offer_file(&socket, file, at, count),
            _ => copy_file(connection, file, at, count),
        };
        match offered {
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

/// Reads a piece of the file and writes it.
fn copy_file(to: &dyn Connection, file: &File, at: u64, count: usize) -> io::Result<usize> {
    let piece = read_piece(file, at, count)?;
    match piece.is_empty() {
        true => Ok(0),
        false => to.try_write(&[IoSlice::new(&piece)]),
    }
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
