//! What an answer is the answer to, and how it is read: the first bytes of an input.

use looplet_http::codec::{Expected, Limits, Tolerance};
use looplet_http::message::Method;

/// The methods that are read in different ways.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::CONNECT];
/// The codings that a body may be decoded by.
const CODINGS: [&str; 7] = [
    "gzip",
    "deflate",
    "br",
    "zstd",
    "gzip, gzip",
    "zstd, br",
    "gzip, br",
];

/// Three bytes: which faults are tolerated; method, offer and limits; coding and cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances {
    tolerance: u8,
    request: u8,
    body: u8,
}

impl Circumstances {
    /// Takes them from the front of an input. `None` if that is too short.
    pub(crate) fn split_off(input: &[u8]) -> Option<(Self, &[u8])> {
        let (&[tolerance, request, body], bytes) = input.split_first_chunk()?;
        let circumstances = Circumstances {
            tolerance,
            request,
            body,
        };
        Some((circumstances, bytes))
    }

    pub(crate) fn expected(self) -> Expected {
        let method = METHODS[usize::from(self.request & 3) % METHODS.len()].clone();
        let mut expected = Expected::answer_to(method);
        if self.request & 4 != 0 {
            expected.codings = vec!["gzip".to_owned()];
        }
        expected.upgrade = self.request & 8 != 0;
        expected
    }

    pub(crate) fn limits(self) -> Limits {
        let bit = |index: u8| self.tolerance & (1 << index) != 0;
        let tolerance = Tolerance {
            headless: bit(0),
            indented_first_field: bit(1),
            broken_fields: bit(2),
            control_bytes: bit(3),
            bare_line_feeds: bit(4),
            redundant_codings: bit(5),
            missing_last_line: bit(6),
            length_beside_coding: !bit(7),
        };
        if self.request & 16 == 0 {
            return Limits {
                tolerance,
                ..Limits::default()
            };
        }
        Limits {
            head_bytes: 100,
            fields: 3,
            interim: 1,
            chunk_extension_bytes: 10,
            trailer_bytes: 30,
            codings: 1,
            tolerance,
        }
    }

    /// The codings of the body, if it is to be decoded.
    pub(crate) fn codings(self) -> Option<&'static str> {
        CODINGS.get(usize::from(self.body & 7)).copied()
    }

    /// The length of a piece.
    pub(crate) fn piece(self) -> usize {
        2 + usize::from(self.body >> 3)
    }
}
