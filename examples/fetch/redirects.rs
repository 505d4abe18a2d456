//! Whether an answer leads elsewhere, and whether one may go there.

use looplet_http::Response;

use crate::address::{Address, Dots, Scheme};
use crate::credentials::Credentials;
use crate::failure::{Failure, code};
use crate::options::Operation;
use crate::request::Hop;

/// curl's limit when no other is given.
const MAX_REDIRECTS: u64 = 50;

/// Where an answer leads, if it is a redirect.
pub(crate) fn location(
    operation: &Operation,
    hop: &Hop,
    response: &Response,
) -> Result<Option<Address>, Failure> {
    let status = response.status().as_u16();
    if !(300..400).contains(&status) || status == 304 {
        return Ok(None);
    }
    let location = response.headers().get("Location").unwrap_or_default();
    if location.is_empty() {
        return Ok(None);
    }
    hop.address.join(location, dots(operation)).map(Some)
}

/// The request that follows, if redirects are followed at all.
pub(crate) fn next(
    (operation, credentials): (&Operation, &Credentials),
    hop: &Hop,
    (status, address): (u16, Address),
    followed: u64,
) -> Result<Hop, Failure> {
    let limit = operation.max_redirs.unwrap_or(MAX_REDIRECTS);
    if followed >= limit {
        let message = format!("redirect: maximum ({limit}) redirects followed");
        return Err(Failure::new(code::TOO_MANY_REDIRECTS, message));
    }
    check_scheme(operation.proto_redir.as_deref(), address.scheme)?;
    check_scheme(operation.proto.as_deref(), address.scheme)?;
    hop.redirected(operation, credentials, (status, address))
}

pub(crate) fn dots(operation: &Operation) -> Dots {
    if operation.path_as_is {
        Dots::Kept
    } else {
        Dots::Resolved
    }
}

/// Refuses a protocol that `--proto` does not allow.
pub(crate) fn check_scheme(allowed: Option<&str>, scheme: Scheme) -> Result<(), Failure> {
    if allowed.is_none_or(|allowed| allows(allowed, scheme.name())) {
        return Ok(());
    }
    let message = format!("URL: protocol {:?} disabled by --proto", scheme.name());
    Err(Failure::new(code::UNSUPPORTED_PROTOCOL, message))
}

/// Reads `=https`, `-http`, `+all` and lists of such.
fn allows(list: &str, scheme: &str) -> bool {
    let mut allowed = true;
    for (index, item) in list.split(',').enumerate() {
        let (mark, name) = match item.trim().split_at_checked(1) {
            Some((mark @ ("=" | "-" | "+"), name)) => (mark, name),
            // A list that begins without a mark is the whole list.
            _ if index == 0 => ("=", item.trim()),
            _ => ("+", item.trim()),
        };
        let meant = name.eq_ignore_ascii_case("all") || name.eq_ignore_ascii_case(scheme);
        match mark {
            "=" => allowed = meant,
            "-" if meant => allowed = false,
            "+" if meant => allowed = true,
            _ => {}
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_protocols_add_and_take_away() {
        for (list, http, https) in [
            ("=https", false, true),
            ("-http", false, true),
            ("-all,https", false, true),
            ("http,https", true, true),
            ("https", false, true),
            ("-all,+http", true, false),
        ] {
            assert_eq!(
                (allows(list, "http"), allows(list, "https")),
                (http, https),
                "{list}"
            );
        }
    }
}
