//! The form of a row, and the check that every row has to pass.

use looplet_http::codec::{Expected, Limits};
use looplet_http::message::Method;

use crate::driver::{Delivery, Outcome, play};

/// Some bytes from a server and what must come of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The claim.
    pub(crate) claim: &'static str,
    /// The method of the request.
    pub(crate) method: &'static str,
    /// What the server sends before it closes the connection.
    pub(crate) bytes: &'static [u8],
    /// What must come of it.
    pub(crate) expect: Expect,
}

/// What must come of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// This status and body, and the connection is reusable.
    Reuse(u16, &'static [u8]),
    /// This status and body, and the connection is not reusable.
    Close(u16, &'static [u8]),
    /// This body is delivered, then this variant of the error comes.
    Error(&'static [u8], &'static str),
}

/// A row for a GET.
pub(crate) const fn row(claim: &'static str, bytes: &'static [u8], expect: Expect) -> Row {
    Row {
        claim,
        method: "GET",
        bytes,
        expect,
    }
}

/// A row for a GET whose response is refused before any data is delivered.
pub(crate) const fn bad(claim: &'static str, bytes: &'static [u8], variant: &'static str) -> Row {
    row(claim, bytes, Expect::Error(b"", variant))
}

impl Row {
    /// The same row for another method.
    pub(crate) const fn to(self, method: &'static str) -> Row {
        Row { method, ..self }
    }
}

/// Checks all rows of a table and reports every one that fails.
pub(crate) fn check_all(rows: &[Row]) {
    let mut claims: Vec<_> = rows.iter().map(|row| row.claim).collect();
    claims.sort_unstable();
    claims.dedup();
    assert_eq!(claims.len(), rows.len(), "two rows make the same claim");
    for row in rows {
        let expected = Expected::answer_to(Method::new(row.method).unwrap());
        check(row.claim, &expected, row.bytes, row.expect);
    }
}

/// Checks one response: the whole, then every way of cutting it.
pub(crate) fn check(claim: &str, expected: &Expected, bytes: &[u8], expect: Expect) -> Outcome {
    check_within(claim, (expected, Limits::default()), bytes, expect)
}

/// The same within other limits.
pub(crate) fn check_within(
    claim: &str,
    (expected, limits): (&Expected, Limits),
    bytes: &[u8],
    expect: Expect,
) -> Outcome {
    let whole = play(expected, limits, Delivery::Events, [bytes].into_iter());
    match expect {
        Expect::Reuse(status, body) => {
            assert_eq!(whole.end, Ok(true), "{claim}");
            assert_eq!((whole.status, &whole.body[..]), (status, body), "{claim}");
        }
        Expect::Close(status, body) => {
            assert_eq!(whole.end, Ok(false), "{claim}");
            assert_eq!((whole.status, &whole.body[..]), (status, body), "{claim}");
        }
        Expect::Error(body, variant) => {
            assert_eq!(whole.end, Err(variant.to_owned()), "{claim}");
            assert_eq!(&whole.body[..], body, "{claim}");
        }
    }
    check_segmentation(claim, (expected, limits), bytes, &whole);
    whole
}

/// Checks that cutting the bytes into pieces changes nothing.
fn check_segmentation(
    claim: &str,
    (expected, limits): (&Expected, Limits),
    bytes: &[u8],
    whole: &Outcome,
) {
    // Long rows are cut at a sample of offsets.
    let stride = if bytes.len() > 2000 {
        bytes.len() / 40
    } else {
        1
    };
    for delivery in [Delivery::Events, Delivery::Direct] {
        let dripped = play(expected, limits, delivery, bytes.chunks(1));
        assert_eq!(&dripped, whole, "{claim}: byte by byte, {delivery:?}");
        for at in (0..=bytes.len()).step_by(stride) {
            let pieces = [&bytes[..at], &bytes[at..]].into_iter();
            let cut = play(expected, limits, delivery, pieces);
            assert_eq!(&cut, whole, "{claim}: cut at {at}, {delivery:?}");
        }
    }
}
