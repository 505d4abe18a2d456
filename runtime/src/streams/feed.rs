//! Feeding a reader by hand: for tests, for pipes, for protocols within protocols.

use std::fmt;
use std::io;
use std::rc::Rc;

use super::error::ZeroLimit;
use super::reader::{LIMIT, StreamReader};
use super::supply::Supply;

/// Gives a reader what it reads; made by [`StreamReader::fed`].
///
/// The asyncio counterparts are the methods of the same names of its `StreamReader`. One who is
/// dropped without [`feed_eof`](Self::feed_eof) has left its reader alone: what was fed can be
/// read, and then comes an error of the kind `ConnectionAborted`, not an end.
///
/// ```
/// use looplet::{StreamReader, run};
///
/// run(async {
///     let (mut feed, reader) = StreamReader::fed();
///     feed.feed_data(b"hello");
///     drop(feed);
///     assert_eq!(reader.read(16).await.expect("what was fed"), b"hello");
///     let error = reader.read(16).await.expect_err("there was no end");
///     assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
/// });
/// ```
#[must_use = "a reader whose feed is dropped gets an error"]
pub struct StreamFeed {
    supply: Rc<Supply>,
}

impl StreamReader {
    /// Makes a reader that has no connection, and the hand that feeds it.
    ///
    /// ```
    /// use looplet::{StreamReader, run};
    ///
    /// run(async {
    ///     let (mut feed, reader) = StreamReader::fed();
    ///     feed.feed_data(b"one\ntwo");
    ///     feed.feed_eof();
    ///     assert_eq!(reader.read_line().await.expect("a line"), b"one\n");
    ///     assert_eq!(reader.read_line().await.expect("a line"), b"two");
    ///     assert!(reader.at_eof());
    /// });
    /// ```
    #[doc(alias = "StreamReader")]
    pub fn fed() -> (StreamFeed, StreamReader) {
        Self::fed_by(LIMIT)
    }

    /// Makes a fed reader with a limit, which is also the measure of
    /// [`StreamFeed::is_paused`].
    ///
    /// # Errors
    ///
    /// [`ZeroLimit`] if it is 0.
    pub fn fed_with_limit(limit: usize) -> Result<(StreamFeed, StreamReader), ZeroLimit> {
        if limit == 0 {
            return Err(ZeroLimit);
        }
        Ok(Self::fed_by(limit))
    }

    fn fed_by(limit: usize) -> (StreamFeed, StreamReader) {
        let supply = Rc::new(Supply::by_hand(limit));
        let reader = StreamReader::of_supply(supply.clone(), limit);
        (StreamFeed { supply }, reader)
    }
}

impl StreamFeed {
    /// Adds `data` to what can be read.
    ///
    /// It never refuses any: who feeds more than is read waits in
    /// [`resumed`](Self::resumed) now and then.
    pub fn feed_data(&mut self, data: &[u8]) {
        if !data.is_empty() {
            self.supply.feed(|incoming| incoming.feed(data));
        }
    }

    /// Ends the stream.
    pub fn feed_eof(self) {
        self.supply.feed(|incoming| incoming.finish());
    }

    /// Ends the stream with an error: every read that needs more than there is gives it.
    pub fn set_exception(self, error: io::Error) {
        self.supply.feed(|incoming| incoming.fail(error));
    }

    /// Returns whether the reader has too much: it has had more than twice its limit, and has
    /// not come down to it since. asyncio's reader pauses its transport then.
    pub fn is_paused(&self) -> bool {
        self.supply
            .hand()
            .is_some_and(|hand| !hand.relaxed.is_set())
    }

    /// Waits until the reader does not have too much.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect.
    pub async fn resumed(&self) {
        if let Some(hand) = self.supply.hand() {
            hand.relaxed.wait().await;
        }
    }
}

impl Drop for StreamFeed {
    fn drop(&mut self) {
        self.supply.feed(|incoming| {
            if !incoming.has_ended() {
                let kind = io::ErrorKind::ConnectionAborted;
                incoming.fail(io::Error::new(kind, "nobody feeds the reader any more"));
            }
        });
    }
}

impl fmt::Debug for StreamFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamFeed")
            .field("buffered", &self.supply.len())
            .field("paused", &self.is_paused())
            .finish()
    }
}
