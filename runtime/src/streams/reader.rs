//! The reading half of a connection.
//!
//! A reader is a handle: clones stand for the same stream and take from the same buffer, each
//! with a limit of its own.

use std::fmt;
use std::io;
use std::rc::Rc;

use super::error::{ReadError, ZeroLimit};
use super::incoming::Search;
use super::supply::Supply;
use crate::iterate::AsyncIterator;
use crate::net::Connection;

/// How much a line or a separated piece may have, unless told otherwise: 64 KiB, as in asyncio.
pub(super) const LIMIT: usize = 64 * 1024;

/// Reads from a connection, by pieces or by lines.
///
/// Clones stand for the same stream. One task at a time may wait for data: a second one gets
/// an error of the kind `ResourceBusy` that holds an [`AlreadyReading`](crate::AlreadyReading).
/// The asyncio counterpart has the same name.
///
/// Nothing is received before it is asked for, so a peer that sends faster than this program
/// reads fills the kernel's buffers, waits, and never this program's memory.
///
/// # Cancel safety
///
/// All methods: what was received and not returned stays in the buffer.
///
/// ```
/// use looplet::{UnixStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = UnixStream::pair()?;
///     one.write_all(b"head\nbody").await?;
///     drop(one);
///     let (reader, _writer) = two.into_streams();
///     assert_eq!(reader.read_line().await?, b"head\n");
///     assert_eq!(reader.read_to_end().await?, b"body");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct StreamReader {
    pub(super) supply: Rc<Supply>,
    pub(super) limit: usize,
}

impl StreamReader {
    pub(crate) fn new(connection: Rc<dyn Connection>) -> Self {
        Self::of_supply(Rc::new(Supply::of_connection(connection)), LIMIT)
    }

    pub(super) fn of_supply(supply: Rc<Supply>, limit: usize) -> Self {
        Self { supply, limit }
    }

    /// Sets how long a line, or a piece before a separator, may be. Default: 64 KiB. The limit
    /// is that of this handle, and of clones made of it later.
    ///
    /// # Errors
    ///
    /// [`ZeroLimit`] if it is 0.
    pub fn set_limit(&mut self, limit: usize) -> Result<(), ZeroLimit> {
        if limit == 0 {
            return Err(ZeroLimit);
        }
        self.limit = limit;
        Ok(())
    }

