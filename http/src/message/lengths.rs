//! A quick no to the question whether there is a field of a name.
//!
//! A head is asked for a dozen names, of which it has two or three. A bit for each length that its
//! names have answers most of these questions without a look at the names.

/// Which lengths the names in a list have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lengths {
    /// A bit for each length, modulo 64.
    bits: u64,
}

impl Lengths {
    /// Takes the length of a name in.
    pub(super) fn add(&mut self, length: usize) {
        self.bits |= 1 << (length % 64);
    }

    /// Whether there may be a name of this length; `false` is certain.
    pub(super) fn may_have(self, length: usize) -> bool {
        self.bits >> (length % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_added_may_be_there_whatever_its_length() {
        for length in [0, 1, 63, 64, 65, 8000] {
            let mut lengths = Lengths::default();
            assert!(!lengths.may_have(length), "{length}");
            lengths.add(length);
            assert!(lengths.may_have(length), "{length}");
            assert!(!lengths.may_have(length + 1), "{length}");
        }
    }
}
