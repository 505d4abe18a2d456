//! Stands for a coding that is not compiled in: it offers nothing and decodes nothing.

use super::decode::Decode;

/// The names to ask a server for.
pub(super) const OFFERED: &[&str] = &[];

/// Makes a decoder; there is none.
pub(super) fn decoder(_name: &str) -> Option<Box<dyn Decode>> {
    None
}
