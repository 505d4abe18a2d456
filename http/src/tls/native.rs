//! The authorities that the machine trusts.

use rustls::RootCertStore;

/// Loads them. Single certificates that cannot be used are left out, as there often are some;
/// none at all is an error.
pub(super) fn native() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _left_out) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(roots);
    }
    let causes: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
    Err(format!(
        "the machine has no roots that can be used: {}",
        causes.join("; ")
    ))
}
