//! A film that players show: a square that gets lighter, in parts of two seconds.
//!
//! The pictures are H.264 whose blocks are not compressed (`picture`), and the parts are MPEG
//! transport streams (`transport`). Together they are the least that `ffmpeg` puts into another
//! container as it is.

mod picture;
mod transport;

use transport::Transport;

/// Pictures in a part.
const PICTURES: u64 = 4;
/// How long each is shown, in units of 1/90000 s: half a second.
const SHOWN: u64 = 45_000;

/// Part `number` of the film. Counters go on from part to part, so all before it are made, too.
pub(crate) fn part(number: u64) -> Vec<u8> {
    let mut transport = Transport::default();
    for picture in 0..number * PICTURES {
        transport.add(&picture::encoded(picture), picture * SHOWN);
    }
    transport.begin_part();
    for picture in number * PICTURES..(number + 1) * PICTURES {
        transport.add(&picture::encoded(picture), picture * SHOWN);
    }
    transport.into_part()
}
