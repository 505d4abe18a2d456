//! br. The contents were coded by another implementation.

use super::cuts::{decoder, is_never_cut_short, means, refused, text};

/// The text.
const TEXT: &[u8] =
    b"\x1b\x7f\x02\xf8\x8d\x94\xa9\xe3[\x83\x84\x8d\xa5\x89\xb7.d\x11Q\x0a\xd3/\x084\
    RM\x18\xa0.gR\xa7\xaf\x01";
/// The text with a window larger than the standard has.
const LARGE_WINDOW: &[u8] =
    b"\x11^\xfc\x09\xe07R\xa6\x8eo\x0d\x126\x96&\xde\xba\x90ED)L\xbf@ #\xa9\
    \x09\x06\xa8\xcb\x99\xd4\xe9k\x00";
/// 4 MiB of zeros.
const BOMB: &[u8] = b"\x9b\xff\xff?\xf8'\x00\xe2\xb1@ \xf7\xfe\x07";

#[test]
fn a_content_is_decoded_whatever_the_cut() {
    means("br", TEXT, &text());
    means("BR", b"\x06", b"");
    means("br", b"", b"");
}

#[test]
fn a_content_that_ends_early_is_refused_wherever() {
    is_never_cut_short("br", TEXT, &text());
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert_eq!(
        refused("br", b"this is no brotli", b""),
        "the data is corrupt"
    );
    assert_eq!(refused("br", LARGE_WINDOW, b""), "the data is corrupt");
    let cause = refused("br", &[TEXT, b"x"].concat(), &text());
    assert_eq!(cause, "byte 0x78 stands behind the end");
}

#[test]
fn a_bomb_comes_out_in_small_pieces() {
    let mut decoder = decoder("br");
    let (mut input, mut total) = (BOMB, 0);
    let mut content = Vec::new();
    while let Some(consumed) = decoder.step(input, &mut content).unwrap() {
        input = &input[consumed..];
        total += content.len();
        assert!(content.len() <= super::cuts::PIECE);
        content.clear();
    }
    assert_eq!((total, decoder.finish()), (4 << 20, Ok(())));
}
