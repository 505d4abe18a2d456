//! Who one is: user and password from the URL, from `-u` or from a netrc file, and where they
//! may go.
//!
//! # Rules
//!
//! 1. What the URL says counts more than `-u`, and that more than the file; with `--netrc`, the
//!    file counts more than the URL.
//! 2. Where a redirect leads, the file is asked again, and a `Location` may say something; what
//!    belongs to the first origin is sent nowhere else, but for `--location-trusted`.

use std::path::PathBuf;
use std::rc::Rc;

use looplet_http::{Auth, Netrc};

use crate::address::Address;
use crate::failure::{Failure, code};
use crate::options::{AuthChoice, NetrcUse, Operation};

/// What an operation knows about the user.
#[derive(Clone)]
pub(crate) struct Credentials {
    operation: Rc<Operation>,
    netrc: Netrc,
}

impl Credentials {
    pub(crate) fn of(operation: &Rc<Operation>) -> Result<Self, Failure> {
        let netrc = netrc(operation)?;
        Ok(Self {
            operation: operation.clone(),
            netrc,
        })
    }

    /// What `-u` or a token says. Each transfer begins without knowing what servers want.
    fn own(&self) -> Option<Auth> {
        let operation = &*self.operation;
        if let Some(token) = &operation.oauth2_bearer {
            return Some(Auth::bearer(token.as_str()));
        }
        let user = operation.user.as_deref()?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        Some(auth(operation, user.into(), password.into()))
    }

    /// What is shown at the URL itself.
    pub(crate) fn at_first(&self, address: &Address) -> Option<Auth> {
        let of_url = match self.operation.netrc {
            NetrcUse::Required if self.operation.user.is_none() => None,
            _ => self.in_url(address),
        };
        of_url
            .or_else(|| self.own())
            .or_else(|| self.in_netrc(address))
    }

    /// What is shown where a redirect leads: `before` was shown at the first origin, and is
    /// shown again if that is trusted.
    pub(crate) fn after_redirect(
        &self,
        address: &Address,
        before: Option<&Auth>,
        is_trusted: bool,
    ) -> Option<Auth> {
        let before = before.filter(|_| is_trusted).cloned();
        self.in_url(address)
            .or(before)
            .or_else(|| self.in_netrc(address))
    }

    /// What stands in the URL. A password that is missing there may be in the file.
    fn in_url(&self, address: &Address) -> Option<Auth> {
        let (user, password) = address.user.as_ref()?;
        if user.is_empty() && password.is_none() {
            return None;
        }
        let of_file = || {
            let login = std::str::from_utf8(user).ok()?;
            let entry = self.netrc.find_login(bare(&address.host), login)?;
            entry
                .password()
                .map(|password| password.as_bytes().to_vec())
        };
        let password = password.clone().or_else(of_file).unwrap_or_default();
        Some(auth(&self.operation, user.clone(), password))
    }

    /// What the file says, where neither `-u` nor a token says anything.
    fn in_netrc(&self, address: &Address) -> Option<Auth> {
        if self.operation.user.is_some() || self.operation.oauth2_bearer.is_some() {
            return None;
        }
        let entry = self.netrc.find(bare(&address.host))?;
        if entry.login().is_none() && entry.password().is_none() {
            return None;
        }
        let (login, password) = (entry.login(), entry.password());
        let bytes = |text: Option<&str>| text.unwrap_or_default().as_bytes().to_vec();
        Some(auth(&self.operation, bytes(login), bytes(password)))
    }
}

fn auth(operation: &Operation, user: Vec<u8>, password: Vec<u8>) -> Auth {
    match operation.auth {
        AuthChoice::Basic => Auth::basic(user, password),
        AuthChoice::Digest => Auth::digest(user, password),
        AuthChoice::Any => Auth::any(user, password),
    }
}

/// A host without the brackets of an address.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The file, if it is to be read and is there.
fn netrc(operation: &Operation) -> Result<Netrc, Failure> {
    let path = match (&operation.netrc_file, operation.netrc) {
        (Some(file), _) => PathBuf::from(file),
        (None, NetrcUse::No) => return Ok(Netrc::default()),
        (None, _) => match std::env::var_os("HOME") {
            Some(home) => PathBuf::from(home).join(".netrc"),
            None => return Ok(Netrc::default()),
        },
    };
    if !path.exists() {
        return Ok(Netrc::default());
    }
    Netrc::load(path).map_err(|error| Failure::new(code::READ_ERROR, error.to_string()))
}
