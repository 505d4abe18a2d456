//! What stands for the way through a SOCKS proxy where its feature is not compiled in.

use super::connector::Connector;
use crate::error::Error;
use crate::message::Origin;
use crate::proxy::Proxy;
use crate::stream::Stream;
use crate::terms::Terms;

impl Connector {
    /// Refuses, before anything is looked up or connected to.
    pub(super) async fn through_socks(
        &self,
        proxy: &Proxy,
        _: &Origin,
        _: &Terms,
    ) -> Result<Stream, Error> {
        Err(Error::Proxy {
            proxy: proxy.to_string(),
            cause: "SOCKS is not compiled in (the feature `socks`)".to_owned(),
        })
    }
}
