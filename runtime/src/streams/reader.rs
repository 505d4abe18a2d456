//! The reading half of a connection.

use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;

use crate::event_loop::Direction;
use crate::iterate::AsyncIterator;
use crate::net::Stream;
use crate::task::yield_now;

/// How much a line or a separated piece may have, unless told otherwise: 64 KiB.
const LIMIT: usize = 64 * 1024;
/// Reads after which others get their turn, if none had to wait.
const FILLS_IN_A_ROW: u32 = 8;
/// How much room a read offers to the kernel.
const CHUNK: usize = 16 * 1024;

/// Reads from a connection, by pieces or by lines.
///
/// The asyncio counterpart has the same name.
///
/// # Cancel safety
///
/// All methods: what was received and not returned stays in the buffer.
pub struct StreamReader {
    pub(super) stream: Rc<dyn Stream>,
    /// What came in; `buffer[start..]` was not returned yet.
    buffer: Vec<u8>,
    start: usize,
    /// Whether the peer has closed its direction.
    ended: bool,
    limit: usize,
    /// Reads since the reader has waited.
    fills: u32,
}

/// Why a read did not give what was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The connection ended first. asyncio raises `IncompleteReadError`.
    Incomplete {
        /// What came before the end.
        partial: Vec<u8>,
        /// How many bytes were asked for; `None` if a separator was.
        expected: Option<usize>,
    },
    /// The limit was reached before the separator was found. asyncio raises
    /// `LimitOverrunError`. What was received stays in the buffer.
    LimitOverrun {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The connection failed.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Incomplete {
                partial,
                expected: Some(expected),
            } => {
                write!(
                    f,
                    "the connection ended after {} of {expected} bytes",
                    partial.len()
                )
            }
            ReadError::Incomplete {
                partial,
                expected: None,
            } => {
                let length = partial.len();
                write!(
                    f,
                    "the connection ended after {length} bytes, before the separator"
                )
            }
            ReadError::LimitOverrun { limit } => {
                write!(f, "the separator was not found within {limit} bytes")
            }
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
        match error {
            ReadError::Io(error) => error,
            ReadError::Incomplete { .. } => {
                io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string())
            }
            ReadError::LimitOverrun { .. } => {
                io::Error::new(io::ErrorKind::InvalidData, error.to_string())
            }
        }
    }
}

impl StreamReader {
    pub(crate) fn new(stream: Rc<dyn Stream>) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            limit: LIMIT,
            fills: 0,
        }
    }

    /// Sets how long a line, or a piece before a separator, may be. Default: 64 KiB.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Reads at least one and at most `max` bytes. An empty result means the end.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub async fn read(&mut self, max: usize) -> io::Result<Vec<u8>> {
        if self.pending().is_empty() && max > 0 {
            self.fill().await?;
        }
        let length = self.pending().len().min(max);
        Ok(self.take(length))
    }

    /// Reads to the end. There is no limit: whoever reads from a stranger uses
    /// [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.fill().await? {}
        let length = self.pending().len();
        Ok(self.take(length))
    }

    /// Reads exactly `count` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] if the connection ends first.
    pub async fn read_exactly(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        while self.pending().len() < count {
            if !self.fill().await? {
                let partial = self.take(self.pending().len());
                return Err(ReadError::Incomplete {
                    partial,
                    expected: Some(count),
                });
            }
        }
        Ok(self.take(count))
    }

    /// Reads a line, its `\n` included. The last line may lack it; an empty result means the
    /// end.
    ///
    /// # Errors
    ///
    /// [`ReadError::LimitOverrun`] if the line is longer than the limit.
    pub async fn read_line(&mut self) -> Result<Vec<u8>, ReadError> {
        match self.read_until(b"\n").await {
            Err(ReadError::Incomplete { partial, .. }) => Ok(partial),
            result => result,
        }
    }

    /// Reads up to and including `separator`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] if the connection ends first, and
    /// [`ReadError::LimitOverrun`] if more than the limit comes first.
    ///
    /// # Panics
    ///
    /// If `separator` is empty.
    pub async fn read_until(&mut self, separator: &[u8]) -> Result<Vec<u8>, ReadError> {
        assert!(!separator.is_empty(), "the separator is empty");
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.pending()[searched..], separator) {
                let length = searched + at;
                return if length > self.limit {
                    Err(ReadError::LimitOverrun { limit: self.limit })
                } else {
                    Ok(self.take(length + separator.len()))
                };
            }
            // A separator may begin in what was searched, and end in what comes.
            searched = (self.pending().len() + 1).saturating_sub(separator.len());
            if searched > self.limit {
                return Err(ReadError::LimitOverrun { limit: self.limit });
            }
            if !self.fill().await? {
                let partial = self.take(self.pending().len());
                return Err(ReadError::Incomplete {
                    partial,
                    expected: None,
                });
            }
        }
    }

    /// Returns the lines one by one.
    pub fn lines(&mut self) -> Lines<'_> {
        Lines {
            reader: self,
            failed: false,
        }
    }

    /// Returns whether the connection has ended and everything was read.
    pub fn at_eof(&self) -> bool {
        self.ended && self.pending().is_empty()
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.buffer[self.start..self.start + count].to_vec();
        self.consume(count);
        taken
    }

    /// Counts as returned what the caller has seen in `pending`.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Whether others have to be let run before the next read: a peer that sends faster than
    /// this program reads would never make it wait.
    pub(super) fn is_out_of_breath(&mut self) -> bool {
        self.fills = (self.fills + 1) % FILLS_IN_A_ROW;
        self.fills == 0
    }

    async fn readable(&self) -> io::Result<()> {
        self.stream.registration().ready(Direction::Read).await
    }

    /// Receives more. Returns `false` at the end.
    async fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.is_out_of_breath() {
            yield_now().await;
        }
        loop {
            self.readable().await?;
            if self.receive()? {
                return Ok(!self.ended);
            }
        }
    }

    /// Takes in what the kernel has, or that it is the end. Returns `false` if there is nothing.
    pub(super) fn receive(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        let result = self.stream.try_read(&mut self.buffer[length..]);
        self.buffer
            .truncate(length + result.as_ref().map_or(0, |&read| read));
        match result {
            Ok(read) => self.ended = read == 0,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.fills = 0;
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("buffered", &self.pending().len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// The lines of a connection; made by [`StreamReader::lines`].
#[derive(Debug)]
pub struct Lines<'a> {
    reader: &'a mut StreamReader,
    /// Whether iterating has given an error, which is the last thing it gives.
    failed: bool,
}

impl Lines<'_> {
    /// Returns the next line without its line end, or `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`StreamReader::read_line`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let mut line = self.reader.read_line().await?;
        if line.is_empty() {
            return Ok(None);
        }
        for end in [b'\n', b'\r'] {
            if line.last() == Some(&end) {
                line.pop();
            }
        }
        Ok(Some(line))
    }
}

/// The lines as an [`AsyncIterator`], for its adapters. An error is the last item: what reads
/// on behind one calls [`next`](Lines::next) of `Lines` itself, which has the error outside.
impl AsyncIterator for Lines<'_> {
    type Item = Result<Vec<u8>, ReadError>;

    async fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let line = Lines::next(self).await.transpose();
        self.failed = matches!(line, Some(Err(_)));
        line
    }
}
