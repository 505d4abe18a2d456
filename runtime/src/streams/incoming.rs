//! What came in and was not asked for yet, and the search for separators in it.
//!
//! No I/O happens here: the reader feeds this, and cuts pieces off it.

use std::io;

use super::error::{ReadError, again};

/// How much room a read offers to the kernel.
const CHUNK: usize = 16 * 1024;
/// How much room a buffer keeps when it is empty.
const KEPT: usize = 256 * 1024;

/// The buffer of a reader.
#[derive(Default)]
pub(super) struct Incoming {
    /// What came in and was not returned yet is `bytes[start..end]`. The room behind it was
    /// cleared once, and need not be again.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether no more will come.
    ended: bool,
    /// Why no more will come, if it is not the peer's wish.
    failure: Option<io::Error>,
}

impl Incoming {
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn is_at_eof(&self) -> bool {
        self.ended && self.len() == 0
    }

    /// Takes up to `max` bytes off the front.
    pub(super) fn take(&mut self, max: usize) -> Vec<u8> {
        let taken = self.pending()[..max.min(self.len())].to_vec();
        self.skip(taken.len());
        taken
    }

    /// Counts as returned what the caller has seen in `pending`.
    pub(super) fn skip(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > KEPT {
                self.bytes = Vec::new();
            }
        }
    }

    pub(super) fn feed(&mut self, data: &[u8]) {
        self.room(data.len())[..data.len()].copy_from_slice(data);
        self.end += data.len();
    }

    pub(super) fn finish(&mut self) {
        self.ended = true;
    }

    pub(super) fn fail(&mut self, error: io::Error) {
        self.failure.get_or_insert(error);
    }

    /// Whether more may come: an error if the connection has failed.
    pub(super) fn may_grow(&self) -> io::Result<bool> {
        match &self.failure {
            Some(failure) => Err(again(failure)),
            None => Ok(!self.ended),
        }
    }

    /// Lets `read` put something behind what is there; 0 bytes are the end.
    pub(super) fn receive(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let result = read(self.room(CHUNK));
        self.end += result.as_ref().map_or(0, |&received| received);
        self.ended |= matches!(result, Ok(0));
        result.map(drop)
    }

    /// Returns room for at least `count` bytes, behind what is there.
    fn room(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < count {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.len());
            let needed = self.end + count;
            // Growth in large steps keeps the copies few.
            let length = needed.max(self.bytes.len()).max(self.bytes.capacity());
            self.bytes.resize(length, 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Takes a line off whose separator came too late, or all there is if it did not come.
    pub(super) fn drop_line(&mut self, consumed: usize, found: bool) {
        let count = if found { consumed + 1 } else { self.len() };
        self.skip(count);
    }
}

/// A search for the first of several separators, which goes on where it stopped when more has
/// come.
pub(super) struct Search<'a> {
    separators: &'a [&'a [u8]],
    limit: usize,
    /// Up to where no separator begins.
    searched: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(separators: &'a [&'a [u8]], limit: usize) -> Result<Self, ReadError> {
        if separators.is_empty() || separators.iter().any(|separator| separator.is_empty()) {
            return Err(ReadError::NoSeparator);
        }
        Ok(Self {
            separators,
            limit,
            searched: 0,
        })
    }

    /// Returns the length of the piece, its separator included; `None` if more has to come.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Result<Option<usize>, ReadError> {
        let overrun = |consumed, found| ReadError::LimitOverrun {
            limit: self.limit,
            consumed,
            found,
        };
        if let Some((end, length)) = self.shortest(bytes) {
            let consumed = end - length;
            return if consumed > self.limit {
                Err(overrun(consumed, true))
            } else {
                Ok(Some(end))
            };
        }
        // A separator may begin in what was searched, and end in what comes.
        let longest = self
            .separators
            .iter()
            .map(|separator| separator.len())
            .max();
        let searched = (bytes.len() + 1).saturating_sub(longest.unwrap_or(0));
        if searched > self.limit {
            return Err(overrun(searched, false));
        }
        self.searched = searched;
        Ok(None)
    }

    /// Where the separator that ends first ends, and its length. Of two that end together the
    /// shorter one counts.
    fn shortest(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let bytes = bytes.get(self.searched..)?;
        let ends = self.separators.iter().filter_map(|separator| {
            let at = position(bytes, separator)?;
            Some((self.searched + at + separator.len(), separator.len()))
        });
        ends.min()
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(separators: &[&[u8]], limit: usize, bytes: &[u8]) -> Result<Option<usize>, ReadError> {
        Search::new(separators, limit).and_then(|mut search| search.find(bytes))
    }

    #[test]
    fn the_separator_that_ends_first_ends_the_piece() {
        let found = find(&[b"\r\n", b"\n", b"stop"], 100, b"one stop\r\n");
        assert_eq!(found.expect("it is there"), Some(8));
        // `\n` ends where `\r\n` does.
        let found = find(&[b"\r\n", b"\n"], 3, b"abc\r\n");
        let Err(ReadError::LimitOverrun {
            consumed, found, ..
        }) = found
        else {
            panic!("the shorter separator counts, and begins behind the limit: {found:?}")
        };
        assert_eq!((consumed, found), (4, true));
    }

    #[test]
    fn a_search_goes_on_where_a_separator_may_begin() {
        let separators: [&[u8]; 2] = [b"--end--", b"#"];
        let mut search = Search::new(&separators, 100).expect("they have bytes");
        for bytes in [&b""[..], b"abc", b"abc--en", b"abc--end-"] {
            assert_eq!(search.find(bytes).expect("within the limit"), None);
        }
        assert_eq!(search.find(b"abc--end--x").expect("it is there"), Some(10));
    }

    #[test]
    fn a_piece_may_be_as_long_as_the_limit() {
        assert_eq!(find(&[b"\n"], 3, b"abc\n").expect("it fits"), Some(4));
        assert_eq!(find(&[b"\n"], 3, b"abc").expect("it may fit"), None);
        assert!(find(&[b"\n"], 3, b"abcd\n").is_err());
        assert!(find(&[b"\n"], 3, b"abcd").is_err());
    }

    #[test]
    fn no_separator_is_refused() {
        assert!(matches!(find(&[], 3, b"abc"), Err(ReadError::NoSeparator)));
        let one_is_empty = find(&[b"a", b""], 3, b"abc");
        assert!(matches!(one_is_empty, Err(ReadError::NoSeparator)));
    }
}
