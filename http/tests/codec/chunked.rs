//! The chunked coding. The rows hold only the coded body; the head is put before it.

use looplet_http::Error;
use looplet_http::codec::{ChunkedDecoder, Expected, Limits, Progress};
use looplet_http::message::Method;

use crate::table::{Expect, check};

/// The head of every response here.
pub(crate) const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A coded body and what must come of it.
type Row = (&'static str, &'static [u8], Expect);

const fn good(claim: &'static str, coded: &'static [u8], body: &'static [u8]) -> Row {
    (claim, coded, Expect::Reuse(200, body))
}

const fn bad(claim: &'static str, coded: &'static [u8], body: &'static [u8]) -> Row {
    (claim, coded, Expect::Error(body, "BadChunk"))
}

const fn cut(claim: &'static str, coded: &'static [u8], body: &'static [u8]) -> Row {
    (claim, coded, Expect::Error(body, "ChunkedTruncated"))
}

/// All rows.
pub(crate) const ROWS: &[Row] = &[
    good(
        "chunks are joined",
        b"2\r\nhi\r\n6\r\n there\r\n0\r\n\r\n",
        b"hi there",
    ),
    good("a body may be empty", b"0\r\n\r\n", b""),
    good(
        "the last chunk may have many zeros",
        b"0000000000000000\r\n\r\n",
        b"",
    ),
    good(
        "digits have either case",
        b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
        b"01234567890123456789a",
    ),
    good(
        "a size may have leading zeros up to 16 digits",
        b"0000000000000002\r\nhi\r\n0\r\n\r\n",
        b"hi",
    ),
    good(
        "data may look like coding",
        b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
        b"\r\n0\r\n\r\n",
    ),
    good(
        "white space behind a size is tolerated",
        b"2 \t \r\nhi\r\n0\t\r\n\r\n",
        b"hi",
    ),
    good(
        "an extension is ignored",
        b"2;a\r\nhi\r\n0;b=c\r\n\r\n",
        b"hi",
    ),
    good(
        "an extension in quotes is ignored",
        b"2 ; a=\"x;y\"\r\nhi\r\n0\r\n\r\n",
        b"hi",
    ),
    good(
        "an empty extension is ignored",
        b"2;\r\nhi\r\n0;\r\n\r\n",
        b"hi",
    ),
    good(
        "trailers are no data",
        b"2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        b"hi",
    ),
    (
        "bytes behind the end close the connection",
        b"2\r\nhi\r\n0\r\n\r\nX",
        Expect::Close(200, b"hi"),
    ),
    bad("no size", b"\r\nhi\r\n0\r\n\r\n", b""),
    bad("an extension without a size", b";a\r\nhi\r\n0\r\n\r\n", b""),
    bad("a minus", b"-3\r\nabc\r\n0\r\n\r\n", b""),
    bad("a plus", b"+3\r\nabc\r\n0\r\n\r\n", b""),
    bad("a prefix 0x", b"0x3\r\nabc\r\n0\r\n\r\n", b""),
    bad("an underscore", b"0_3\r\nabc\r\n0\r\n\r\n", b""),
    bad("a space before the size", b" 3\r\nabc\r\n0\r\n\r\n", b""),
    bad(
        "a space inside the size",
        b"1 0\r\n0123456789abcdef\r\n0\r\n\r\n",
        b"",
    ),
    bad(
        "a size of 17 digits",
        b"00000000000000003\r\nabc\r\n0\r\n\r\n",
        b"",
    ),
    bad(
        "a size of 17 digits that overflows",
        b"fffffffffffffffff\r\nabc",
        b"",
    ),
    bad("a letter that is no digit", b"g\r\nabc\r\n0\r\n\r\n", b""),
    bad("a size above ASCII", b"\xd9\xa3\r\nabc\r\n0\r\n\r\n", b""),
    bad("a bare LF behind the size", b"3\nabc\r\n0\r\n\r\n", b""),
    bad("a bare LF behind white space", b"3 \nabc\r\n0\r\n\r\n", b""),
    bad("a bare CR behind the size", b"3\rabc\r\n0\r\n\r\n", b""),
    bad("a bare LF in an extension", b"3;a\nabc\r\n0\r\n\r\n", b""),
    bad(
        "a bare LF in a quoted extension",
        b"3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
        b"",
    ),
    bad(
        "a bare CR in an extension",
        b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        b"",
    ),
    bad("no line end behind the data", b"3\r\nabc0\r\n\r\n", b"abc"),
    bad(
        "wrong bytes behind the data",
        b"3\r\nabcXX0\r\n\r\n",
        b"abc",
    ),
    bad(
        "one byte too many in the data",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"abc",
    ),
    bad(
        "one byte too few in the data",
        b"3\r\nab\r\n0\r\n\r\n",
        b"ab\r",
    ),
    bad("a bare LF behind the data", b"3\r\nabc\n0\r\n\r\n", b"abc"),
    bad("a CR and no LF behind the data", b"3\r\nabc\rX", b"abc"),
    bad("a bare LF at the end", b"3\r\nabc\r\n0\r\n\n", b"abc"),
    bad(
        "a bare LF in the last size line",
        b"3\r\nabc\r\n0\n\r\n",
        b"abc",
    ),
    bad("a CR and no LF at the end", b"3\r\nabc\r\n0\r\n\rX", b"abc"),
    bad("a bare LF behind a trailer", b"0\r\nA: b\n\r\n", b""),
    bad("a bare CR in a trailer", b"0\r\nA: b\rc\r\n\r\n", b""),
    cut("the end before any size", b"", b""),
    cut("the end in a size", b"3", b""),
    cut("the end in data", b"3\r\nab", b"ab"),
    cut("the end behind data", b"3\r\nabc", b"abc"),
    cut("the end between chunks", b"3\r\nabc\r\n", b"abc"),
    cut(
        "the end behind the last size line",
        b"3\r\nabc\r\n0\r\n",
        b"abc",
    ),
    cut(
        "the end in the last line end",
        b"3\r\nabc\r\n0\r\n\r",
        b"abc",
    ),
    cut("the end in a trailer", b"3\r\nabc\r\n0\r\nA: b\r\n", b"abc"),
    cut(
        "the largest size allocates nothing",
        b"ffffffffffffffff\r\nabc",
        b"abc",
    ),
    (
        "NUL in a trailer",
        b"0\r\nA: b\0\r\n\r\n",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    (
        "a trailer without a colon",
        b"0\r\nA b\r\n\r\n",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    (
        "a folded trailer",
        b"0\r\nA: b\r\n c\r\n\r\n",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    (
        "a space before the colon of a trailer",
        b"0\r\nA : b\r\n\r\n",
        Expect::Error(b"", "BadHeaderLine"),
    ),
];

fn check_coded(claim: &str, coded: &[u8], expect: Expect) -> Vec<u8> {
    let bytes = [HEAD, coded].concat();
    check(claim, &Expected::answer_to(Method::GET), &bytes, expect).trailers
}

#[test]
fn the_coding_is_taken_off_or_refused() {
    for (claim, coded, expect) in ROWS {
        check_coded(claim, coded, *expect);
    }
}

#[test]
fn trailers_are_delivered_without_those_that_frame_or_route() {
    let coded = b"0\r\nDigest: x\r\nContent-Length: 5\r\ntransfer-encoding: y\r\nHOST: a\r\n\
        Set-Cookie: b\r\nX-Late: \t1 \r\n\r\n";
    let trailers = check_coded("trailers", coded, Expect::Reuse(200, b""));
    assert_eq!(trailers, b"Digest: x\nX-Late: 1\n");
}

#[test]
fn trailers_are_no_headers() {
    let trailers = check_coded(
        "kept apart",
        b"0\r\nContent-Length: 5\r\n\r\n",
        Expect::Reuse(200, b""),
    );
    assert_eq!(trailers, b"");
}

#[test]
fn the_extension_cap_counts_all_chunks_together() {
    let limit = Limits::default().chunk_extension_bytes;
    let chunk = |bytes: usize| format!("1;{}\r\nx\r\n", "e".repeat(bytes - 1));
    let below = format!("{}{}0\r\n\r\n", chunk(limit / 2), chunk(limit / 2));
    check_coded("exactly", below.as_bytes(), Expect::Reuse(200, b"xx"));
    let above = format!(
        "{}{}1 \r\nx\r\n0\r\n\r\n",
        chunk(limit / 2),
        chunk(limit / 2)
    );
    let refused = Expect::Error(b"xx", "ChunkExtensionsTooLarge");
    check_coded("one space more", above.as_bytes(), refused);
    let one = format!("{}0\r\n\r\n", chunk(limit + 1));
    check_coded(
        "in one",
        one.as_bytes(),
        Expect::Error(b"", "ChunkExtensionsTooLarge"),
    );
}

#[test]
fn the_trailer_caps_are_exact() {
    let limit = Limits::default().trailer_bytes;
    let trailer = |bytes: usize| format!("0\r\nA: {}\r\n\r\n", "b".repeat(bytes - "A: \r\n".len()));
    check_coded(
        "exactly",
        trailer(limit).as_bytes(),
        Expect::Reuse(200, b""),
    );
    let refused = Expect::Error(b"", "TrailersTooLarge");
    check_coded("one more", trailer(limit + 1).as_bytes(), refused);

    let fields = |count| format!("0\r\n{}\r\n", "a:b\r\n".repeat(count));
    check_coded(
        "256 fields",
        fields(256).as_bytes(),
        Expect::Reuse(200, b""),
    );
    check_coded(
        "257",
        fields(257).as_bytes(),
        Expect::Error(b"", "TooManyHeaders"),
    );
}

#[test]
fn the_error_names_the_byte_and_its_offset() {
    let mut decoder = ChunkedDecoder::new(&Limits::default());
    let input = b"3\r\nabcX";
    let first = decoder.decode(input).unwrap();
    assert_eq!((first.consumed, first.progress), (6, Progress::Data(3..6)));
    let error = decoder.decode(&input[6..]).unwrap_err();
    let expected = Error::BadChunk {
        expected: "CR after the data",
        found: b'X',
        offset: 6,
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "bad chunk: byte 0x58 at offset 6, expected CR after the data"
    );
}

#[test]
fn data_ahead_is_the_rest_of_the_chunk() {
    let mut decoder = ChunkedDecoder::new(&Limits::default());
    assert_eq!(decoder.data_ahead(), 0);
    decoder.decode(b"a\r\n").unwrap();
    assert_eq!(decoder.data_ahead(), 10);
    decoder.decode(b"012").unwrap();
    decoder.skip_data(6);
    assert_eq!((decoder.data_ahead(), decoder.delivered()), (1, 9));
    assert_eq!(
        decoder.decode(b"9\r\n0\r\n\r\n").unwrap().progress,
        Progress::Data(0..1)
    );
    assert_eq!(
        decoder.decode(b"\r\n0\r\n\r\n").unwrap().progress,
        Progress::End
    );
}

#[test]
#[should_panic(expected = "only data ahead can be skipped")]
fn skipping_more_than_the_data_is_a_bug_of_the_caller() {
    ChunkedDecoder::new(&Limits::default()).skip_data(1);
}
