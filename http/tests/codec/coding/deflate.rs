//! deflate, in both meanings.

use flate2::{Compress, Compression, FlushCompress};

use super::cuts::{damage_is_noticed, is_never_cut_short, means, refused, text};

fn deflate(content: &[u8], level: Compression, zlib: bool) -> Vec<u8> {
    let mut engine = Compress::new(level, zlib);
    let mut coded = Vec::with_capacity(content.len() + 1024);
    engine
        .compress_vec(content, &mut coded, FlushCompress::Finish)
        .unwrap();
    coded
}

#[test]
fn zlib_and_raw_data_are_both_understood_at_every_level() {
    for level in [0, 1, 6, 9].map(Compression::new) {
        for zlib in [true, false] {
            means("deflate", &deflate(&text(), level, zlib), &text());
            means("deflate", &deflate(b"", level, zlib), b"");
        }
    }
    means("Deflate", b"", b"");
}

#[test]
fn a_content_that_ends_early_is_refused_wherever() {
    for zlib in [true, false] {
        let coded = deflate(&text(), Compression::best(), zlib);
        is_never_cut_short("deflate", &coded, &text());
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut wrong = deflate(b"hello", Compression::best(), true);
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(refused("deflate", &wrong, b"hello"), "incorrect data check");
}

#[test]
fn damage_behind_the_header_is_noticed() {
    // In the header itself it may make raw data of it, which has no checksum.
    let coded = deflate(&text(), Compression::best(), true);
    for at in 2..coded.len() {
        let mut damaged = coded.clone();
        damaged[at] ^= 0x10;
        refused(
            "deflate",
            &damaged,
            &super::cuts::play("deflate", &[&damaged]).0,
        );
    }
    let stored = deflate(b"hello", Compression::none(), true);
    damage_is_noticed("deflate", &stored, b"hello");
}

#[test]
fn garbage_behind_the_end_is_refused_and_zeros_are_not() {
    for zlib in [true, false] {
        let coded = deflate(b"hello", Compression::best(), zlib);
        means("deflate", &[&coded, &b"\0\0\0"[..]].concat(), b"hello");
        let cause = refused("deflate", &[&coded, &b"\x78"[..]].concat(), b"hello");
        assert_eq!(cause, "byte 0x78 stands behind the end");
    }
}
