//! The hosts that are reached without a proxy: the list that `NO_PROXY` holds.
//!
//! Every program reads that list in its own way. This is the union of what curl and requests
//! understand, where they do not contradict each other.
//!
//! # Rules
//!
//! 1. Entries are separated by commas or white space. Case and a trailing dot do not matter.
//! 2. `*` is every host.
//! 3. A name is that host and all below it: `a.b` is `a.b` and `x.a.b`, and not `xa.b`. A dot
//!    or `*.` in front changes nothing, as in curl.
//! 4. An address is that address in whatever spelling, IPv6 with or without brackets; with a
//!    slash and a number of bits it is a range. A name is never compared with an address.
//! 5. A port behind a name or an address restricts the entry to that port. An IPv6 address
//!    needs brackets for that.
//! 6. What cannot be read is an error: to ignore it would send requests to a proxy that they
//!    were to be kept from.

use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

use super::address::{invalid, read_port};
use crate::error::Error;

/// Which hosts are reached without a proxy. Default: none.
///
/// ```
/// use looplet_http::proxy::NoProxy;
/// use url::Url;
///
/// let list: NoProxy = "localhost, .a.example, 10.0.0.0/8, b.example:8080".parse()?;
/// let covers = |url: &str| list.covers(&Url::parse(url).unwrap());
/// assert!(covers("http://www.a.example/") && covers("http://10.1.2.3/"));
/// assert!(covers("http://b.example:8080/") && !covers("http://b.example/"));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoProxy {
    /// The entries in their order.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    /// Which hosts.
    hosts: Hosts,
    /// The only port that is meant, if not all.
    port: Option<u16>,
}

/// The hosts that an entry means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Hosts {
    All,
    /// This name and those below it: normalized, no dot at either end.
    Name(String),
    /// The addresses that begin with the first `bits` of this one.
    Range {
        address: IpAddr,
        bits: u8,
    },
}

impl NoProxy {
    /// Whether a URL is to be fetched without a proxy. A URL without a host is not covered.
    pub fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host() else {
            return false;
        };
        let port = url.port_or_known_default();
        let mut entries = self.entries.iter();
        entries
            .any(|entry| entry.hosts.cover(&host) && (entry.port.is_none() || entry.port == port))
    }
}

impl FromStr for NoProxy {
    type Err = Error;

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidProxy`] with the entry that cannot be read.
    fn from_str(text: &str) -> Result<Self, Error> {
        let entries = text
            .split(|letter: char| letter == ',' || letter.is_whitespace())
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                read(entry).map_err(|reason| {
                    invalid(entry, &format!("as an exception from proxies, {reason}"))
                })
            });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(NoProxy { entries })
    }
}

fn read(entry: &str) -> Result<Entry, String> {
    if entry == "*" {
        return Ok(Entry {
            hosts: Hosts::All,
            port: None,
        });
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let hosts = read_range(address, bits)?;
        return Ok(Entry { hosts, port: None });
    }
    // An IPv6 address without brackets is full of colons, and has no port.
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if !is_address(entry) && !port.contains(']') => (host, port),
        _ => (entry, ""),
    };
    Ok(Entry {
        hosts: read_host(host)?,
        port: read_port(port)?,
    })
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn read_host(host: &str) -> Result<Hosts, String> {
    if let Ok(address) = unbracketed(host).parse() {
        return Ok(one(address));
    }
    let name = host.strip_prefix("*.").unwrap_or(host);
    let name = name.strip_prefix('.').unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.contains('*') {
        return Err("an asterisk stands alone or in front of a dot at the beginning".to_owned());
    }
    match Host::parse(name).map_err(|error| error.to_string())? {
        Host::Domain(name) => Ok(Hosts::Name(name)),
        // Other spellings of an address, such as `127.1`.
        Host::Ipv4(address) => Ok(one(address.into())),
        Host::Ipv6(address) => Ok(one(address.into())),
    }
}

/// Reads an address, and how many of its bits count.
fn read_range(address: &str, bits: &str) -> Result<Hosts, String> {
    let address = unbracketed(address).parse::<IpAddr>();
    let address = address.map_err(|_| "there is no address before the slash")?;
    let width = width(address);
    let digits = bits.bytes().all(|byte| byte.is_ascii_digit());
    match bits.parse() {
        Ok(bits) if digits && bits <= width => Ok(Hosts::Range { address, bits }),
        _ => Err(format!(
            "behind the slash there is no number from 0 to {width}"
        )),
    }
}

fn unbracketed(address: &str) -> &str {
    let inside = address.strip_prefix('[');
    let inside = inside.and_then(|inside| inside.strip_suffix(']'));
    inside.unwrap_or(address)
}

/// The range that holds one address.
fn one(address: IpAddr) -> Hosts {
    let bits = width(address);
    Hosts::Range { address, bits }
}

/// The number of bits of an address.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Hosts {
    fn cover(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Hosts::All, _) => true,
            (Hosts::Name(name), Host::Domain(host)) => is_in(host, name),
            (Hosts::Range { address, bits }, Host::Ipv4(host)) => {
                starts_alike(*address, (*host).into(), *bits)
            }
            (Hosts::Range { address, bits }, Host::Ipv6(host)) => {
                starts_alike(*address, (*host).into(), *bits)
            }
            _ => false,
        }
    }
}

/// Whether a host is `name`, or below it.
fn is_in(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.strip_suffix(name) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

/// Whether two addresses are of one family and agree in their first bits.
fn starts_alike(a: IpAddr, b: IpAddr, bits: u8) -> bool {
    let difference = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()),
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    let rest = u32::from(width(a) - bits);
    difference.checked_shr(rest).unwrap_or(0) == 0
}
