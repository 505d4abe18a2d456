//! What can go wrong with a stream, by name.
//!
//! What the kernel says is an `io::Error`. What a program does wrong has a type of its own, and
//! is found inside an `io::Error` where a function can give both: its `get_ref` leads to it.

use std::error::Error;
use std::fmt;
use std::io;

/// Why a read did not give what was asked for.
///
/// Each variant names what asyncio raises.
///
/// ```
/// use looplet::{ReadError, StreamReader, run};
///
/// run(async {
///     let (mut feed, reader) = StreamReader::fed();
///     feed.feed_data(b"abc");
///     feed.feed_eof();
///     let Err(ReadError::Incomplete { partial, .. }) = reader.read_exactly(5).await else {
///         panic!("there are only three")
///     };
///     assert_eq!(partial, b"abc");
/// });
/// ```
#[derive(Debug)]
#[doc(alias = "IncompleteReadError")]
#[doc(alias = "LimitOverrunError")]
#[non_exhaustive]
pub enum ReadError {
    /// The connection ended first. asyncio raises `IncompleteReadError`.
    Incomplete {
        /// What came before the end.
        partial: Vec<u8>,
        /// How many bytes were asked for; `None` if a separator was.
        expected: Option<usize>,
    },
    /// The limit was reached before the separator. asyncio raises `LimitOverrunError`.
    LimitOverrun {
        /// The limit, in bytes.
        limit: usize,
        /// How many bytes there are that belong to no separator: what to take out with
        /// `read_exactly` in order to go on.
        consumed: usize,
        /// Whether the separator was found, behind them.
        found: bool,
    },
    /// A separator was empty, or there was none. asyncio raises `ValueError`.
    NoSeparator,
    /// The connection failed.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Incomplete { partial, expected } => {
                let length = partial.len();
                match expected {
                    Some(expected) => {
                        write!(f, "the connection ended after {length} of {expected} bytes")
                    }
                    None => write!(
                        f,
                        "the connection ended after {length} bytes, before the separator"
                    ),
                }
            }
            ReadError::LimitOverrun {
                limit, found: true, ..
            } => write!(
                f,
                "the separator was found beyond the limit of {limit} bytes"
            ),
            ReadError::LimitOverrun { limit, .. } => {
                write!(f, "the separator was not found within {limit} bytes")
            }
            ReadError::NoSeparator => f.write_str("a separator must have at least one byte"),
            ReadError::Io(error) => error.fmt(f),
        }
    }
}

impl Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Io(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Io(_) => io::ErrorKind::Other,
            ReadError::Incomplete { .. } => io::ErrorKind::UnexpectedEof,
            ReadError::LimitOverrun { .. } => io::ErrorKind::InvalidData,
            ReadError::NoSeparator => io::ErrorKind::InvalidInput,
        };
        match error {
            ReadError::Io(error) => error,
            error => io::Error::new(kind, error),
        }
    }
}

/// A second task asked a reader for data while a first one waits for it.
///
/// Found in an `io::Error` of the kind `ResourceBusy`. asyncio raises `RuntimeError`.
///
/// ```
/// use looplet::{AlreadyReading, StreamReader, create_task, run, yield_now};
///
/// run(async {
///     let (_feed, reader) = StreamReader::fed();
///     let first = reader.clone();
///     let task = create_task(async move { first.read(1).await });
///     yield_now().await;
///     let error = reader.read(1).await.expect_err("one task waits already");
///     assert!(error.get_ref().is_some_and(|error| error.is::<AlreadyReading>()));
///     task.cancel();
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyReading {
    /// What the second task called.
    pub(super) method: &'static str,
}

impl fmt::Display for AlreadyReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method;
        write!(
            f,
            "{method} was called while another task waits for incoming data"
        )
    }
}

impl Error for AlreadyReading {}

impl From<AlreadyReading> for io::Error {
    fn from(error: AlreadyReading) -> Self {
        io::Error::new(io::ErrorKind::ResourceBusy, error)
    }
}

/// A limit of 0 bytes: nothing could be read with it. asyncio raises `ValueError`.
///
/// ```
/// use looplet::{StreamReader, ZeroLimit};
///
/// assert_eq!(StreamReader::fed_with_limit(0).unwrap_err(), ZeroLimit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroLimit;

