//! The hashes that Digest knows, and their names.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A hash, and how the password goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    hash: Hash,
    /// Whether the first hash is made for a session: over both nonces, too (`-sess`).
    pub(super) session: bool,
}

/// In the order of their strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5 = 1,
    Sha256,
    Sha512_256,
}

impl Algorithm {
    /// What is meant if nothing is said.
    pub(super) const DEFAULT: Self = Self::new(Hash::Md5, false);

    /// Names as they stand in a challenge.
    const NAMED: [(&str, Self); 6] = [
        ("MD5", Self::new(Hash::Md5, false)),
        ("MD5-sess", Self::new(Hash::Md5, true)),
        ("SHA-256", Self::new(Hash::Sha256, false)),
        ("SHA-256-sess", Self::new(Hash::Sha256, true)),
        ("SHA-512-256", Self::new(Hash::Sha512_256, false)),
        ("SHA-512-256-sess", Self::new(Hash::Sha512_256, true)),
    ];

    const fn new(hash: Hash, session: bool) -> Self {
        Algorithm { hash, session }
    }

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let mut named = Self::NAMED.iter();
        let found = named.find(|(own, _)| own.as_bytes().eq_ignore_ascii_case(name));
        found.map(|(_, algorithm)| *algorithm)
    }

    pub(super) fn strength(self) -> u8 {
        self.hash as u8
    }

    /// The hash of the parts with colons between them, in hexadecimal digits.
    pub(super) fn hash(self, parts: &[&[u8]]) -> String {
        let whole = parts.join(&b':');
        match self.hash {
            Hash::Md5 => hexadecimal(&Md5::digest(whole)),
            Hash::Sha256 => hexadecimal(&Sha256::digest(whole)),
            Hash::Sha512_256 => hexadecimal(&Sha512_256::digest(whole)),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
