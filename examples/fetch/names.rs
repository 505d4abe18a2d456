//! Where names lead: `--resolve`, `--connect-to`, `-4` and `-6` before the system is asked.

use std::io;
use std::net::{IpAddr, SocketAddr};

use looplet_http::{Resolver, Resolving, SystemResolver};

use crate::failure::Failure;
use crate::options::Operation;

/// Which addresses are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    #[default]
    Any,
    Ipv4,
    Ipv6,
}

/// What is said about names on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    family: Family,
    /// Host, `*` for any, and port, and where they lead.
    known: Vec<(String, u16, Vec<IpAddr>)>,
    elsewhere: Vec<Elsewhere>,
}

/// A `--connect-to`. What is empty on the left is any, and on the right the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Elsewhere {
    host: String,
    port: Option<u16>,
    to_host: String,
    to_port: Option<u16>,
}

impl Rules {
    pub(crate) fn of(operation: &Operation) -> Result<Self, Failure> {
        let family = match (operation.ipv4, operation.ipv6) {
            (true, false) => Family::Ipv4,
            (false, true) => Family::Ipv6,
            _ => Family::Any,
        };
        let mut rules = Self {
            family,
            ..Self::default()
        };
        for text in &operation.resolve {
            rules.add_known(text)?;
        }
        for text in &operation.connect_to {
            rules.elsewhere.push(Elsewhere::parse(text)?);
        }
        Ok(rules)
    }

    /// Reads `[+]host:port:address[,address]...`, or `-host:port` which takes that back.
    fn add_known(&mut self, text: &str) -> Result<(), Failure> {
        let complain = |why: &str| Failure::new(49, format!("option --resolve: {why}: {text:?}"));
        let wrong = || complain("expected host:port:address");
        let removes = text.strip_prefix('-');
        let rest = removes.unwrap_or(text.strip_prefix('+').unwrap_or(text));
        let (host, rest) = split_host(rest).ok_or_else(wrong)?;
        let (port, addresses) = match rest.split_once(':') {
            Some((port, addresses)) => (port, addresses),
            None if removes.is_some() => (rest, ""),
            None => return Err(wrong()),
        };
        let port: u16 = port.parse().map_err(|_| complain("bad port"))?;
        let host = same_name(host);
        self.known
            .retain(|(own, of_port, _)| (own, *of_port) != (&host, port));
        if removes.is_some() {
            return Ok(());
        }
        let addresses = addresses.split(',').map(|address| {
            let bare = address.trim_start_matches('[').trim_end_matches(']');
            bare.parse().map_err(|_| complain("bad address"))
        });
        let addresses = addresses.collect::<Result<Vec<IpAddr>, _>>()?;
        self.known.push((host, port, addresses));
        Ok(())
    }

    /// Where one connects for a host and a port.
    fn place<'n>(&'n self, host: &'n str, port: u16) -> (&'n str, u16) {
        let found = self.elsewhere.iter().find(|rule| rule.covers(host, port));
        found.map_or((host, port), |rule| {
            let host = if rule.to_host.is_empty() {
                host
            } else {
                &rule.to_host
            };
            (host, rule.to_port.unwrap_or(port))
        })
    }

    fn known(&self, host: &str, port: u16) -> Option<&[IpAddr]> {
        let host = same_name(host);
        let exact = self
            .known
            .iter()
            .find(|(own, of, _)| *own == host && *of == port);
        let any = || {
            self.known
                .iter()
                .find(|(own, of, _)| own == "*" && *of == port)
        };
        exact
            .or_else(any)
            .map(|(_, _, addresses)| addresses.as_slice())
    }

    fn is_usable(&self, address: &SocketAddr) -> bool {
        match self.family {
            Family::Any => true,
            Family::Ipv4 => address.is_ipv4(),
            Family::Ipv6 => address.is_ipv6(),
        }
    }
}

impl Elsewhere {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            let what = "option --connect-to: expected host:port:host:port";
            Failure::new(49, format!("{what}: {text:?}"))
        };
        let (host, rest) = split_host(text).ok_or_else(wrong)?;
        let (port, rest) = rest.split_once(':').ok_or_else(wrong)?;
        let (to_host, to_port) = split_host(rest).unwrap_or((rest, ""));
        let port_of = |text: &str| match text {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| wrong()),
        };
        Ok(Self {
            host: same_name(host),
            port: port_of(port)?,
            to_host: to_host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_string(),
            to_port: port_of(to_port)?,
        })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let is_host = self.host.is_empty() || self.host == same_name(host);
        is_host && self.port.is_none_or(|own| own == port)
    }
}

/// Up to the colon behind a host, which may be an address in brackets.
fn split_host(text: &str) -> Option<(&str, &str)> {
    let behind_bracket = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => 0,
    };
    let colon = behind_bracket + text[behind_bracket..].find(':')?;
    Some((&text[..colon], &text[colon + 1..]))
}

/// A name in the form in which it is compared.
fn same_name(host: &str) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

/// Answers what the rules say, and asks the system for the rest.
#[derive(Debug)]
pub(crate) struct Names {
    rules: Rules,
    system: SystemResolver,
}

impl Names {
    pub(crate) fn new(rules: Rules) -> Self {
        let system = SystemResolver::new();
        Self { rules, system }
    }
}

impl Resolver for Names {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r> {
        Box::pin(async move {
            let known = self.rules.known(host, port);
            let (host, port) = match known {
                Some(_) => (host, port),
                None => self.rules.place(host, port),
            };
            let mut found = match known.or_else(|| self.rules.known(host, port)) {
                Some(known) => known.iter().map(|ip| SocketAddr::new(*ip, port)).collect(),
                None => self.system.resolve(host, port).await?,
            };
            found.retain(|address| self.rules.is_usable(address));
            match found.is_empty() {
                true => Err(io::Error::other(
                    "it has no address of the family that is wanted",
                )),
                false => Ok(found),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(resolve: &[&str], connect_to: &[&str]) -> Result<Rules, Failure> {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Rules::of(&Operation {
            resolve: texts(resolve),
            connect_to: texts(connect_to),
            ..Operation::default()
        })
    }

    #[test]
    fn names_lead_where_the_command_line_says() {
        let rules =
            rules(&["A.example.:80:127.0.0.1,[::1]", "*:81:127.0.0.2"], &[]).expect("valid");
        let shown = |host: &str, port: u16| {
            rules
                .known(host, port)
                .map(|found| found.iter().map(ToString::to_string).collect())
        };
        assert_eq!(
            shown("a.example", 80),
            Some(vec!["127.0.0.1".to_string(), "::1".to_string()])
        );
        assert_eq!(shown("b.example", 81), Some(vec!["127.0.0.2".to_string()]));
        assert_eq!(shown("b.example", 80), None::<Vec<String>>);
    }

    #[test]
    fn connections_go_elsewhere() {
        let rules = rules(&[], &["a:80:b:8080", "::[::1]:"]).expect("valid");
        assert_eq!(rules.place("a", 80), ("b", 8080));
        assert_eq!(rules.place("c", 81), ("::1", 81));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for bad in ["a", "a:80", "a:x:127.0.0.1", "a:80:name"] {
            assert!(rules(&[bad], &[]).is_err(), "{bad}");
        }
        assert!(rules(&[], &["a:80"]).is_err() && rules(&[], &["a:x:b:1"]).is_err());
    }
}
