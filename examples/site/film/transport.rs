//! Transport streams (ISO/IEC 13818-1): packets of 188 bytes, of one program with one stream.

use std::collections::BTreeMap;

/// Where the tables and the pictures are.
const PROGRAMS: u16 = 0;
const STREAMS: u16 = 0x1000;
const PICTURES: u16 = 0x100;
/// The one program: its number, and where its table is.
const PROGRAM_TABLE: [u8; 12] = [0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0];
/// H.264, where the pictures are, which also have the clock.
const STREAM_TABLE: [u8; 17] = [
    2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0,
];
const PACKET: usize = 188;
/// What of a packet is behind its head.
const ROOM: usize = PACKET - 4;
/// How far the pictures are behind the clock, in units of 1/90000 s.
const DELAY: u64 = 9_000;

/// A stream that is being written.
#[derive(Default)]
pub(crate) struct Transport {
    /// Those of the part that is being written.
    packets: Vec<u8>,
    /// Packets so far, by their place; in each, that number modulo 16 stands.
    counts: BTreeMap<u16, u8>,
}

impl Transport {
    /// Forgets what is written, and begins with the tables.
    pub(crate) fn begin_part(&mut self) {
        self.packets.clear();
        for (place, table) in [(PROGRAMS, &PROGRAM_TABLE[..]), (STREAMS, &STREAM_TABLE)] {
            // How far it is to the table: no byte.
            let mut section = vec![0];
            section.extend(table);
            section.extend(checksum(table).to_be_bytes());
            section.resize(ROOM, 0xff);
            self.packet(place, true, &[], &section);
        }
    }

    /// Adds a picture that is shown at that time, in units of 1/90000 s.
    pub(crate) fn add(&mut self, picture: &[u8], time: u64) {
        let mut framed = vec![0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5];
        framed.extend(stamp(time + DELAY));
        framed.extend(picture);
        let (mut field, mut rest) = (clock(time).to_vec(), &framed[..]);
        let mut is_first = true;
        while !rest.is_empty() {
            let taken = rest.len().min(ROOM - field.len());
            // The last packet is filled up in front.
            fill(&mut field, ROOM - taken);
            self.packet(PICTURES, is_first, &field, &rest[..taken]);
            (field, rest) = (Vec::new(), &rest[taken..]);
            is_first = false;
        }
    }

    pub(crate) fn into_part(self) -> Vec<u8> {
        self.packets
    }

    fn packet(&mut self, place: u16, is_first: bool, field: &[u8], content: &[u8]) {
        let [high, low] = (place | u16::from(is_first) << 14).to_be_bytes();
        let has_field = if field.is_empty() { 0x10 } else { 0x30 };
        let count = self.counts.entry(place).or_default();
        self.packets.extend([0x47, high, low, has_field | *count]);
        *count = (*count + 1) % 16;
        self.packets.extend(field);
        self.packets.extend(content);
    }
}

/// The field in front of the first packet of a picture, with the time of the clock.
fn clock(time: u64) -> [u8; 8] {
    let [.., a, b, c, d, e] = (time << 7).to_be_bytes();
    [7, 0x50, a, b, c, d, e | 0x7e, 0]
}

/// Makes the field in front of a packet so long, filled with nothing.
fn fill(field: &mut Vec<u8>, length: usize) {
    let missing = length - field.len();
    match (field.first_mut(), missing) {
        (_, 0) => return,
        (Some(own), _) => *own += missing as u8,
        (None, 1) => field.push(0),
        (None, _) => field.extend([missing as u8 - 1, 0]),
    }
    field.resize(length, 0xff);
}

/// A time in front of a picture, with the bits that mark its three pieces.
fn stamp(time: u64) -> [u8; 5] {
    let piece = |shift: u64, bits: u64| (time >> shift & ((1 << bits) - 1)) << 1 | 1;
    let [high, middle, low] = [piece(30, 3) | 0x20, piece(15, 15), piece(0, 15)];
    let ([.., b, c], [.., d, e]) = (middle.to_be_bytes(), low.to_be_bytes());
    [high as u8, b, c, d, e]
}

/// The checksum behind a table.
fn checksum(table: &[u8]) -> u32 {
    table.iter().fold(u32::MAX, |sum, byte| {
        let sum = sum ^ u32::from(*byte) << 24;
        (0..8).fold(sum, |sum, _| {
            let carried = if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            sum << 1 ^ carried
        })
    })
}
