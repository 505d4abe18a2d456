//! What it costs to take the chunked coding off a body.
//!
//! The decoder does not copy data; it goes through the coding byte by byte and names the
//! ranges in between. So the price is for the chunks, not for their bytes: 1000 of them, small
//! and large, should cost about the same.
//!
//! ```text
//! cargo bench -p looplet-http --bench chunked
//! ```

mod measure;

use std::hint::black_box;

use looplet_http::codec::{ChunkedDecoder, Limits, Progress};
use measure::figure;

/// Chunks in a body.
const CHUNKS: usize = 1000;

fn main() {
    for size in [1, 16, 1024, 16 * 1024] {
        let body = body_of(size);
        let name = format!("a body of 1000 chunks of {size} bytes");
        figure(&name, 500, || decode(&body, CHUNKS * size));
    }
}

fn body_of(size: usize) -> Vec<u8> {
    let chunk = [
        format!("{size:x}\r\n").as_bytes(),
        &vec![b'x'; size],
        b"\r\n",
    ]
    .concat();
    [&chunk.repeat(CHUNKS)[..], b"0\r\n\r\n"].concat()
}

fn decode(body: &[u8], expected: usize) {
    let mut decoder = ChunkedDecoder::new(&Limits::default());
    let (mut at, mut data) = (0, 0);
    loop {
        let decoded = decoder.decode(black_box(&body[at..])).expect("it is valid");
        at += decoded.consumed;
        match decoded.progress {
            Progress::Data(range) => data += black_box(range).len(),
            Progress::Partial => panic!("the body is complete"),
            Progress::End => break,
        }
    }
    assert_eq!((at, data), (body.len(), expected));
}
