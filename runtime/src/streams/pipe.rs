//! Pipes that the program has from elsewhere, as streams.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::reader::StreamReader;
use super::writer::StreamWriter;
use crate::event_loop::get_running_loop;
use crate::net::Pipe;

/// Takes over the end of a pipe to read from.
///
/// It becomes non-blocking, and so do all copies of the descriptor, in other processes too. A
/// socket or a terminal will do as well. asyncio has
/// `connect_read_pipe`, which wants a protocol.
///
/// # Errors
///
/// If it cannot be waited for: a file on a disk, for example.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{open_read_pipe, open_write_pipe, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (read_end, write_end) = std::io::pipe()?;
///     let reader = open_read_pipe(read_end)?;
///     let writer = open_write_pipe(write_end)?;
///     writer.write(b"through a pipe\n");
///     writer.close();
///     assert_eq!(reader.read_to_end().await?, b"through a pipe\n");
///     Ok(())
/// })
/// # }
/// ```
pub fn open_read_pipe(end: impl Into<OwnedFd>) -> io::Result<StreamReader> {
    let pipe = Pipe::new(&get_running_loop(), end.into())?;
    Ok(StreamReader::new(Rc::new(pipe)))
}

/// Takes over the end of a pipe to write to. See [`open_read_pipe`].
///
/// The asyncio counterpart is `connect_write_pipe`, which wants a protocol.
///
/// # Errors
///
/// If it cannot be waited for: a file on a disk, for example.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{open_write_pipe, run};
/// use std::io::Read;
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (mut read_end, write_end) = std::io::pipe()?;
///     let writer = open_write_pipe(write_end)?;
///     writer.write_all(b"through a pipe").await?;
///     writer.close();
///     writer.wait_closed().await?;
///     let mut text = String::new();
///     read_end.read_to_string(&mut text)?;
///     assert_eq!(text, "through a pipe");
///     Ok(())
/// })
/// # }
/// ```
pub fn open_write_pipe(end: impl Into<OwnedFd>) -> io::Result<StreamWriter> {
    let pipe = Pipe::new(&get_running_loop(), end.into())?;
    Ok(StreamWriter::new(Rc::new(pipe)))
}
