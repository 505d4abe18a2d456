//! Which addresses a client may connect to.
//!
//! A program that fetches URLs which others have given it can be made to fetch from the
//! machines beside it, where nobody asks for a password. Looking at the URL does not help: a
//! name can stand for any address, and for another one a second later. So the policy is asked
//! about the very address that is connected to, in every hop.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

/// Which addresses may be connected to.
///
/// Asked after each look-up, also about addresses that stand in a URL, and for every redirect.
/// Of several addresses of a host, the forbidden ones are left out. A proxy that the program
/// has chosen is not asked about; what lies behind it is the proxy's business, but for addresses
/// that stand in the URL.
///
/// ```
/// use looplet_http::{AddrPolicy, Session, SessionConfig};
///
/// let mut config = SessionConfig::default();
/// config.connect.addr_policy = AddrPolicy::PublicOnly;
/// let session = Session::with(config);
/// let refused = looplet_http::runtime::run(session.get("http://127.0.0.1:1/").send());
/// assert!(refused.unwrap_err().to_string().contains("127.0.0.1:1"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum AddrPolicy {
    /// All.
    #[default]
    Any,
    /// Those that belong to the public Internet: not loopback, private, link-local, reserved or
    /// multicast ones, nor IPv6 addresses that stand for such an IPv4 address.
    PublicOnly,
    /// Those that a program allows.
    Custom(Rc<dyn Fn(SocketAddr) -> bool>),
}

impl AddrPolicy {
    /// Whether an address may be used.
    pub(crate) fn allows(&self, address: SocketAddr) -> bool {
        match self {
            AddrPolicy::Any => true,
            AddrPolicy::PublicOnly => is_public(address.ip()),
            AddrPolicy::Custom(allows) => allows(address),
        }
    }
}

impl fmt::Debug for AddrPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddrPolicy::Any => "Any",
            AddrPolicy::PublicOnly => "PublicOnly",
            AddrPolicy::Custom(_) => "Custom",
        })
    }
}

/// Whether an address is one of the public Internet (IANA's registries of special addresses).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation();
    let carrier_grade = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0);
    let relays = (a, b, c) == (192, 88, 99);
    let benchmarks = a == 198 && (b == 18 || b == 19);
    let this_network = a == 0;
    let reserved = a >= 240;
    !(special || carrier_grade || protocols || relays || benchmarks || this_network || reserved)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(ip) {
        return is_public_v4(inner);
    }
    let [first, second, ..] = ip.segments();
    let global_unicast = first & 0xe000 == 0x2000;
    let protocols = first == 0x2001 && second < 0x200;
    let documentation = (first, second) == (0x2001, 0xdb8) || (first == 0x3fff && second < 0x1000);
    global_unicast && !protocols && !documentation
}

/// The IPv4 address that an IPv6 address leads to: mapped (RFC 4291), by NAT64 (RFC 6052) or by
/// 6to4 (RFC 3056).
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_all_others() {
        let public = "1.1.1.1 8.8.8.8 100.63.0.1 100.128.0.1 172.32.0.1 198.20.0.1 223.255.255.254 \
            2606:4700::1 2a00::1 2001:4860::8888 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1";
        for ip in public.split_whitespace() {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let others = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.0.1 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 \
            198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 \
            :: ::1 ::7f00:1 fe80::1 fec0::1 fc00::1 fd12::1 ff02::1 100::1 64:ff9b:1::1 \
            2001::1 2001:db8::1 3fff::1 5f00::1 \
            ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 2002:a00:1::";
        for ip in others.split_whitespace() {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
