//! The steps towards a connection: a way is found, an address is dialed, TLS is put on it.
//!
//! Which steps make a way is said in `ways`, one for each, and in `through_socks`.

use std::net::SocketAddr;
use std::rc::Rc;

use url::Url;

use super::config::ConnectConfig;
use super::dial::{Dialer, Whose};
use super::route::Route;
use crate::error::{Error, Phase};
use crate::message::{Origin, Scheme};
use crate::progress::WireEvent;
use crate::proxy::{Proxies, Proxy};
use crate::socket::{Layer, Socket};
use crate::stream::Stream;
use crate::terms::Terms;
use crate::timeouts::Budget;
use crate::tls::{TlsConfig, TlsConnector, TlsStream};

/// Makes the connections of a session.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(super) dialer: Dialer,
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

    pub(super) async fn dial_proxy(
        &self,
        proxy: &Proxy,
        terms: &Terms,
    ) -> Result<(Socket, Budget), Error> {
        self.dial(proxy.host(), proxy.port(), Whose::Proxy, terms)
            .await
    }

    /// Connects to a host, or to the UNIX socket that stands for all.
    pub(super) async fn dial(
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
    pub(super) async fn secure(
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

    pub(super) async fn handshake<L: Layer>(
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
    pub(super) fn check(&self, is_needed: bool) -> Result<(), Error> {
        if is_needed { self.tls.check() } else { Ok(()) }
    }
}