    /// Returns a handle to the same stream with another limit, for one call or for some.
    ///
    /// # Errors
    ///
    /// [`ZeroLimit`] if it is 0.
    ///
    /// ```
    /// use looplet::{ReadError, StreamReader, run};
    ///
    /// # fn main() -> Result<(), ReadError> {
    /// run(async {
    ///     let (mut feed, reader) = StreamReader::fed();
    ///     feed.feed_data(b"a greeting\n");
    ///     let greeting = reader.within(8)?.read_until(b"\n").await;
    ///     assert!(matches!(greeting, Err(ReadError::LimitOverrun { limit: 8, .. })));
    ///     assert_eq!(reader.read_line().await?, b"a greeting\n");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn within(&self, limit: usize) -> Result<StreamReader, ZeroLimit> {
        let mut reader = self.clone();
        reader.set_limit(limit)?;
        Ok(reader)
    }

    /// Reads at least one and at most `max` bytes. An empty result means the end.
    ///
    /// # Errors
    ///
    /// What the kernel says; `ResourceBusy` if another task waits for data.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    pub async fn read(&self, max: usize) -> io::Result<Vec<u8>> {
        if self.supply.len() == 0 && max > 0 {
            self.supply.more("read").await?;
        }
        Ok(self.supply.take(max))
    }

    /// Reads to the end. There is no limit: whoever reads from a stranger uses
    /// [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what has come stays in the buffer.
    pub async fn read_to_end(&self) -> io::Result<Vec<u8>> {
        while self.supply.more("read_to_end").await? {}
        Ok(self.supply.take(usize::MAX))
    }

    /// Reads exactly `count` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] if the connection ends first.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what has come stays in the buffer.
    ///
    /// ```
    /// use looplet::{StreamReader, run};
    ///
    /// run(async {
    ///     let (mut feed, reader) = StreamReader::fed();
    ///     feed.feed_data(b"head and body");
    ///     assert_eq!(reader.read_exactly(4).await.expect("there are more"), b"head");
    /// });
    /// ```
    #[doc(alias = "readexactly")]
    pub async fn read_exactly(&self, count: usize) -> Result<Vec<u8>, ReadError> {
        while self.supply.len() < count {
            if !self.supply.more("read_exactly").await? {
                return Err(self.incomplete(Some(count)));
            }
        }
        Ok(self.supply.take(count))
    }

    /// Reads a line, its `\n` included. The last line may lack it; an empty result means the
    /// end.
    ///
    /// # Errors
    ///
    /// [`ReadError::LimitOverrun`] if the line is longer than the limit. The line is dropped
    /// then, as in asyncio, or what has come of it: the next call goes on behind it. Who wants
    /// to keep it uses [`read_until`](Self::read_until).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what has come stays in the buffer.
    #[doc(alias = "readline")]
    pub async fn read_line(&self) -> Result<Vec<u8>, ReadError> {
        let result = self.read_until_any_for("read_line", &[b"\n"]).await;
        match result {
            Err(ReadError::Incomplete { partial, .. }) => Ok(partial),
            Err(ReadError::LimitOverrun {
                consumed, found, ..
            }) => {
                let mut incoming = self.supply.incoming.borrow_mut();
                incoming.drop_line(consumed, found);
                drop(incoming);
                self.supply.relax();
                result
            }
            result => result,
        }
    }

    /// Reads up to and including `separator`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] if the connection ends first; [`ReadError::LimitOverrun`] if
    /// more than the limit comes first, and then what has come stays; and
    /// [`ReadError::NoSeparator`] if the separator is empty.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what has come stays in the buffer.
    ///
    /// ```
    /// use looplet::{StreamReader, run};
    ///
    /// run(async {
    ///     let (mut feed, reader) = StreamReader::fed();
    ///     feed.feed_data(b"key: value");
    ///     assert_eq!(reader.read_until(b": ").await.expect("it is there"), b"key: ");
    /// });
    /// ```
    #[doc(alias = "readuntil")]
    pub async fn read_until(&self, separator: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.read_until_any_for("read_until", &[separator]).await
    }

    /// Reads up to and including the separator that ends first: the shortest piece that ends
    /// with one of them.
    ///
    /// # Errors
    ///
    /// As [`read_until`](Self::read_until).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what has come stays in the buffer.
    ///
    /// ```
    /// use looplet::{ReadError, StreamReader, run};
    ///
    /// # fn main() -> Result<(), ReadError> {
    /// run(async {
    ///     let (mut feed, reader) = StreamReader::fed();
    ///     feed.feed_data(b"one, two; three");
    ///     feed.feed_eof();
    ///     let separators: [&[u8]; 2] = [b"; ", b", "];
    ///     assert_eq!(reader.read_until_any(&separators).await?, b"one, ");
    ///     assert_eq!(reader.read_until_any(&separators).await?, b"two; ");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "readuntil")]
    pub async fn read_until_any(&self, separators: &[&[u8]]) -> Result<Vec<u8>, ReadError> {
        self.read_until_any_for("read_until_any", separators).await
    }

    async fn read_until_any_for(
        &self,
        method: &'static str,
        separators: &[&[u8]],
    ) -> Result<Vec<u8>, ReadError> {
        let mut search = Search::new(separators, self.limit)?;
        loop {
            let found = search.find(self.supply.incoming.borrow().pending())?;
            if let Some(length) = found {
                return Ok(self.supply.take(length));
            }
            if !self.supply.more(method).await? {
                return Err(self.incomplete(None));
            }
        }
    }

    fn incomplete(&self, expected: Option<usize>) -> ReadError {
        let partial = self.supply.take(usize::MAX);
        ReadError::Incomplete { partial, expected }
    }

    /// Returns the lines one by one, without their ends.
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            reader: self,
            failed: false,
        }
    }

    /// Returns the error that ended the stream, if one did; what came before it may not have been
    /// read yet.
    pub fn exception(&self) -> Option<io::Error> {
        self.supply.incoming.borrow().may_grow().err()
    }

    /// Returns whether the connection has ended and everything was read.
    pub fn at_eof(&self) -> bool {
        self.supply.incoming.borrow().is_at_eof()
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("buffered", &self.supply.len())
            .field("ended", &self.supply.incoming.borrow().has_ended())
            .finish_non_exhaustive()
    }
}

/// The lines of a connection; made by [`StreamReader::lines`].
///
/// The asyncio counterpart is `async for line in reader`.
///
/// ```
/// use looplet::{Lines, StreamReader, run};
///
/// run(async {
///     let (mut feed, reader) = StreamReader::fed();
///     feed.feed_data(b"one\r\ntwo");
///     feed.feed_eof();
///     let mut lines: Lines<'_> = reader.lines();
///     assert_eq!(lines.next().await.expect("a line"), Some(b"one".to_vec()));
///     assert_eq!(lines.next().await.expect("a line"), Some(b"two".to_vec()));
///     assert_eq!(lines.next().await.expect("an end"), None);
/// });
/// ```
#[derive(Debug)]
pub struct Lines<'a> {
    reader: &'a StreamReader,
    /// Whether iterating has given an error, which is the last thing it gives.
    failed: bool,
}

impl Lines<'_> {
    /// Returns the next line without its line end, or `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`StreamReader::read_line`].
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing; see [`StreamReader`].
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
