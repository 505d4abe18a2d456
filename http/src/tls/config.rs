//! The settings of TLS, as plain data.

use std::fmt;

/// How https is spoken. Part of [`SessionConfig`](crate::SessionConfig).
///
/// Certificates and keys are given as PEM text and read when the first https URL is asked for;
/// what is wrong with them is said then, by every request.
///
/// The aiohttp counterpart is the argument `ssl`.
///
/// ```
/// use looplet_http::{SessionConfig, TlsConfig, Trust};
///
/// let pem = b"-----BEGIN CERTIFICATE-----\n...".to_vec();
/// let tls = TlsConfig { trust: Trust::Pem(pem), ..TlsConfig::default() };
/// let config = SessionConfig { tls, ..SessionConfig::default() };
/// # drop(config);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[doc(alias = "ssl")]
pub struct TlsConfig {
    /// Whose certificates are accepted. Default: [`Trust::WebPki`].
    pub trust: Trust,
    /// The certificate that the client shows if the server asks for one. Default: none.
    pub identity: Option<Identity>,
    /// The oldest version that is spoken. Default: 1.2.
    pub min_version: TlsVersion,
}

/// Whose certificates are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Those of the authorities that Mozilla trusts, as compiled in. Nothing of the machine is
    /// read, so it works in an empty container.
    #[default]
    WebPki,
    /// Those that the machine trusts. Needs the feature `native-roots`.
    Native,
    /// Those of the authorities in this PEM text, and no others.
    Pem(Vec<u8>),
    /// Those of everybody.
    Anybody(AcceptAnyCertificate),
}

/// The permission not to look at certificates: a type of its own, so that it is found.
///
/// ```
/// use looplet_http::{AcceptAnyCertificate, TlsConfig, Trust};
///
/// let permission = AcceptAnyCertificate::although_anybody_can_read_and_change_everything();
/// let insecure = TlsConfig { trust: Trust::Anybody(permission), ..TlsConfig::default() };
/// # drop(insecure);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptAnyCertificate(());

impl AcceptAnyCertificate {
    /// Makes the permission. Whoever can put himself between client and server can then read
    /// and change all that is sent.
    pub fn although_anybody_can_read_and_change_everything() -> Self {
        AcceptAnyCertificate(())
    }
}

/// What a client shows that it is: a certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate and those between it and the root, the own one first, as PEM text.
    pub certificates: Vec<u8>,
    /// The private key (PKCS #8, PKCS #1 or SEC 1), as PEM text. It may be the same text.
    pub key: Vec<u8>,
}

/// The key is not shown.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// A version of TLS. Older ones are not spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}
