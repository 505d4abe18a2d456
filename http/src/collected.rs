//! A body that is read into one piece of memory.
//!
//! Bytes are received straight into it. The room for them has to be zeroed, which costs as much
//! as a copy; a layer that gives out a record at a time would make that many times the size of
//! the body. So room that was made and not used stays, and every byte of it is zeroed once.

/// Memory reserved for a body on the word of the server alone.
const TRUSTED_LENGTH: u64 = 1024 * 1024;
/// The least room that is made, unless the body ends before.
const LEAST_ROOM: u64 = 128 * 1024;
/// With less room than this, and more to come, more is made.
const SCARCE: u64 = 16 * 1024;

/// What has come of a body: `bytes[..end]`. Behind it is room.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    bytes: Vec<u8>,
    end: usize,
}

impl Collected {
    /// How much has come.
    pub(crate) fn len(&self) -> u64 {
        self.end as u64
    }

    /// Adds what was received elsewhere.
    pub(crate) fn push(&mut self, data: &[u8]) {
        let (start, room) = (self.end, self.bytes.len() - self.end);
        let (fitting, rest) = data.split_at(data.len().min(room));
        self.bytes[start..start + fitting.len()].copy_from_slice(fitting);
        self.bytes.extend_from_slice(rest);
        self.end += data.len();
    }

    /// Offers room for the bytes that come next, of which there are `ahead`.
    pub(crate) fn room(&mut self, ahead: u64) -> &mut [u8] {
        let room = (self.bytes.len() - self.end) as u64;
        if room < ahead.min(SCARCE) {
            let wanted = self.len().clamp(LEAST_ROOM, TRUSTED_LENGTH).min(ahead);
            self.bytes.resize(self.end + wanted as usize, 0);
        }
        let room = &mut self.bytes[self.end..];
        let offered = ahead.min(room.len() as u64) as usize;
        &mut room[..offered]
    }

    /// Counts what was received into the room.
    pub(crate) fn received(&mut self, count: usize) {
        self.end += count;
    }

    /// The body.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_was_not_used_is_offered_again() {
        let mut body = Collected::default();
        let ahead = 10 * TRUSTED_LENGTH;
        let first = body.room(ahead).as_ptr();
        for _ in 1..LEAST_ROOM / SCARCE {
            body.received(SCARCE as usize - 1);
            let room = body.room(ahead - body.len()).len() as u64;
            assert_eq!(room + body.len(), LEAST_ROOM);
        }
        let bytes = body.into_bytes();
        assert_eq!(bytes.as_ptr(), first);
    }

    #[test]
    fn no_more_is_offered_than_the_body_has() {
        let mut body = Collected::default();
        assert_eq!(body.room(3).len(), 3);
        body.room(200_000);
        assert_eq!(body.room(3).len(), 3);
    }

    #[test]
    fn what_was_received_elsewhere_goes_into_the_room() {
        let mut body = Collected::default();
        body.room(4)[..2].copy_from_slice(b"ab");
        body.received(2);
        body.push(b"cdef");
        assert_eq!(body.into_bytes(), b"abcdef");
    }
}
