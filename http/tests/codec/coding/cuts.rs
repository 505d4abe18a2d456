//! Decodes contents in every way they can be cut, and what may be claimed of that.

use looplet_http::Error;
use looplet_http::codec::{ContentCoding, ContentDecoder};

/// The most bytes of one step.
pub(super) const PIECE: usize = 32 * 1024;

/// What most contents mean: 640 bytes.
pub(super) fn text() -> Vec<u8> {
    b"Content that is worth a coding. ".repeat(20)
}

/// A decoder for the value of a `Content-Encoding`, all of which must be known.
pub(super) fn decoder(codings: &str) -> ContentDecoder {
    match ContentCoding::of([codings.as_bytes()], 5) {
        Ok(ContentCoding::Known(decoder)) => decoder,
        other => panic!("{codings}: {other:?}"),
    }
}

/// Decodes pieces one after the other.
pub(super) fn play(codings: &str, pieces: &[&[u8]]) -> (Vec<u8>, Result<(), Error>) {
    let mut decoder = decoder(codings);
    let mut content = Vec::new();
    let mut decode = || {
        for mut piece in pieces.iter().copied() {
            loop {
                let before = content.len();
                let Some(consumed) = decoder.step(piece, &mut content)? else {
                    break;
                };
                assert!(content.len() - before <= PIECE, "a step is bounded");
                piece = &piece[consumed..];
            }
            assert!(piece.is_empty(), "what is not used needs no more input");
        }
        decoder.finish()
    };
    let verdict = decode();
    if let Err(error) = &verdict {
        let again = decoder.step(b"", &mut content).err();
        let finish = decoder.finish().err();
        assert!(again.is_none() || again.as_ref() == Some(error));
        assert_eq!(finish.as_ref(), Some(error), "an error stays");
    }
    (content, verdict)
}

/// Decodes a content in every way it can be cut, and returns what all of them gave.
#[track_caller]
pub(super) fn outcome(codings: &str, coded: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let whole = play(codings, &[coded]);
    let bytes: Vec<_> = coded.chunks(1).collect();
    assert_eq!(play(codings, &bytes).1, whole.1, "byte by byte");
    for at in 0..=coded.len() {
        let (before, after) = coded.split_at(at);
        let (content, verdict) = play(codings, &[before, after]);
        assert_eq!(verdict, whole.1, "cut at {at}");
        // Before an error, it depends on the cut how much can be told.
        if verdict.is_ok() {
            assert_eq!(content, whole.0, "cut at {at}");
        }
    }
    whole
}

/// Claims that a content is sound and means `expected`.
#[track_caller]
pub(super) fn means(codings: &str, coded: &[u8], expected: &[u8]) {
    let (content, verdict) = outcome(codings, coded);
    assert_eq!(verdict, Ok(()), "{codings}");
    assert_eq!(content, expected, "{codings}");
}

/// Claims that a content is refused, and returns why. What came out before is a beginning of
/// `of`.
#[track_caller]
pub(super) fn refused(codings: &str, coded: &[u8], of: &[u8]) -> String {
    let (content, verdict) = outcome(codings, coded);
    assert!(of.starts_with(&content), "{codings}");
    match verdict {
        Err(Error::BadContentCoding { cause, .. }) => cause,
        other => panic!("{codings}: {other:?}"),
    }
}

/// Claims that every beginning of a content but the empty one is refused as incomplete.
#[track_caller]
pub(super) fn is_never_cut_short(codings: &str, coded: &[u8], meaning: &[u8]) {
    for length in 1..coded.len() {
        let (content, verdict) = play(codings, &[&coded[..length]]);
        let error = verdict.unwrap_err().to_string();
        assert!(
            error.ends_with("it ends in the middle"),
            "{length}: {error}"
        );
        assert!(meaning.starts_with(&content), "{length}");
    }
}

/// Claims that damage to a checked content never goes unnoticed: no flipped bit gives
/// another content without an error.
#[cfg(any(feature = "gzip", feature = "zstd"))]
#[track_caller]
pub(super) fn damage_is_noticed(codings: &str, coded: &[u8], meaning: &[u8]) {
    for at in 0..coded.len() {
        for bit in 0..8 {
            let mut damaged = coded.to_vec();
            damaged[at] ^= 1 << bit;
            let (content, verdict) = play(codings, &[&damaged]);
            assert!(
                verdict.is_err() || content == meaning,
                "bit {bit} of byte {at}"
            );
        }
    }
}
