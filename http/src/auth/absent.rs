//! What stands for Digest where its feature is not compiled in: a challenge that cannot be.
//!
//! Its names are those of `digest`, so that nobody else needs to know.

use super::challenge::Challenge;
use super::login::Login;
use super::target::Target;
use crate::error::Error;

/// A challenge that is never there.
#[derive(Debug, PartialEq)]
pub(super) enum Digest {}

impl Digest {
    pub(super) fn of(_challenge: &Challenge) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    pub(super) fn strength(&self) -> u8 {
        match *self {}
    }

    pub(super) fn is_stale(&self) -> bool {
        match *self {}
    }

    pub(super) fn has_nonce_of(&self, _other: &Self) -> bool {
        match *self {}
    }

    pub(super) fn answer(&self, _login: &Login, _target: &Target<'_>) -> Vec<u8> {
        match *self {}
    }
}
