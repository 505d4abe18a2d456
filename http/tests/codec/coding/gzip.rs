//! gzip, and what several codings in a row do with it.

use flate2::{Compress, Compression, FlushCompress};

use super::cuts::{damage_is_noticed, decoder, is_never_cut_short, means, play, refused, text};

/// What is sent for `content`.
pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut engine = Compress::new_gzip(Compression::best(), 15);
    let mut coded = Vec::with_capacity(content.len() + 1024);
    engine
        .compress_vec(content, &mut coded, FlushCompress::Finish)
        .unwrap();
    coded
}

#[test]
fn a_content_is_decoded_whatever_the_name_and_the_cut() {
    let coded = gzip(&text());
    for name in ["gzip", "x-gzip", "GZip", " gzip , identity"] {
        means(name, &coded, &text());
    }
    means("gzip", &gzip(b""), b"");
}

#[test]
fn a_header_with_all_its_fields_is_skipped() {
    let plain = gzip(&text());
    let fields: &[&[u8]] = &[
        b"\x1f\x8b\x08\x1c\0\0\0\0\0\xff",
        b"\x03\0abc",
        b"name\0",
        b"a comment\0",
        &plain[10..],
    ];
    means("gzip", &fields.concat(), &text());
}

#[test]
fn nothing_at_all_is_an_empty_content() {
    means("gzip", b"", b"");
}

#[test]
fn several_members_are_one_content() {
    let members = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
    means("gzip", &members, b"one two");
}

#[test]
fn zeros_behind_the_end_are_padding() {
    let padded = [gzip(b"hello"), vec![0; 20]].concat();
    means("gzip", &padded, b"hello");
}

#[test]
fn anything_else_behind_the_end_is_refused_after_the_content() {
    for (behind, cause) in [
        (&b"x"[..], "byte 0x78 stands behind the end"),
        (b"\0\0\x01", "byte 0x01 stands behind the end"),
        (b"\0\x1f\x8b", "byte 0x1f stands behind the end"),
    ] {
        let coded = [&gzip(b"hello"), behind].concat();
        assert_eq!(refused("gzip", &coded, b"hello"), cause);
        assert_eq!(play("gzip", &[&coded]).0, b"hello");
    }
}

#[test]
fn a_content_that_ends_early_is_refused_wherever() {
    is_never_cut_short("gzip", &gzip(&text()), &text());
    let members = [gzip(b"one"), gzip(b"two")].concat();
    let (content, verdict) = play("gzip", &[&members[..members.len() - 1]]);
    assert_eq!(content, b"onetwo");
    assert!(verdict.is_err());
}

#[test]
fn wrong_checksums_and_lengths_are_refused() {
    let coded = gzip(b"hello");
    for from_end in [8, 5, 4, 1] {
        let mut wrong = coded.clone();
        wrong[coded.len() - from_end] ^= 0x40;
        let cause = refused("gzip", &wrong, b"hello");
        let expected = match from_end {
            5.. => "incorrect data check",
            _ => "incorrect length check",
        };
        assert_eq!(cause, expected);
    }
    refused("gzip", b"this is no gzip", b"");
    refused("gzip", b"\x1f\x8b\x09\0\0\0\0\0\0\xff", b"");
    damage_is_noticed("gzip", &gzip(&text()), &text());
}

#[test]
fn codings_are_taken_off_last_first() {
    let twice = gzip(&gzip(&text()));
    means("gzip, x-gzip", &twice, &text());
    let five = gzip(&gzip(&gzip(&twice)));
    means("gzip, gzip, gzip, gzip, gzip", &five, &text());
    is_never_cut_short("gzip, gzip", &twice, &text());
}

#[test]
fn an_error_of_the_inner_coding_is_found() {
    let inner = [&gzip(b"hello"), &b"garbage"[..]].concat();
    let cause = refused("gzip, gzip", &gzip(&inner), b"hello");
    assert_eq!(cause, "byte 0x67 stands behind the end");
    let cut = gzip(&gzip(&text())[..30]);
    assert_eq!(
        refused("gzip, gzip", &cut, &text()),
        "it ends in the middle"
    );
}

#[test]
fn a_bomb_comes_out_in_small_pieces() {
    let bomb = gzip(&gzip(&vec![0; 4 << 20]));
    assert!(bomb.len() < 1000);
    let mut decoder = decoder("gzip, gzip");
    let (mut input, mut total) = (bomb.as_slice(), 0);
    let mut content = Vec::new();
    while let Some(consumed) = decoder.step(input, &mut content).unwrap() {
        input = &input[consumed..];
        total += content.len();
        assert!(content.len() <= super::cuts::PIECE);
        content.clear();
    }
    assert_eq!((total, decoder.finish()), (4 << 20, Ok(())));
}