impl fmt::Display for ZeroLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limit of a reader cannot be 0")
    }
}

impl Error for ZeroLimit {}

impl From<ZeroLimit> for io::Error {
    fn from(error: ZeroLimit) -> Self {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

impl From<ZeroLimit> for ReadError {
    fn from(error: ZeroLimit) -> Self {
        ReadError::Io(error.into())
    }
}

/// Why something that was written will not be sent.
///
/// Found in the `io::Error` of the next [`drain`](crate::StreamWriter::drain). Each variant names
/// what asyncio raises.
///
/// ```
/// use looplet::{UnixStream, WriteError, run};
///
/// run(async {
///     let (one, _two) = UnixStream::pair().expect("the system gives sockets");
///     let (_reader, writer) = one.into_streams();
///     writer.write_eof();
///     writer.write(b"too late");
///     let error = writer.drain().await.expect_err("it was not taken");
///     let inner = error.get_ref().and_then(|error| error.downcast_ref());
///     assert_eq!(inner, Some(&WriteError::AfterEof));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The connection was closed by this program. The kind is `ConnectionReset`; asyncio
    /// raises `ConnectionResetError`.
    ConnectionLost,
    /// The writing direction was closed with `write_eof`. The kind is `BrokenPipe`; asyncio
    /// raises `RuntimeError`.
    AfterEof,
    /// A file is being sent. The kind is `ResourceBusy`; asyncio raises `RuntimeError`.
    SendFileInProgress,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WriteError::ConnectionLost => "the connection is lost: this program has closed it",
            WriteError::AfterEof => "cannot write: the connection was closed for writing",
            WriteError::SendFileInProgress => "unable to write; sendfile is in progress",
        })
    }
}

impl Error for WriteError {}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::ConnectionLost => io::ErrorKind::ConnectionReset,
            WriteError::AfterEof => io::ErrorKind::BrokenPipe,
            WriteError::SendFileInProgress => io::ErrorKind::ResourceBusy,
        };
        io::Error::new(kind, error)
    }
}

/// Water marks of which the low one is above the high one. asyncio raises `ValueError`.
///
/// ```
/// use looplet::{InvalidWaterMarks, UnixStream, run};
///
/// run(async {
///     let (one, _two) = UnixStream::pair().expect("the system gives sockets");
///     let (_reader, writer) = one.into_streams();
///     let refused = writer.set_write_buffer_limits(Some(1), Some(2));
///     assert_eq!(refused, Err(InvalidWaterMarks { high: 1, low: 2 }));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidWaterMarks {
    /// The low one, in bytes.
    pub low: usize,
    /// The high one, in bytes.
    pub high: usize,
}

impl fmt::Display for InvalidWaterMarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high } = self;
        write!(
            f,
            "the high-water mark ({high}) must be at least the low one ({low})"
        )
    }
}

impl Error for InvalidWaterMarks {}

/// Why a server does not serve.
///
/// Each variant names what asyncio raises.
///
/// ```
/// use looplet::{ServeError, run, start_server};
///
/// run(async {
///     let server = start_server("127.0.0.1:0", async |_, _| ()).await.expect("a port is free");
///     server.close();
///     assert!(matches!(server.start_serving(), Err(ServeError::Closed)));
/// });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// Another task is in `serve_forever` already. asyncio raises `RuntimeError`.
    AlreadyServing,
    /// The server was closed. asyncio raises `RuntimeError`.
    Closed,
    /// It cannot listen.
    Io(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::AlreadyServing => {
                f.write_str("the server is already being awaited in serve_forever")
            }
            ServeError::Closed => f.write_str("the server is closed"),
            ServeError::Io(error) => error.fmt(f),
        }
    }
}

impl Error for ServeError {}

impl From<ServeError> for io::Error {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Io(error) => error,
            ServeError::AlreadyServing => io::Error::new(io::ErrorKind::ResourceBusy, error),
            ServeError::Closed => io::Error::new(io::ErrorKind::NotConnected, error),
        }
    }
}

/// The same error once more, for everybody who asks later.
pub(super) fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
