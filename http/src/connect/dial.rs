//! From a host to a socket: look it up, and try its addresses.

use std::io;
use std::net::SocketAddr;

use looplet::{TcpStream, UnixStream};

use super::config::ConnectConfig;
use crate::error::{ConnectAttempt, Error, Phase};
use crate::socket::Socket;
use crate::terms::Terms;

/// Addresses of one host that are tried: the first ones, both families among them if there are
/// both. A name can have hundreds, and each may take its time.
const TRIED: usize = 6;

/// Whom addresses belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A server, which may stand in a URL that somebody else has chosen.
    Server,
    /// A proxy, which the program has chosen.
    Proxy,
}

/// Makes sockets.
#[derive(Debug)]
pub(super) struct Dialer {
    config: ConnectConfig,
}

impl Dialer {
    pub(super) fn new(config: ConnectConfig) -> Self {
        Self { config }
    }

    /// Whether something stands for all hosts, a UNIX socket or a replay, so that none has to be
    /// looked up to get there.
    pub(super) fn has_stand_in(&self) -> bool {
        self.config.unix_socket.is_some() || self.config.replay.is_some()
    }

    /// Finds the addresses of a host that may be used.
    pub(super) async fn look_up(
        &self,
        host: &str,
        port: u16,
        whose: Whose,
        terms: &Terms,
    ) -> Result<Vec<SocketAddr>, Error> {
        let failed = |cause| Error::Resolve {
            host: host.to_owned(),
            cause,
        };
        let resolver = &*self.config.resolver;
        let found = match resolver.known(host, port) {
            Some(known) => {
                terms.progress.enter(Phase::Resolve);
                known
            }
            None => {
                let (limit, looking_up) = (terms.timeouts.resolve, resolver.resolve(host, port));
                let found = terms.phase(Phase::Resolve, limit, looking_up).await?;
                found.map_err(|error| failed(error.to_string()))?
            }
        };
        if found.is_empty() {
            return Err(failed("the name has no addresses".to_owned()));
        }
        match whose {
            Whose::Server => self.allowed(host, found),
            Whose::Proxy => Ok(found),
        }
    }

    /// Asks the policy about one address.
    pub(super) fn check(&self, host: &str, address: SocketAddr) -> Result<(), Error> {
        self.allowed(host, vec![address]).map(drop)
    }

    /// Drops the addresses that the policy forbids.
    fn allowed(&self, host: &str, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Error> {
        let policy = &self.config.addr_policy;
        let mut refused = Vec::new();
        found.retain(|address| {
            let is_allowed = policy.allows(*address);
            if !is_allowed {
                refused.push(*address);
            }
            is_allowed
        });
        if found.is_empty() {
            return Err(Error::AddressRefused {
                host: host.to_owned(),
                addresses: refused,
            });
        }
        Ok(found)
    }

    /// Chooses the addresses to try: not those that the local address cannot reach, nor all of
    /// very many.
    fn chosen(&self, mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if let Some(local) = self.config.local_addr
            && found.iter().any(|to| to.is_ipv4() == local.is_ipv4())
        {
            found.retain(|to| to.is_ipv4() == local.is_ipv4());
        }
        first_of_both(found)
    }

    /// Connects to the first of the addresses that answers.
    pub(super) async fn dial(
        &self,
        host: &str,
        addresses: Vec<SocketAddr>,
    ) -> Result<Socket, Error> {
        if let Some(replay) = &self.config.replay {
            let connected = replay.connect().map(Socket::Unix);
            return connected.map_err(|error| Error::io(Phase::Connect, &error));
        }
        if let Some(path) = &self.config.unix_socket {
            let connected = UnixStream::connect(path).await;
            return connected.map(Socket::Unix).map_err(|error| {
                let named = format!("{}: {error}", path.display());
                Error::io(Phase::Connect, &io::Error::new(error.kind(), named))
            });
        }
        let local = self.config.local_addr.map(|ip| SocketAddr::new(ip, 0));
        let delay = self.config.happy_eyeballs_delay;
        let addresses = self.chosen(addresses);
        let connected = TcpStream::connect_first(addresses, local, delay).await;
        connected.map(Socket::Tcp).map_err(|failures| {
            let attempts = failures.into_iter().map(|(address, error)| ConnectAttempt {
                address,
                kind: error.kind(),
                message: error.to_string(),
            });
            Error::Connect {
                host: host.to_owned(),
                attempts: attempts.collect(),
            }
        })
    }
}

/// The first addresses, without doubles. If that would leave a family out, its first one takes
/// the last place.
fn first_of_both(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    if addresses.len() < 2 {
        return addresses;
    }
    let mut first: Vec<SocketAddr> = Vec::new();
    for address in &addresses {
        if first.len() < TRIED && !first.contains(address) {
            first.push(*address);
        }
    }
    let is_ipv4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let other = addresses
        .iter()
        .find(|address| address.is_ipv4() != is_ipv4);
    if let Some(other) = other
        && !first.contains(other)
    {
        first.truncate(TRIED - 1);
        first.push(*other);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split_whitespace()
            .map(|a| a.parse().unwrap())
            .collect()
    }

    #[test]
    fn six_addresses_are_tried_and_both_families_among_them() {
        let few = addresses("[::1]:1 127.0.0.1:1 [::1]:1");
        assert_eq!(first_of_both(few), addresses("[::1]:1 127.0.0.1:1"));
        let many =
            "127.0.0.1:1 127.0.0.1:2 127.0.0.1:3 127.0.0.1:4 127.0.0.1:5 127.0.0.1:6 127.0.0.1:7";
        let chosen = first_of_both(addresses(many));
        assert_eq!(chosen, addresses(many)[..6]);
        let mixed = first_of_both(addresses(&format!("{many} [::1]:8")));
        assert_eq!(mixed[4..], addresses("127.0.0.1:5 [::1]:8"));
    }
}
