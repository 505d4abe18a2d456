//! Pictures in H.264, uncompressed: 32 by 32 points, four blocks, each I_PCM (ITU-T H.264, 7.3).

/// Blocks in a row, and rows of them.
const BLOCKS: u32 = 2;
/// What a picture begins with: a new access unit, in which there are only pictures of this kind.
const DELIMITER: [u8; 2] = [0x09, 0x10];
/// The type of a block whose points stand there as they are.
const PCM: u32 = 25;

/// Picture `number`: all that a decoder needs, since each picture can be the first.
pub(crate) fn encoded(number: u64) -> Vec<u8> {
    let units = [DELIMITER.to_vec(), sequence(), parameters(), slice(number)];
    units.iter().flat_map(|unit| framed(unit)).collect()
}

/// The size of the pictures, in the simplest profile.
fn sequence() -> Vec<u8> {
    let mut bits = Bits::after(&[0x67, 66, 0xc0, 10]);
    // The numbers of the set, of the frames and of their order; frames that others refer to.
    bits.golombs(&[0, 0, 2, 1]);
    bits.put(0, 1);
    bits.golombs(&[BLOCKS - 1, BLOCKS - 1]);
    // Whole frames, direct inference, neither a cut nor hints.
    bits.put(0b1100, 4);
    bits.ended()
}

fn parameters() -> Vec<u8> {
    let mut bits = Bits::after(&[0x68]);
    bits.golombs(&[0, 0]);
    bits.put(0, 2);
    bits.golombs(&[0, 0, 0]);
    bits.put(0, 3);
    bits.golombs(&[0, 0, 0]);
    bits.put(0, 3);
    bits.ended()
}

/// The points of a picture.
fn slice(number: u64) -> Vec<u8> {
    let mut bits = Bits::after(&[0x65]);
    // From the first block on, of one kind, by the parameters above.
    bits.golombs(&[0, 7, 0]);
    bits.put(0, 4);
    // Two pictures in a row that can be the first have other numbers.
    bits.golomb((number % 2) as u32);
    bits.put(0, 2);
    bits.golomb(0);
    let light = 32 + (number * 6 % 192) as u8;
    for block in 0..BLOCKS * BLOCKS {
        bits.golomb(PCM);
        bits.align();
        bits.bytes.extend([light + block as u8; 256]);
        bits.bytes.extend([110; 64]);
        bits.bytes.extend([150; 64]);
    }
    bits.ended()
}

/// A unit behind its start code. Where its content looks like one, a 3 stands in between.
fn framed(unit: &[u8]) -> Vec<u8> {
    let mut framed = vec![0, 0, 0, 1];
    let mut zeros = 0;
    for &byte in unit {
        if zeros == 2 && byte <= 3 {
            framed.push(3);
            zeros = 0;
        }
        framed.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    framed
}

/// Bits, the first one in front.
struct Bits {
    /// What is written.
    bytes: Vec<u8>,
    /// Bits of the last byte that are not set yet.
    free: u32,
}

impl Bits {
    fn after(header: &[u8]) -> Self {
        let bytes = header.to_vec();
        Self { bytes, free: 0 }
    }

    fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            let bit = (value >> at & 1) as u8;
            *self.bytes.last_mut().expect("a byte was pushed") |= bit << self.free;
        }
    }

    /// A number in the code of Golomb: as many zeros as there are digits behind the first.
    fn golomb(&mut self, value: u32) {
        let digits = 32 - (value + 1).leading_zeros();
        self.put(0, digits - 1);
        self.put(value + 1, digits);
    }

    fn golombs(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.golomb(*value));
    }

    fn align(&mut self) {
        self.free = 0;
    }

    fn ended(mut self) -> Vec<u8> {
        self.put(1, 1);
        self.bytes
    }
}
