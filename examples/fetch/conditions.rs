//! Fetching only what is new: `-z` and the two options about an `ETag`.

use std::time::SystemTime;

use crate::dates;
use crate::failure::Failure;
use crate::header_lines::HeaderLines;
use crate::options::Operation;

/// A time that what is fetched is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    NewerThan(SystemTime),
    OlderThan(SystemTime),
}

/// What `-z` says: a date, or a file that has one; with a dash before it the other way round.
fn condition(operation: &Operation) -> Option<Condition> {
    let text = operation.time_cond.as_deref()?;
    let (older, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(['+', '=']).unwrap_or(text)),
    };
    let of_file = || {
        std::fs::metadata(text)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let time = dates::parse(text).or_else(of_file)?;
    Some(if older {
        Condition::OlderThan(time)
    } else {
        Condition::NewerThan(time)
    })
}

/// Adds the headers by which the server sends nothing that is not wanted.
pub(crate) fn push(operation: &Operation, headers: &mut HeaderLines) -> Result<(), Failure> {
    match condition(operation) {
        Some(Condition::NewerThan(time)) => headers.push("If-Modified-Since", dates::format(time)),
        Some(Condition::OlderThan(time)) => {
            headers.push("If-Unmodified-Since", dates::format(time))
        }
        None => {}
    }
    if let Some(file) = &operation.etag_compare {
        // A file that is not there yet knows no tag.
        let known = std::fs::read_to_string(file).unwrap_or_default();
        let tag = match known.trim() {
            "" => "\"\"",
            tag => tag,
        };
        headers.push("If-None-Match", tag);
    }
    Ok(())
}

/// Whether the server has sent what is not wanted all the same.
pub(crate) fn is_unmet(operation: &Operation, last_modified: Option<&str>) -> bool {
    let Some(time) = last_modified.and_then(dates::parse) else {
        return false;
    };
    match condition(operation) {
        Some(Condition::NewerThan(than)) => time <= than,
        Some(Condition::OlderThan(than)) => time > than,
        None => false,
    }
}

/// Whether `-z` names something that has no date.
pub(crate) fn is_dateless(operation: &Operation) -> bool {
    operation.time_cond.is_some() && condition(operation).is_none()
}

/// Writes the tag of an answer down.
pub(crate) fn save_tag(operation: &Operation, tag: Option<&str>) -> Result<(), Failure> {
    let (Some(file), Some(tag)) = (&operation.etag_save, tag) else {
        return Ok(());
    };
    let written = std::fs::write(file, format!("{tag}\n"));
    written.map_err(|error| Failure::writing(file, &error))
}
