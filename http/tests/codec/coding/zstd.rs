//! zstd. The frames were coded by another implementation.

use super::cuts::{damage_is_noticed, is_never_cut_short, means, play, refused, text};

/// The text, with a checksum and its length.
const CHECKED: &[u8] = b"(\xb5/\xfdd\x80\x01M\x01\x00\x04\x02Content that is worth a coding. \
    \x01\x00\xe82*\xf5\x04oT\xac\xde";
/// The text, with neither.
const UNCHECKED: &[u8] = b"(\xb5/\xfd\x00XM\x01\x00\x04\x02Content that is worth a coding. \
    \x01\x00\xe82*\xf5\x04";
/// A frame to be skipped, and one that is empty.
const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x05\0\0\0skip!";
const EMPTY_SKIPPABLE: &[u8] = b"\x50\x2a\x4d\x18\0\0\0\0";

/// A frame without a checksum of blocks that are repeated bytes, with a window.
fn repeated(window: u8, blocks: u32) -> Vec<u8> {
    let mut frame = [b"(\xb5/\xfd\0", &[window][..]].concat();
    for block in 1..=blocks {
        let header = u32::from(block == blocks) | 1 << 1 | (128 * 1024) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b'z');
    }
    frame
}

#[test]
fn a_content_is_decoded_whatever_the_cut() {
    means("zstd", CHECKED, &text());
    means("ZSTD", UNCHECKED, &text());
    means("zstd", b"", b"");
}

#[test]
fn frames_in_a_row_are_one_content_and_some_are_skipped() {
    let frames = [
        SKIPPABLE,
        UNCHECKED,
        EMPTY_SKIPPABLE,
        CHECKED,
        SKIPPABLE,
        b"\0\0",
    ];
    means("zstd", &frames.concat(), &text().repeat(2));
}

#[test]
fn a_content_that_ends_early_is_refused_wherever() {
    is_never_cut_short("zstd", CHECKED, &text());
    is_never_cut_short("zstd", UNCHECKED, &text());
    is_never_cut_short("zstd", SKIPPABLE, b"");
}

#[test]
fn a_wrong_checksum_is_refused_and_damage_is_noticed() {
    let mut wrong = CHECKED.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(refused("zstd", &wrong, &text()), "the checksum is wrong");
    refused("zstd", b"this is no zstd", b"");
    let cause = refused("zstd", &[CHECKED, b"x"].concat(), &text());
    assert_eq!(cause, "byte 0x78 stands behind the end");
}

#[test]
fn a_window_above_8_mib_is_refused() {
    let (content, verdict) = play("zstd", &[&repeated(13 << 3, 3)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(content, vec![b'z'; 3 * 128 * 1024]);
    for window in [13 << 3 | 1, 14 << 3, 0xff] {
        let (content, verdict) = play("zstd", &[&repeated(window, 3)]);
        assert!(content.is_empty() && verdict.is_err(), "{window:#x}");
    }
}

#[test]
fn a_block_that_is_too_large_is_refused_before_it_is_collected() {
    let header: u32 = (128 * 1024 + 1) << 3;
    let frame = [b"(\xb5/\xfd\0\x58", &header.to_le_bytes()[..3]].concat();
    assert_eq!(refused("zstd", &frame, b""), "a block has 131073 bytes");
}

#[test]
fn a_bomb_comes_out_in_small_pieces() {
    // The window keeps its length back until the end.
    let (content, verdict) = play("zstd", &[&repeated(0x58, 24)]);
    assert_eq!((content.len(), verdict), (24 * 128 * 1024, Ok(())));
}

#[test]
fn a_damaged_frame_gives_an_error_or_the_content() {
    damage_is_noticed("zstd", CHECKED, &text());
}
