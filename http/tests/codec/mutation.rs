//! Damaged responses: no panic, and no verdict that depends on the segmentation.
//!
//! The seed is fixed, so a failure can be repeated; the message holds the bytes.

use looplet_http::codec::{Expected, Limits, Tolerance};
use looplet_http::message::Method;

use crate::driver::{Delivery, play};
use crate::{chunked, framing, heads, tolerance};

/// Marsaglia's xorshift with 64 bits.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound
    }
}

/// Bytes that mean something somewhere in the grammar.
const MEANINGFUL: &[u8] = b"\r\n\r\n :;,0159afg\t\0\x7f\xff-+\"HT/.";

/// Changes one place of the bytes.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let byte = MEANINGFUL[random.below(MEANINGFUL.len())];
    match random.below(5) {
        0 => bytes.insert(at, byte),
        1 if at < bytes.len() => bytes[at] = byte,
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        _ => {
            let end = (at + random.below(20)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
    }
}

/// Cuts bytes into pieces of random size.
fn cut<'b>(bytes: &'b [u8], random: &mut Random) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(1 + random.below(12)));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The responses to start from.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let tables = [
        heads::HEADS,
        heads::INTERIM,
        framing::LENGTH,
        framing::CODING,
        framing::BODILESS,
        framing::PERSISTENCE,
    ];
    let rows = tables.into_iter().flatten().map(|row| row.bytes.to_vec());
    let coded = chunked::ROWS
        .iter()
        .map(|(_, coded, _)| [chunked::HEAD, coded].concat());
    let faults = tolerance::SWITCHES.iter().flat_map(|(_, faults)| *faults);
    let faults = faults.map(|fault| fault.bytes.to_vec());
    rows.chain(coded).chain(faults).collect()
}

#[test]
fn the_verdict_on_damaged_bytes_does_not_depend_on_their_segmentation() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let corpus = corpus();
    let expected = Expected::answer_to(Method::GET);
    let limits = Limits {
        head_bytes: 300,
        fields: 6,
        interim: 3,
        ..Limits::default()
    };
    let mut survivors = 0;
    for round in 0..4000 {
        let tolerance = match round % 2 {
            0 => Tolerance::default(),
            _ => Tolerance {
                headless: round % 4 == 1,
                ..Tolerance::lenient()
            },
        };
        let limits = Limits {
            tolerance,
            ..limits
        };
        let mut bytes = corpus[random.below(corpus.len())].clone();
        for _ in 0..random.below(4) {
            damage(&mut bytes, &mut random);
        }
        let whole = play(
            &expected,
            limits,
            Delivery::Events,
            [&bytes[..]].into_iter(),
        );
        survivors += usize::from(whole.end.is_ok());
        for delivery in [Delivery::Events, Delivery::Direct] {
            let dripped = play(&expected, limits, delivery, bytes.chunks(1));
            assert_eq!(dripped, whole, "byte by byte: {}", bytes.escape_ascii());
            let pieces = cut(&bytes, &mut random);
            let cut = play(&expected, limits, delivery, pieces.into_iter());
            assert_eq!(cut, whole, "in pieces: {}", bytes.escape_ascii());
        }
    }
    // Both verdicts must occur, or the damage is too little or too much to test anything.
    assert!(
        (500..3500).contains(&survivors),
        "{survivors} of 4000 are responses"
    );
}
