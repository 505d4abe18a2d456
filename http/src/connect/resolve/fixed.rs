//! Names whose addresses the program knows.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::resolver::{Resolver, Resolving};
use super::system::SystemResolver;

/// Knows the addresses of some hosts, and leaves the others to another resolver.
///
/// For tests, for a server that has no name yet, and for a host that is to be reached at another
/// place. Names are compared without regard to case and a dot at the end. TLS and the `Host`
/// header still go by the name. It is curl's `--resolve`.
///
/// ```
/// use looplet_http::{Resolver, SessionConfig, StaticResolver, runtime::run};
/// use std::rc::Rc;
///
/// let resolver = StaticResolver::new()
///     .host("a.example", ["192.0.2.1".parse().unwrap()])
///     .place("a.example", 8443, ["127.0.0.1:443".parse().unwrap()]);
/// let asked = resolver.clone();
/// let found = run(async move { asked.resolve("A.example.", 80).await }).unwrap();
/// assert_eq!(found, ["192.0.2.1:80".parse().unwrap()]);
///
/// let mut config = SessionConfig::default();
/// config.connect.resolver = Rc::new(resolver);
/// ```
#[derive(Clone, Debug)]
pub struct StaticResolver {
    /// Where a host is, whatever the port.
    hosts: HashMap<String, Vec<IpAddr>>,
    /// Where a port of a host is; that goes first.
    places: HashMap<(String, u16), Vec<SocketAddr>>,
    /// Who knows the rest.
    others: Rc<dyn Resolver>,
}

impl StaticResolver {
    /// Makes a resolver that knows nothing and asks a [`SystemResolver`] of its own.
    pub fn new() -> Self {
        Self::before(SystemResolver::new())
    }

    /// Makes a resolver that knows nothing and asks `others`.
    pub fn before(others: impl Resolver + 'static) -> Self {
        StaticResolver {
            hosts: HashMap::new(),
            places: HashMap::new(),
            others: Rc::new(others),
        }
    }

    /// Says where a host is, in place of what was said before. Without an address, it is
    /// nowhere: a request to it fails.
    pub fn host(mut self, host: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let addresses = addresses.into_iter().collect();
        self.hosts.insert(name_of(host), addresses);
        self
    }

    /// Says where one port of a host is, in place of what was said before of that port. The
    /// addresses have ports of their own.
    pub fn place(
        mut self,
        host: &str,
        port: u16,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        let addresses = addresses.into_iter().collect();
        self.places.insert((name_of(host), port), addresses);
        self
    }

    /// What the program has said of a host, if it has said something.
    fn said(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let place = (name_of(host), port);
        if let Some(known) = self.places.get(&place) {
            return Some(known.clone());
        }
        let known = self.hosts.get(&place.0)?;
        Some(known.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
    }
}

impl Default for StaticResolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver for StaticResolver {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r> {
        match self.said(host, port) {
            None => self.others.resolve(host, port),
            Some(known) if known.is_empty() => Box::pin(async {
                let text = "the program says that it has no address";
                Err(io::Error::new(io::ErrorKind::NotFound, text))
            }),
            Some(known) => Box::pin(async { Ok(known) }),
        }
    }

    fn known(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        match self.said(host, port) {
            None => self.others.known(host, port),
            said => said.filter(|addresses| !addresses.is_empty()),
        }
    }
}

/// A name as names are compared.
fn name_of(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use looplet::run;

    use super::*;

    /// What the resolver says of a host and a port.
    fn answer(resolver: &StaticResolver, host: &str, port: u16) -> Result<Vec<String>, String> {
        let (resolver, host) = (resolver.clone(), host.to_owned());
        let found = run(async move { resolver.resolve(&host, port).await });
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.iter().map(SocketAddr::to_string).collect())
    }

    #[test]
    fn what_the_program_has_said_is_known_and_what_has_no_address_is_not() {
        let others = StaticResolver::new().host("b.test", ["192.0.2.9".parse().unwrap()]);
        let resolver = StaticResolver::before(others).host("gone.test", []);
        let known =
            run(async move { ["B.test", "gone.test"].map(|host| resolver.known(host, 80)) });
        assert_eq!(known, [Some(vec!["192.0.2.9:80".parse().unwrap()]), None]);
    }

    #[test]
    fn a_port_goes_before_a_host_and_a_host_before_the_others() {
        let others = StaticResolver::new().host("b.test", ["192.0.2.9".parse().unwrap()]);
        let resolver = StaticResolver::before(others)
            .host(
                "a.test",
                ["192.0.2.1".parse().unwrap(), "::1".parse().unwrap()],
            )
            .place("A.test.", 443, ["127.0.0.1:8443".parse().unwrap()])
            .host("gone.test", []);
        let of = |host, port| answer(&resolver, host, port).map(|found| found.join(" "));
        assert_eq!(of("a.test", 80).unwrap(), "192.0.2.1:80 [::1]:80");
        assert_eq!(of("a.test.", 443).unwrap(), "127.0.0.1:8443");
        assert_eq!(of("b.test", 80).unwrap(), "192.0.2.9:80");
        assert_eq!(
            of("gone.test", 80).unwrap_err(),
            "the program says that it has no address"
        );
    }
}
