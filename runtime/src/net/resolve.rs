//! From names to addresses.
//!
//! A literal address is taken as it is. A name goes to the system's resolver, which blocks, so
//! it is asked on a thread of the loop's default pool.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::panic::Location;

use crate::executor::try_on_default;

/// A host and a port, as a program names them.
///
/// Made from `"host:port"`, `("host", port)`, `(IpAddr, port)` or a `SocketAddr`. An IPv6 address
/// in a string with a port stands in brackets: `"[::1]:80"`. In asyncio, the arguments `host` and
/// `port`.
///
/// ```
/// use looplet::{Address, run};
///
/// let address = Address::from("127.0.0.1:80");
/// assert_eq!(address.to_string(), "127.0.0.1:80");
/// let found = run(async move { address.resolve().await });
/// assert_eq!(found.expect("it is no name"), ["127.0.0.1:80".parse().expect("it is one")]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Socket(SocketAddr),
    Name(String, u16),
    /// A string that names no port.
    Invalid(String),
}

/// Which addresses of a name are used.
///
/// In asyncio, the argument `family` with `AF_UNSPEC`, `AF_INET` or `AF_INET6`.
///
/// ```
/// use looplet::{AddressFamily, ServerOptions, run, start_server_with};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let options = ServerOptions { family: AddressFamily::Ipv4, ..Default::default() };
///     let server = start_server_with("localhost:0", options, async |_, _| ()).await?;
///     assert!(server.local_addrs().iter().all(|address| address.is_ipv4()));
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AddressFamily {
    /// All of them.
    #[default]
    Any,
    /// Those of IPv4.
    Ipv4,
    /// Those of IPv6.
    Ipv6,
}

impl AddressFamily {
    /// Whether an address counts.
    pub(crate) fn has(self, address: &SocketAddr) -> bool {
        match self {
            AddressFamily::Any => true,
            AddressFamily::Ipv4 => address.is_ipv4(),
            AddressFamily::Ipv6 => address.is_ipv6(),
        }
    }
}

impl Address {
    /// Finds the addresses this stands for.
    ///
    /// # Errors
    ///
    /// If the name is not known, or if the string it was made from has no port.
    ///
    /// # Cancel safety
    ///
    /// As [`resolve`]: a look-up that has begun goes on, and its result is dropped.
    ///
    /// # Panics
    ///
    /// If it is a name and no loop is running.
    #[doc(alias = "getaddrinfo")]
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.0 {
            Kind::Socket(address) => Ok(vec![*address]),
            Kind::Name(host, port) => {
                let say = |error: io::Error| {
                    io::Error::new(error.kind(), format!("cannot resolve {host}: {error}"))
                };
                resolve(host, *port).await.map_err(say)
            }
            Kind::Invalid(text) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, complaint(text)))
            }
        }
    }
}

/// What is wrong with a string that names no port.
fn complaint(text: &str) -> String {
    match text.rsplit_once(':') {
        None => format!("`{text}` is not of the form host:port"),
        Some(("", _)) => format!("`{text}` has no host in front of the port"),
        Some((host, _)) if is_bare_ipv6(host) => {
            format!("`{text}`: an IPv6 address with a port has the form [host]:port")
        }
        Some((_, port)) => format!("`{text}`: `{port}` is not a port from 0 to 65535"),
    }
}

/// Whether the part before the last colon has more of them, and no brackets around it.
fn is_bare_ipv6(host: &str) -> bool {
    host.contains(':') && !(host.starts_with('[') && host.ends_with(']'))
}

impl Address {
    /// Finds the addresses of one family.
    pub(crate) async fn resolve_in(&self, family: AddressFamily) -> io::Result<Vec<SocketAddr>> {
        let mut addresses = self.resolve().await?;
        addresses.retain(|address| family.has(address));
        if addresses.is_empty() {
            let text = format!("{self} has no address of the family {family:?}");
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
        }
        Ok(addresses)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Socket(address) => address.fmt(f),
            Kind::Name(host, port) => write!(f, "{host}:{port}"),
            Kind::Invalid(text) => f.write_str(text),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address(Kind::Socket(address))
    }
}

impl From<(IpAddr, u16)> for Address {
    fn from(address: (IpAddr, u16)) -> Self {
        Address(Kind::Socket(address.into()))
    }
}

impl From<(&str, u16)> for Address {
    fn from((host, port): (&str, u16)) -> Self {
        match host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
        {
            Ok(ip) => (ip, port).into(),
            Err(_) => Address(Kind::Name(host.to_string(), port)),
        }
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        let parts = text
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty() && !is_bare_ipv6(host));
        match parts.and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) => (host, port).into(),
            None => Address(Kind::Invalid(text.to_string())),
        }
    }
}

/// Finds the addresses of a host, with the system's resolver.
///
/// The asyncio counterpart is `loop.getaddrinfo`.
///
/// # Errors
///
/// If the name is not known.
///
/// # Cancel safety
///
/// Dropping or cancelling it leaves the look-up running on its thread; its result is dropped.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{resolve, run};
///
/// let found = run(async { resolve("localhost", 80).await }).expect("every system has it");
/// assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 80));
/// ```
#[doc(alias = "getaddrinfo")]
pub async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![(ip, port).into()]);
    }
    let name = host.to_string();
    let look_up = move |_| (name.as_str(), port).to_socket_addrs();
    let found = try_on_default(Location::caller(), look_up).map_err(io::Error::other)?;
    let addresses: io::Result<Vec<SocketAddr>> = found.await.map(Iterator::collect);
    match addresses {
        Ok(addresses) if addresses.is_empty() => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("the name {host} has no addresses"),
        )),
        Ok(addresses) => Ok(addresses),
        Err(error) => Err(error),
    }
}
