//! What options together must be.

use super::settings::{Operation, Out};
use crate::failure::Failure;

/// Refuses settings that contradict each other, and completes the rest.
pub(super) fn check(operation: &mut Operation) -> Result<(), Failure> {
    operation.targets.retain(|target| target.url.is_some());
    if operation.targets.is_empty() {
        return Err(Failure::usage(
            "no URL given; 'fetch --help' lists the options",
        ));
    }
    let uploads = operation
        .targets
        .iter()
        .any(|target| target.upload.is_some());
    let kinds = [
        ("-I", operation.head),
        ("-d", operation.data.is_some() && !operation.get),
        ("-F", !operation.form.is_empty()),
        ("-T", uploads),
    ];
    let chosen: Vec<&str> = kinds
        .iter()
        .filter(|kind| kind.1)
        .map(|kind| kind.0)
        .collect();
    if chosen.len() > 1 {
        let both = chosen.join(" and ");
        return Err(Failure::usage(format!(
            "{both}: only one HTTP request method can be selected"
        )));
    }
    if operation.continue_at.is_some() && operation.data.is_some() && !operation.get {
        return Err(Failure::usage(
            "--continue-at and --data are mutually exclusive",
        ));
    }
    if operation.continue_at.is_some() && operation.range.is_some() {
        return Err(Failure::usage(
            "--continue-at and --range are mutually exclusive",
        ));
    }
    if operation.etag_save.is_some() && operation.targets.len() > 1 {
        return Err(Failure::usage("--etag-save works with a single URL only"));
    }
    if operation.remote_name_all {
        for target in &mut operation.targets {
            if target.output == Out::Unset {
                target.output = Out::Remote;
            }
        }
    }
    Ok(())
}
