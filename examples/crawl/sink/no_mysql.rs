//! What stands in for MySQL where the feature is off.

use std::convert::Infallible;

use url::Url;

use super::{Article, Sink};
use crate::trouble::Trouble;

/// There is none.
pub(crate) struct MySqlSink(Infallible);

impl MySqlSink {
    pub(crate) fn open(_: &Url) -> Result<Self, Trouble> {
        Err(Trouble::new(
            "--sink mysql",
            "it is not built in; build with `--features mysql`",
        ))
    }
}

impl Sink for MySqlSink {
    fn store(&mut self, _: &[Article]) -> Result<(), Trouble> {
        match self.0 {}
    }
}
