//! The authorities that are trusted.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Those that Mozilla trusts.
pub(super) fn web_pki() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// Those of a PEM text. One that cannot be used is an error, since it was named.
pub(super) fn of_pem(text: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates(text)?.into_iter().enumerate() {
        let added = roots.add(certificate);
        added.map_err(|error| format!("certificate {} of the roots: {error}", at + 1))?;
    }
    if roots.is_empty() {
        return Err("there is no certificate among the roots".to_owned());
    }
    Ok(roots)
}

/// The certificates of a PEM text, in their order.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    parsed.map_err(|error| format!("a certificate cannot be read: {error}"))
}
