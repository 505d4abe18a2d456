//! Makes the connections of a session, step by step.

use std::net::SocketAddr;
use std::rc::Rc;

use url::Url;

use super::config::ConnectConfig;
use super::dial::{Dialer, Whose};
use super::route::Route;
use super::{socks, tunnel};
use crate::error::{Error, Phase};
use crate::message::{Origin, Scheme};
use crate::progress::WireEvent;
use crate::proxy::{Proxies, Proxy, ProxyKind};
use crate::socket::{Layer, Socket};
use crate::stream::Stream;
use crate::terms::{Terms, Work};
use crate::timeouts::Budget;
use crate::tls::{TlsConfig, TlsConnector, TlsStream};

/// Makes the connections of a session.
#[derive(Debug)]
pub(crate) struct Connector {
    dialer: Dialer,
    tls: TlsConnector,
    proxies: Proxies,
}

impl Connector {
    pub(crate) fn new(config: ConnectConfig, tls: TlsConfig, proxies: Proxies) -> Self {
        Self {
            dialer: Dialer::new(config),
            tls: TlsConnector::new(tls),
            proxies,
        }
    }

    /// Finds the way to a URL, whose origin is `origin`.
    ///
    /// # Errors
    ///
    /// [`Error::AddressRefused`] if the URL has an address that a proxy must not be sent to. A
    /// connection to the proxy may be there already, so this cannot wait for a new one.
    pub(crate) fn route(&self, url: &Url, origin: &Origin) -> Result<Route, Error> {
        let proxy = self.proxies.for_url(url).cloned().map(Rc::new);
        if proxy.is_some()
            && let Some(ip) = origin.ip_addr()
        {
            let address = SocketAddr::new(ip, origin.port());
            self.dialer.check(origin.host(), address)?;
        }
        Ok(Route::to(origin, proxy, self.proxies.tunnel))
    }

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

    async fn through_socks(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        terms: &Terms,
    ) -> Result<Stream, Error> {
        self.check(origin.scheme() == Scheme::Https)?;
        let target = self.socks_target(proxy, origin, terms).await?;
        let (socket, budget) = self.dial_proxy(proxy, terms).await?;
        let asking = socks::ask(&socket, proxy, target);
        terms.phase_of(budget, Phase::Proxy, asking).await??;
        self.secure(origin, socket, budget, terms).await
    }

    /// What a SOCKS proxy is told: an address that is looked up here, or the name.
    async fn socks_target<'o>(
        &self,
        proxy: &Proxy,
        origin: &'o Origin,
        terms: &Terms,
    ) -> Result<socks::Target<'o>, Error> {
        let (host, port) = (origin.host(), origin.port());
        if let Some(ip) = origin.ip_addr() {
            return Ok(socks::Target::Address(SocketAddr::new(ip, port)));
        }
        let ipv4_only = match proxy.kind() {
            ProxyKind::Socks4 => true,
            ProxyKind::Socks5 => false,
            _ => return Ok(socks::Target::Name(host, port)),
        };
        let found = self
            .dialer
            .look_up(host, port, Whose::Server, terms)
            .await?;
        let usable = found
            .into_iter()
            .find(|found| found.is_ipv4() || !ipv4_only);
        let none = || Error::Resolve {
            host: host.to_owned(),
            cause: "it has no IPv4 address, and SOCKS 4 knows no others".to_owned(),
        };
        usable.map(socks::Target::Address).ok_or_else(none)
    }

    async fn dial_proxy(&self, proxy: &Proxy, terms: &Terms) -> Result<(Socket, Budget), Error> {
        self.dial(proxy.host(), proxy.port(), Whose::Proxy, terms)
            .await
    }

    /// Connects to a host, or to the UNIX socket that stands for all.
    async fn dial(
        &self,
        host: &str,
        port: u16,
        whose: Whose,
        terms: &Terms,
    ) -> Result<(Socket, Budget), Error> {
        let found = match self.dialer.has_stand_in() {
            true => Vec::new(),
            false => self.dialer.look_up(host, port, whose, terms).await?,
        };
        let budget = Budget::start(terms.deadline, terms.timeouts.connect);
        let dialing = self.dialer.dial(host, found);
        let socket = terms.phase_of(budget, Phase::Connect, dialing).await??;
        terms.progress.connected(socket.ends(), false);
        Ok((socket, budget))
    }

    /// Makes the TLS handshake with the server, if there is to be one.
    async fn secure(
        &self,
        origin: &Origin,
        socket: Socket,
        budget: Budget,
        terms: &Terms,
    ) -> Result<Stream, Error> {
        if origin.scheme() == Scheme::Http {
            return Ok(Stream::Plain(socket));
        }
        let tls = self.handshake(origin.host(), socket, budget, terms).await?;
        Ok(Stream::Tls(Box::new(tls)))
    }

    async fn handshake<L: Layer>(
        &self,
        host: &str,
        below: L,
        budget: Budget,
        terms: &Terms,
    ) -> Result<TlsStream<L>, Error> {
        let handshake = self.tls.handshake(host, below);
        let tls = terms.phase_of(budget, Phase::Tls, handshake).await??;
        let description = tls.description();
        terms.progress.tell(|| WireEvent::Secured {
            host,
            description: &description,
        });
        Ok(tls)
    }

    /// Says what is wrong with the settings of TLS, if it `is_needed`, before anything is
    /// connected.
    fn check(&self, is_needed: bool) -> Result<(), Error> {
        if is_needed { self.tls.check() } else { Ok(()) }
    }
}
