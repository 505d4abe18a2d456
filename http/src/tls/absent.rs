//! What stands in for TLS where it is not compiled in: a stream that cannot exist.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::marker::PhantomData;

use super::config::TlsConfig;
use crate::error::Error;
use crate::socket::{Layer, Socket};

/// Refuses.
#[derive(Debug)]
pub(crate) struct TlsConnector;

impl TlsConnector {
    pub(crate) fn new(_config: TlsConfig) -> Self {
        TlsConnector
    }

    /// Says that https is not spoken.
    pub(crate) fn check(&self) -> Result<(), Error> {
        Err(Error::UnsupportedScheme {
            scheme: "https".to_string(),
        })
    }

    /// Never gets anywhere: [`check`](Self::check) comes first.
    pub(crate) async fn handshake<L: Layer>(
        &self,
        _host: &str,
        _below: L,
    ) -> Result<TlsStream<L>, Error> {
        self.check()?;
        unreachable!("the check has failed")
    }
}

/// A stream that cannot exist.
#[derive(Debug)]
pub(crate) struct TlsStream<L>(Infallible, PhantomData<L>);

impl<L> TlsStream<L> {
    pub(crate) fn description(&self) -> String {
        match self.0 {}
    }
}

impl<L: Layer> Layer for TlsStream<L> {
    fn socket(&self) -> &Socket {
        match self.0 {}
    }

    fn try_read(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn try_write(&self, _parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.0 {}
    }

    fn try_flush(&self) -> io::Result<()> {
        match self.0 {}
    }

    fn has_news(&self) -> bool {
        match self.0 {}
    }

    fn has_leftovers(&self) -> bool {
        match self.0 {}
    }
}
