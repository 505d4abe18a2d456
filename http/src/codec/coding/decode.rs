//! What a decoder of one coding has to be able to do.
//!
//! The crates that know the formats have three different ways to be driven. Behind this trait
//! they have one: bytes in, bytes out into a room of limited size, and word when the coded
//! data has ended. What comes behind the end is not a decoder's business.

/// A decoder for the data of one coding.
pub(super) trait Decode {
    /// Decodes a part of `input` into `output`, which is not empty. A call that uses nothing
    /// and gives nothing needs more input.
    ///
    /// # Errors
    ///
    /// What is wrong with the data. The decoder must not be used after that.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Flow, String>;

    /// Whether `byte`, right behind the end, begins another member of the same data.
    fn begins(&self, _byte: u8) -> bool {
        false
    }

    /// Gets ready for another member.
    fn restart(&mut self) {}
}

/// What a call has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// Bytes of the input that are done with.
    pub(super) consumed: usize,
    /// Bytes of the output that are filled.
    pub(super) produced: usize,
    /// Whether the data has ended.
    pub(super) ended: bool,
}
