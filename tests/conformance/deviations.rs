//! The cases in which looplet does not do what CPython does, and why.

/// A case that leaves another trace on purpose.
pub(crate) struct Deviation {
    pub(crate) id: &'static str,
    pub(crate) reason: &'static str,
    /// What the program says instead.
    pub(crate) lines: &'static [&'static str],
}

/// All of them.
pub(crate) const DEVIATIONS: &[Deviation] = &[];
