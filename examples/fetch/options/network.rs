//! Options about the way to the server: names, addresses, proxies, TLS.

use super::table::{Opt, Settings, flag, value};
use super::value::Value;
use crate::failure::Failure;

pub(super) const OPTIONS: &[Opt] = &[
    flag('4', "ipv4", "Use addresses of IPv4 only", |set, on| {
        set.here.ipv4 = on
    }),
    flag('6', "ipv6", "Use addresses of IPv6 only", |set, on| {
        set.here.ipv6 = on
    }),
    value(
        ' ',
        "interface",
        ("<address>", "Connect from this address"),
        |set, value| {
            set.here.interface = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "resolve",
        ("<host:port:address>", "Where a name leads; * is any"),
        |set, value| {
            set.here.resolve.push(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "connect-to",
        (
            "<host:port:host:port>",
            "Connect to the second for the first",
        ),
        |set, value| {
            set.here.connect_to.push(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "unix-socket",
        ("<path>", "Connect to this socket"),
        |set, value| {
            set.here.unix_socket = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        ' ',
        "tcp-nodelay",
        "Send small packets at once (always on)",
        |_, _| {},
    ),
    flag(
        ' ',
        "keepalive",
        "Probe idle connections (left to the system)",
        |_, _| {},
    ),
    value(
        ' ',
        "keepalive-time",
        (
            "<seconds>",
            "How often idle connections are probed (left to the system)",
        ),
        |_, value| value.number().map(drop),
    ),
    value(
        'x',
        "proxy",
        ("<[scheme://]host:port>", "Use this proxy"),
        |set, value| proxy(set, value, ""),
    ),
    value(
        'U',
        "proxy-user",
        ("<user:password>", "User and password for the proxy"),
        |set, value| {
            set.here.proxy_user = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        ' ',
        "proxy-basic",
        "Basic authentication for the proxy (always so)",
        |_, _| {},
    ),
    flag(
        'p',
        "proxytunnel",
        "Go through the proxy with CONNECT",
        |set, on| {
            set.here.proxytunnel = on;
        },
    ),
    value(
        ' ',
        "proxy1.0",
        ("<host:port>", "A proxy of HTTP/1.0"),
        |set, value| {
            set.here.proxy_http10 = true;
            proxy(set, value, "http://")
        },
    ),
    value(
        ' ',
        "socks4",
        ("<host:port>", "A SOCKS4 proxy"),
        |set, value| proxy(set, value, "socks4://"),
    ),
    value(
        ' ',
        "socks4a",
        ("<host:port>", "A SOCKS4a proxy"),
        |set, value| proxy(set, value, "socks4a://"),
    ),
    value(
        ' ',
        "socks5",
        ("<host:port>", "A SOCKS5 proxy; names are looked up here"),
        |set, value| proxy(set, value, "socks5://"),
    ),
    value(
        ' ',
        "socks5-hostname",
        ("<host:port>", "A SOCKS5 proxy that looks names up"),
        |set, value| proxy(set, value, "socks5h://"),
    ),
    value(
        ' ',
        "noproxy",
        ("<hosts>", "Hosts for which no proxy is used"),
        |set, value| {
            set.here.noproxy = Some(value.text()?);
            Ok(())
        },
    ),
    flag('k', "insecure", "Trust whoever answers", |set, on| {
        set.here.insecure = on
    }),
    value(
        ' ',
        "cacert",
        ("<file>", "Trust who has a certificate by these (PEM)"),
        |set, value| {
            set.here.cacert = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        'E',
        "cert",
        ("<file>", "Show this certificate (PEM)"),
        |set, value| {
            set.here.cert = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "key",
        ("<file>", "The private key for it (PEM)"),
        |set, value| {
            set.here.key = Some(value.text()?);
            Ok(())
        },
    ),
];

fn proxy(set: &mut Settings<'_>, value: Value<'_>, scheme: &str) -> Result<(), Failure> {
    set.here.proxy = Some(format!("{scheme}{}", value.text()?));
    Ok(())
}
