//! The server's end of TLS, by hand: a script decides where the farewell is missing.

use std::io::{Read, Write};
use std::sync::Arc;

use looplet_http::{TlsConfig, Trust};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, crypto::ring};

use crate::server::Peer;

/// A certificate of the folder, with its key.
pub(crate) struct Pem {
    pub(crate) certificate: &'static [u8],
    pub(crate) key: &'static [u8],
}

macro_rules! pem {
    ($name:literal) => {
        Pem {
            certificate: include_bytes!(concat!("certificates/", $name, ".pem")),
            key: include_bytes!(concat!("certificates/", $name, ".key")),
        }
    };
}

/// For `localhost`, `a.test` and 127.0.0.1.
pub(crate) const SERVER: Pem = pem!("server");
/// For `localhost` alone.
pub(crate) const NAMED: Pem = pem!("named");
/// As the first one, and no longer valid.
pub(crate) const EXPIRED: Pem = pem!("expired");
/// For clients.
pub(crate) const CLIENT: Pem = pem!("client");
/// Who has signed them all.
pub(crate) const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
/// Who has signed nothing.
pub(crate) const STRANGER: &[u8] = include_bytes!("certificates/stranger.pem");

/// Trusts an authority.
pub(crate) fn trusting(authority: &[u8]) -> TlsConfig {
    TlsConfig {
        trust: Trust::Pem(authority.to_vec()),
        ..TlsConfig::default()
    }
}

/// The settings of a server with this certificate.
pub(crate) fn server_with(pem: &Pem) -> ServerConfig {
    settings(pem, None)
}

/// The settings of a server that wants to see certificates of clients.
pub(crate) fn server_for_known_clients() -> ServerConfig {
    settings(&SERVER, Some(AUTHORITY))
}

fn settings(pem: &Pem, clients: Option<&[u8]>) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(authority).unwrap())
                .unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(pem.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pem.key).unwrap();
    let mut built = builder.with_single_cert(chain, key).unwrap();
    built.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    built
}

/// What TLS goes over.
pub(crate) trait Wire {
    /// Receives what comes next; nothing at the end.
    async fn receive(&mut self) -> Vec<u8>;
    /// Sends all of it, at some time.
    fn send(&mut self, bytes: &[u8]);
    /// Remembers a request.
    fn note(&self, request: String);
}

impl Wire for Peer {
    async fn receive(&mut self) -> Vec<u8> {
        self.read().await
    }

    fn send(&mut self, bytes: &[u8]) {
        Peer::send(self, bytes);
    }

    fn note(&self, request: String) {
        Peer::note(self, request);
    }
}

/// One connection, seen by a server that speaks TLS.
pub(crate) struct TlsPeer<W> {
    wire: W,
    tls: ServerConnection,
}

impl<W: Wire> TlsPeer<W> {
    /// Makes the handshake. `None` if the client does not like it.
    pub(crate) async fn accept(wire: W, config: &Arc<ServerConfig>) -> Option<Self> {
        let tls = ServerConnection::new(config.clone()).unwrap();
        let mut peer = Self { wire, tls };
        while peer.tls.is_handshaking() {
            peer.advance().await?;
        }
        Some(peer)
    }

    /// Receives, understands and answers. `None` at the end, and for what is no TLS.
    async fn advance(&mut self) -> Option<()> {
        let bytes = self.wire.receive().await;
        let mut left = &bytes[..];
        while !left.is_empty() {
            self.tls.read_tls(&mut left).ok()?;
            let understood = self.tls.process_new_packets();
            self.flush();
            understood.ok()?;
        }
        (!bytes.is_empty()).then_some(())
    }

    fn flush(&mut self) {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        self.wire.send(&records);
    }

    /// Receives the head of a request. `None` if the client has closed the connection.
    pub(crate) async fn expect(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let bytes = self.receive().await;
            if bytes.is_empty() {
                return None;
            }
            head.extend(bytes);
        }
        let head = String::from_utf8(head).unwrap();
        self.wire.note(head.clone());
        Some(head)
    }

    /// Gives every request this answer until the client closes the connection.
    pub(crate) async fn serve(&mut self, answer: &str) {
        while self.expect().await.is_some() {
            self.say(answer);
        }
    }

    pub(crate) fn say(&mut self, text: impl AsRef<[u8]>) {
        Wire::send(self, text.as_ref());
    }

    /// Sends the farewell of TLS.
    pub(crate) fn farewell(&mut self) {
        self.tls.send_close_notify();
        self.flush();
    }

    /// Sends another ticket, which nobody expects, by the way of a new key.
    pub(crate) fn refresh(&mut self) {
        self.tls.refresh_traffic_keys().unwrap();
        self.flush();
    }

    /// What was agreed on above TLS.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    /// How the handshake was made, such as `Full` or `Resumed`.
    pub(crate) fn handshake(&self) -> String {
        format!("{:?}", self.tls.handshake_kind().unwrap())
    }

    /// The name that the client has sent.
    pub(crate) fn name(&self) -> Option<&str> {
        self.tls.server_name()
    }
}

impl<W: Wire> Wire for TlsPeer<W> {
    async fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            match self.tls.reader().read(&mut bytes) {
                Ok(count) => {
                    bytes.truncate(count);
                    return bytes;
                }
                Err(_) => {
                    if self.advance().await.is_none() {
                        return Vec::new();
                    }
                }
            }
        }
    }

    fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.tls.writer().write(bytes).unwrap();
            bytes = &bytes[taken..];
            self.flush();
        }
    }

    fn note(&self, request: String) {
        self.wire.note(request);
    }
}
