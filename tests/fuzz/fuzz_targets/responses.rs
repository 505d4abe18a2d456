//! Arbitrary bytes as the answer of a server.
//!
//! The first bytes of an input choose the circumstances, the others are what the server sends.
//! They are played whole, byte by byte, and in pieces, with the body through the reader and
//! past it; and what comes out is decoded whole, byte by byte, and in pieces.
//!
//! # What must hold
//!
//! 1. The verdict, the body, the head and the trailers do not depend on the cut.
//! 2. Nothing panics, hangs, or takes memory because the bytes say so; libFuzzer watches that.
//! 3. A step of decoding gives 32 KiB at most, and a sound content is the same however it is
//!    cut.

#![no_main]

#[path = "../../../http/tests/codec/driver.rs"]
mod driver;
#[path = "../circumstances.rs"]
mod circumstances;

use libfuzzer_sys::fuzz_target;
use looplet_http::codec::{ContentCoding, ContentDecoder};

use circumstances::Circumstances;
use driver::{Delivery, play};

/// What is decoded of a content. More would test nothing else.
const ENOUGH: usize = 256 * 1024;
/// The most bytes of one step.
const PIECE: usize = 32 * 1024;

fuzz_target!(|input: &[u8]| {
    let Some((circumstances, bytes)) = Circumstances::split_off(input) else {
        return;
    };
    let (expected, limits) = (circumstances.expected(), circumstances.limits());
    let whole = [bytes].into_iter();
    let whole = play(&expected, limits, Delivery::Events, whole);
    for delivery in [Delivery::Events, Delivery::Direct] {
        for pieces in [bytes.chunks(1), bytes.chunks(circumstances.piece())] {
            assert_eq!(play(&expected, limits, delivery, pieces), whole);
        }
    }
    let Some(codings) = circumstances.codings() else {
        return;
    };
    let body = &whole.body[..];
    let decoded = decode(codings, [body].into_iter());
    for pieces in [body.chunks(1), body.chunks(circumstances.piece())] {
        let again = decode(codings, pieces);
        // Before an error, it depends on the cut how much can be told.
        if decoded.is_ok() || again.is_ok() {
            assert_eq!(again, decoded);
        }
    }
});

/// Decodes the pieces of a content.
fn decode<'p>(codings: &str, pieces: impl Iterator<Item = &'p [u8]>) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let Ok(ContentCoding::Known(mut decoder)) = ContentCoding::of([codings.as_bytes()], 5) else {
        panic!("all codings are compiled in")
    };
    for piece in pieces {
        take(&mut decoder, piece, &mut content)?;
        if content.len() > ENOUGH {
            content.truncate(ENOUGH);
            return Ok(content);
        }
    }
    decoder.finish().map_err(|error| driver::variant(&error))?;
    Ok(content)
}

/// Decodes one piece, or as much of it as is enough.
fn take(
    decoder: &mut ContentDecoder,
    mut piece: &[u8],
    content: &mut Vec<u8>,
) -> Result<(), String> {
    while content.len() <= ENOUGH {
        let before = content.len();
        let step = decoder.step(piece, content);
        let step = step.map_err(|error| driver::variant(&error))?;
        assert!(content.len() - before <= PIECE, "a step is bounded");
        let Some(consumed) = step else {
            assert!(piece.is_empty(), "what is not used needs no more input");
            break;
        };
        piece = &piece[consumed..];
    }
    Ok(())
}
