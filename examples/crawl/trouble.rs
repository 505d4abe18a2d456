//! What ends a crawl: a frontier or a sink that does not do its work.

use std::error::Error;
use std::fmt::{self, Display};

/// Why a crawl cannot go on, as one line.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// Which frontier or sink it is about, without a password.
    place: String,
    /// What is wrong there.
    cause: String,
}

impl Trouble {
    pub(crate) fn new(place: impl Display, cause: impl Display) -> Self {
        Self {
            place: place.to_string(),
            cause: cause.to_string().replace('\n', " "),
        }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

impl Error for Trouble {}
