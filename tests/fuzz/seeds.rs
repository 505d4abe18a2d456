//! Writes the rows of the codec's tables into a folder, as inputs to start fuzzing from.

#![expect(clippy::unwrap_used, reason = "a program for developers")]
#![allow(unused, reason = "only the rows of the tests are used")]

#[path = "../../http/tests/codec/driver.rs"]
mod driver;
#[path = "../../http/tests/codec/table.rs"]
mod table;
#[path = "../../http/tests/codec/heads.rs"]
mod heads;
#[path = "../../http/tests/codec/framing.rs"]
mod framing;
#[path = "../../http/tests/codec/chunked.rs"]
mod chunked;
#[path = "../../http/tests/codec/tolerance.rs"]
mod tolerance;
#[path = "../../http/tests/codec/mutation.rs"]
mod mutation;

use std::path::PathBuf;

/// Contents in gzip, deflate, br and zstd, in the order of the circumstances.
const CONTENTS: [&[u8]; 4] = [
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xcb\xc8\x04\0\xac*\x93\xd8\x02\0\0\0",
    b"\x78\xda\xcb\xc8\x04\0\x01\x3b\x00\xd2",
    b"\x0b\x00\x80hi\x03",
    b"(\xb5/\xfd\0X\x11\0\0hi",
];

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder is the argument"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut count = 0;
    let mut write = |circumstances: [u8; 3], bytes: &[u8]| {
        let seed = [&circumstances[..], bytes].concat();
        std::fs::write(folder.join(format!("{count:04}")), seed).unwrap();
        count += 1;
    };
    for bytes in mutation::corpus() {
        // Nothing, and everything, is tolerated; the body is not decoded.
        write([0x00, 0, 7], &bytes);
        write([0x7f, 4, 7], &bytes);
    }
    for (coding, content) in (0..).zip(CONTENTS) {
        write(
            [0, 0, coding],
            &[b"HTTP/1.1 200 OK\r\n\r\n", content].concat(),
        );
    }
    println!("{count} inputs in {}", folder.display());
}
