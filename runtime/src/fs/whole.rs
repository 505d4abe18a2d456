//! Whole files, in one call each.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::blocking::{on_path, on_paths};

/// Reads a whole file. As [`std::fs::read`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<u8>>> {
    on_path("read", path, |path| fs::read(path))
}

/// Reads a whole file as text. As [`std::fs::read_to_string`].
///
/// # Errors
///
/// Those of the system, with the path; `InvalidData` if it is not UTF-8.
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> impl Future<Output = io::Result<String>> {
    on_path("read", path, |path| fs::read_to_string(path))
}

/// Makes a file of `data`, or replaces what it held. As [`std::fs::write`].
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// A write that is cancelled after it has begun goes on, and leaves the whole file.
#[track_caller]
pub fn write(
    path: impl AsRef<Path>,
    data: impl Into<Vec<u8>>,
) -> impl Future<Output = io::Result<()>> {
    let data = data.into();
    on_path("write", path, move |path| fs::write(path, data))
}

/// Puts `data` at the end of a file, which is made if it is not there.
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn append(
    path: impl AsRef<Path>,
    data: impl Into<Vec<u8>>,
) -> impl Future<Output = io::Result<()>> {
    let data = data.into();
    on_path("append to", path, move |path| {
        let options = fs::OpenOptions::new().append(true).create(true).open(path);
        options?.write_all(&data)
    })
}

/// Copies a file with its permissions and returns its length. As [`std::fs::copy`].
///
/// # Errors
///
/// Those of the system, with both paths.
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<u64>> {
    on_paths("copy", from, to, |from, to| fs::copy(from, to))
}
