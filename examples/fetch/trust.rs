//! Whom to trust, and who one is: the settings of TLS.

use looplet_http::{AcceptAnyCertificate, Identity, TlsConfig, Trust};

use crate::failure::{Failure, code};
use crate::options::Operation;

pub(crate) fn of(operation: &Operation) -> Result<TlsConfig, Failure> {
    let variable = |name| std::env::var(name).ok().filter(|path| !path.is_empty());
    let named = operation.cacert.clone();
    let roots = named
        .or_else(|| variable("CURL_CA_BUNDLE"))
        .or_else(|| variable("SSL_CERT_FILE"));
    let trust = match (operation.insecure, roots) {
        (true, _) => {
            Trust::Anybody(AcceptAnyCertificate::although_anybody_can_read_and_change_everything())
        }
        (false, Some(path)) => Trust::Pem(read(&path, code::SSL_CACERT_BADFILE)?),
        (false, None) => Trust::default(),
    };
    let identity = match &operation.cert {
        None => None,
        Some(path) => {
            let certificates = read(path, code::SSL_CERTPROBLEM)?;
            let key = match &operation.key {
                Some(path) => read(path, code::SSL_CERTPROBLEM)?,
                None => certificates.clone(),
            };
            Some(Identity { certificates, key })
        }
    };
    Ok(TlsConfig {
        trust,
        identity,
        ..TlsConfig::default()
    })
}

fn read(path: &str, code: u8) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let message = Failure::reading(path, &error).message;
        Failure::new(code, format!("TLS: {message}"))
    })
}
