//! Makes connections that are encrypted: the settings as rustls wants them, and the handshake.

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ConfigBuilder, SupportedProtocolVersion, version};

use super::config::{Identity, TlsConfig, TlsVersion, Trust};
use super::native::native;
use super::roots::{certificates, of_pem, web_pki};
use super::stream::{Stalled, TlsStream};
use super::unchecked::Unchecked;
use crate::error::Error;
use crate::socket::Layer;
use crate::unread::Spare;

/// The TLS of a session. Sessions of TLS are resumed within it, and only there.
#[derive(Debug)]
pub(crate) struct TlsConnector {
    config: TlsConfig,
    /// The settings for rustls, made for the first https URL, or what is wrong with them.
    built: OnceCell<Result<Arc<ClientConfig>, Error>>,
    /// The buffer that records are received into.
    spare: Spare,
}

impl TlsConnector {
    pub(crate) fn new(config: TlsConfig) -> Self {
        Self {
            config,
            built: OnceCell::new(),
            spare: Spare::default(),
        }
    }

    /// Says what is wrong with the settings, before anything is connected.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.settings().map(drop)
    }

    fn settings(&self) -> Result<Arc<ClientConfig>, Error> {
        let build = || {
            let built = build(&self.config);
            built.map_err(|cause| Error::TlsConfig { cause })
        };
        self.built.get_or_init(build).clone()
    }

    /// Makes the handshake with `host`.
    ///
    /// # Errors
    ///
    /// [`Error::Certificate`] if the server is not whom it should be, [`Error::Tls`] for
    /// anything else that goes wrong.
    pub(crate) async fn handshake<L: Layer>(
        &self,
        host: &str,
        below: L,
    ) -> Result<TlsStream<L>, Error> {
        let failed = |cause: String| Error::Tls {
            host: host.to_owned(),
            cause,
        };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| failed(error.to_string()))?;
        let made = ClientConnection::new(self.settings()?, name);
        let made = made.map_err(|error| failed(error.to_string()))?;
        let stream = TlsStream::new(made, below, &self.spare);
        loop {
            let waited = match stream.try_handshake() {
                Ok(()) => return Ok(stream),
                Err(Stalled::Reading(error)) if is_block(&error) => {
                    stream.socket().readable().await
                }
                Err(Stalled::Writing(error)) if is_block(&error) => {
                    stream.socket().writable().await
                }
                Err(Stalled::Reading(error) | Stalled::Writing(error)) => Err(error),
            };
            waited.map_err(|error| explain(host, &error))?;
        }
    }
}

fn is_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Tells a wrong certificate from everything else that ends a handshake.
fn explain(host: &str, error: &io::Error) -> Error {
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => Error::Certificate {
            host,
            cause: reason.to_string(),
        },
        _ if error.kind() == io::ErrorKind::UnexpectedEof => Error::Tls {
            host,
            cause: "the server closed the connection during the handshake".to_owned(),
        },
        _ => Error::Tls {
            host,
            cause: error.to_string(),
        },
    }
}

fn build(config: &TlsConfig) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions(config.min_version))
        .map_err(|error| error.to_string())?;
    let trusting = match &config.trust {
        Trust::WebPki => builder.with_root_certificates(web_pki()),
        Trust::Native => builder.with_root_certificates(native()?),
        Trust::Pem(text) => builder.with_root_certificates(of_pem(text)?),
        Trust::Anybody(_) => builder
            .dangerous()
            .with_custom_certificate_verifier(unchecked(&provider)),
    };
    let mut built = identified(trusting, config.identity.as_ref())?;
    built.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(built))
}

fn unchecked(provider: &CryptoProvider) -> Arc<Unchecked> {
    Arc::new(Unchecked {
        algorithms: provider.signature_verification_algorithms,
    })
}

fn identified(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: Option<&Identity>,
) -> Result<ClientConfig, String> {
    let Some(identity) = identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(&identity.certificates)?;
    if chain.is_empty() {
        return Err("there is no certificate in the identity".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(&identity.key);
    let key = key.map_err(|error| format!("the private key cannot be read: {error}"))?;
    let built = builder.with_client_auth_cert(chain, key);
    built.map_err(|error| format!("certificate and key cannot be used: {error}"))
}

fn versions(oldest: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    match oldest {
        TlsVersion::Tls12 => FROM_1_2,
        TlsVersion::Tls13 => FROM_1_3,
    }
}

/// All versions that rustls speaks.
static FROM_1_2: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
/// Those without the old one.
static FROM_1_3: &[&SupportedProtocolVersion] = &[&version::TLS13];
