//! The way through a proxy that speaks SOCKS.

use std::net::SocketAddr;

use super::connector::Connector;
use super::dial::Whose;
use super::socks::{Target, ask};
use crate::error::{Error, Phase};
use crate::message::{Origin, Scheme};
use crate::proxy::{Proxy, ProxyKind};
use crate::stream::Stream;
use crate::terms::Terms;

impl Connector {
    pub(super) async fn through_socks(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        terms: &Terms,
    ) -> Result<Stream, Error> {
        self.check(origin.scheme() == Scheme::Https)?;
        let target = self.socks_target(proxy, origin, terms).await?;
        let (socket, budget) = self.dial_proxy(proxy, terms).await?;
        let asking = ask(&socket, proxy, target);
        terms.phase_of(budget, Phase::Proxy, asking).await??;
        self.secure(origin, socket, budget, terms).await
    }

    /// What a SOCKS proxy is told: an address that is looked up here, or the name.
    async fn socks_target<'o>(
        &self,
        proxy: &Proxy,
        origin: &'o Origin,
        terms: &Terms,
    ) -> Result<Target<'o>, Error> {
        let (host, port) = (origin.host(), origin.port());
        if let Some(ip) = origin.ip_addr() {
            return Ok(Target::Address(SocketAddr::new(ip, port)));
        }
        let ipv4_only = match proxy.kind() {
            ProxyKind::Socks4 => true,
            ProxyKind::Socks5 => false,
            _ => return Ok(Target::Name(host, port)),
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
        usable.map(Target::Address).ok_or_else(none)
    }
}
