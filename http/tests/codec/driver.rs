//! A connection made of memory: plays pieces of bytes to a `ResponseReader`.
//!
//! It does what the module doc of `codec::cycle` tells a connection to do, and nothing
//! more. After the last piece the stream ends.

use looplet_http::Error;
use looplet_http::codec::{Event, Expected, Limits, ResponseReader};
use looplet_http::message::{Fields, ResponseHead};

/// How the bytes of the body get into the buffer of the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Delivery {
    /// Through the events of the reader.
    Events,
    /// Past the reader, whenever it knows what comes next.
    Direct,
}

/// What came of a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The number of interim responses.
    pub(crate) interim: usize,
    /// The final head as text, if one came.
    pub(crate) head: Option<Vec<u8>>,
    /// The status of it.
    pub(crate) status: u16,
    /// The body, as far as it was delivered.
    pub(crate) body: Vec<u8>,
    /// The trailers as text.
    pub(crate) trailers: Vec<u8>,
    /// Whether the connection could be used again, or the name of the error.
    pub(crate) end: Result<bool, String>,
}

/// The name of the variant of an error.
pub(crate) fn variant(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Plays `pieces` as the answer to a request and tells what came of it.
pub(crate) fn play<'p>(
    expected: &Expected,
    limits: Limits,
    delivery: Delivery,
    pieces: impl Iterator<Item = &'p [u8]>,
) -> Outcome {
    let mut connection = Connection {
        reader: ResponseReader::new(expected.clone(), limits),
        delivery,
        unread: Vec::new(),
        outcome: Outcome {
            interim: 0,
            head: None,
            status: 0,
            body: Vec::new(),
            trailers: Vec::new(),
            end: Ok(false),
        },
    };
    let end = connection.run(pieces);
    connection.outcome.trailers = lines_of(connection.reader.trailers());
    connection.outcome.end = end.map_err(|error| {
        assert!(!error.to_string().is_empty());
        assert!(
            !connection.reader.is_reusable(&[]),
            "reusable after {error}"
        );
        variant(&error)
    });
    connection.outcome
}

/// A head in one form, whatever that of its lines was. Formatting it is what a test of many
/// cuts would spend its time on.
fn text_of(head: &ResponseHead) -> Vec<u8> {
    let version = head.version().as_str().as_bytes();
    let status = [version, b" ", head.reason(), b"\n"].concat();
    [status, lines_of(head.fields())].concat()
}

/// The lines of fields.
fn lines_of(fields: &Fields) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in fields.iter() {
        for part in [name.as_bytes(), b": ", value, b"\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines
}

/// One connection with one response on it.
struct Connection {
    reader: ResponseReader,
    delivery: Delivery,
    unread: Vec<u8>,
    outcome: Outcome,
}

impl Connection {
    /// Feeds all pieces, then the end of the stream; says whether the connection is reusable.
    fn run<'p>(&mut self, pieces: impl Iterator<Item = &'p [u8]>) -> Result<bool, Error> {
        let mut ended = false;
        for piece in pieces {
            let piece = if ended {
                piece
            } else {
                self.take_direct(piece)
            };
            self.unread.extend_from_slice(piece);
            ended = ended || self.feed()?;
        }
        if ended || self.feed()? {
            return Ok(self.reader.is_reusable(&self.unread));
        }
        self.reader.end_of_stream(&self.unread)?;
        Ok(self.reader.is_reusable(&self.unread))
    }

    /// Takes body bytes from a piece without showing them to the reader.
    fn take_direct<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        if self.delivery == Delivery::Events || !self.unread.is_empty() {
            return piece;
        }
        let ahead = usize::try_from(self.reader.body_ahead()).unwrap_or(usize::MAX);
        let (direct, rest) = piece.split_at(piece.len().min(ahead));
        self.outcome.body.extend_from_slice(direct);
        self.reader.skip_body(direct.len() as u64);
        rest
    }

    /// Handles events until more bytes are needed; says whether the response has ended.
    fn feed(&mut self) -> Result<bool, Error> {
        loop {
            let step = self.reader.read(&self.unread)?;
            match step.event {
                Event::Interim(_) => self.outcome.interim += 1,
                Event::Head(head) => {
                    self.outcome.status = head.status().as_u16();
                    self.outcome.head = Some(text_of(&head));
                }
                Event::Data(range) => {
                    assert!(!range.is_empty(), "data events are never empty");
                    self.outcome.body.extend_from_slice(&self.unread[range]);
                }
                Event::Partial | Event::End => {
                    self.unread.drain(..step.consumed);
                    return Ok(step.event == Event::End);
                }
            }
            self.unread.drain(..step.consumed);
        }
    }
}
