//! The ways to a server: direct, through a proxy that hands requests on, and through a tunnel.
//!
//! Each begins with a look at what is needed of TLS, so that nothing is connected to in vain.

use super::connector::Connector;
use super::dial::Whose;
use super::route::Route;
use super::tunnel;
use crate::error::{Error, Phase};
use crate::message::{Origin, Scheme};
use crate::proxy::{Proxy, ProxyKind};
use crate::stream::Stream;
use crate::terms::{Terms, Work};

impl Connector {
    /// Goes a way to `origin`.
    ///
    /// # Errors
    ///
    /// [`Error::Resolve`], [`Error::AddressRefused`], [`Error::Connect`] with a line for each
    /// address, [`Error::Proxy`], [`Error::ProxyRefused`], [`Error::Certificate`],
    /// [`Error::Tls`], [`Error::TlsConfig`], or [`Error::Timeout`].
    pub(crate) fn connect<'w>(
        &'w self,
        route: &'w Route,
        origin: &'w Origin,
        terms: &'w Terms,
    ) -> Work<'w, Result<Stream, Error>> {
        Box::pin(self.go(route, origin, terms))
    }

    async fn go(&self, route: &Route, origin: &Origin, terms: &Terms) -> Result<Stream, Error> {
        match route {
            Route::Direct(_) => self.direct(origin, terms).await,
            Route::Forward(proxy) => self.forward(proxy, terms).await,
            Route::Tunnel(proxy, _) if proxy.kind().is_socks() => {
                self.through_socks(proxy, origin, terms).await
            }
            Route::Tunnel(proxy, _) => self.through_tunnel(proxy, origin, terms).await,
        }
    }

    async fn direct(&self, origin: &Origin, terms: &Terms) -> Result<Stream, Error> {
        self.check(origin.scheme() == Scheme::Https)?;
        let (host, port) = (origin.host(), origin.port());
        let (socket, budget) = self.dial(host, port, Whose::Server, terms).await?;
        self.secure(origin, socket, budget, terms).await
    }

    async fn forward(&self, proxy: &Proxy, terms: &Terms) -> Result<Stream, Error> {
        let is_tls = proxy.kind() == ProxyKind::Https;
        self.check(is_tls)?;
        let (socket, budget) = self.dial_proxy(proxy, terms).await?;
        if !is_tls {
            return Ok(Stream::Plain(socket));
        }
        let tls = self.handshake(proxy.host(), socket, budget, terms).await?;
        Ok(Stream::Tls(Box::new(tls)))
    }

    async fn through_tunnel(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        terms: &Terms,
    ) -> Result<Stream, Error> {
        let both = [
            proxy.kind() == ProxyKind::Https,
            origin.scheme() == Scheme::Https,
        ];
        self.check(both.contains(&true))?;
        let (socket, budget) = self.dial_proxy(proxy, terms).await?;
        if proxy.kind() != ProxyKind::Https {
            let asking = tunnel::open(&socket, proxy, origin, terms.limits, &terms.progress);
            terms.phase_of(budget, Phase::Proxy, asking).await??;
            return self.secure(origin, socket, budget, terms).await;
        }
        let outer = self.handshake(proxy.host(), socket, budget, terms).await?;
        let asking = tunnel::open(&outer, proxy, origin, terms.limits, &terms.progress);
        terms.phase_of(budget, Phase::Proxy, asking).await??;
        if origin.scheme() == Scheme::Http {
            return Ok(Stream::Tls(Box::new(outer)));
        }
        let inner = self.handshake(origin.host(), outer, budget, terms).await?;
        Ok(Stream::TlsInTls(Box::new(inner)))
    }
}
