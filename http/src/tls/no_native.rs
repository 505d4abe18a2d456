//! What stands in for the roots of the machine where they are not compiled in.

use rustls::RootCertStore;

/// Refuses.
pub(super) fn native() -> Result<RootCertStore, String> {
    Err("the roots of the machine need the feature native-roots".to_owned())
}
