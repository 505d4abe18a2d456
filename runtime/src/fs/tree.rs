//! Names, folders and what the system knows of a file.

use std::ffi::OsString;
use std::fs::{self, FileType, Metadata, Permissions};
use std::io;
use std::os::unix;
use std::path::{Path, PathBuf};

use super::blocking::{on_path, on_paths};

/// Gives a file or a folder another name. As [`std::fs::rename`].
///
/// # Errors
///
/// Those of the system, with both paths.
#[track_caller]
pub fn rename(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    on_paths("rename", from, to, |from, to| fs::rename(from, to))
}

/// Gives a file a second name. As [`std::fs::hard_link`].
///
/// # Errors
///
/// Those of the system, with both paths.
#[track_caller]
pub fn hard_link(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    on_paths("link", original, link, |from, to| fs::hard_link(from, to))
}

/// Makes a symbolic link to `original`. As [`std::os::unix::fs::symlink`].
///
/// # Errors
///
/// Those of the system, with both paths.
#[track_caller]
pub fn symlink(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    on_paths("link", original, link, |from, to| {
        unix::fs::symlink(from, to)
    })
}

/// Returns where a symbolic link leads. As [`std::fs::read_link`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    on_path("read the link", path, |path| fs::read_link(path))
}

/// Removes a file. As [`std::fs::remove_file`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove", path, |path| fs::remove_file(path))
}

/// Removes an empty folder. As [`std::fs::remove_dir`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove the folder", path, |path| fs::remove_dir(path))
}

/// Removes a folder with everything in it. As [`std::fs::remove_dir_all`].
///
/// # Errors
///
/// Those of the system, with the path of the folder.
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove the folder", path, |path| fs::remove_dir_all(path))
}

/// Makes a folder. As [`std::fs::create_dir`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("make the folder", path, |path| fs::create_dir(path))
}

/// Makes a folder and those above it, as far as they are not there. As
/// [`std::fs::create_dir_all`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("make the folder", path, |path| fs::create_dir_all(path))
}

/// Returns what the system knows of a file; links are followed. As [`std::fs::metadata`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    on_path("look at", path, |path| fs::metadata(path))
}

/// Returns what the system knows of a file, or of a link itself. As
/// [`std::fs::symlink_metadata`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    on_path("look at", path, |path| fs::symlink_metadata(path))
}

/// Returns whether there is something at `path`. As [`std::fs::exists`].
///
/// # Errors
///
/// Those of the system, with the path: if it cannot tell.
#[track_caller]
pub fn try_exists(path: impl AsRef<Path>) -> impl Future<Output = io::Result<bool>> {
    on_path("look for", path, |path| path.try_exists())
}

/// Sets who may do what with a file. As [`std::fs::set_permissions`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn set_permissions(
    path: impl AsRef<Path>,
    permissions: Permissions,
) -> impl Future<Output = io::Result<()>> {
    on_path("set the permissions of", path, move |path| {
        fs::set_permissions(path, permissions)
    })
}

/// Returns the absolute path, without links in it. As [`std::fs::canonicalize`].
///
/// # Errors
///
/// Those of the system, with the path.
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    on_path("resolve", path, |path| fs::canonicalize(path))
}

/// Something in a folder; see [`read_dir`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The path that was asked for, with the name at its end.
    pub path: PathBuf,
    /// The name in the folder.
    pub file_name: OsString,
    /// What it is; links are not followed.
    pub file_type: FileType,
}

/// Returns what is in a folder, sorted by name.
///
/// Unlike [`std::fs::read_dir`], it gives everything at once: one switch to a thread then
/// serves for the whole folder.
///
/// # Errors
///
/// Those of the system, with the path of the folder.
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<DirEntry>>> {
    on_path("read the folder", path, |path| {
        let entries: io::Result<Vec<_>> = fs::read_dir(path)?.map(to_entry).collect();
        let mut entries = entries?;
        entries.sort_by(|a, b| a.file_name.cmp(&b.file_name));
        Ok(entries)
    })
}

fn to_entry(entry: io::Result<fs::DirEntry>) -> io::Result<DirEntry> {
    let entry = entry?;
    Ok(DirEntry {
        path: entry.path(),
        file_name: entry.file_name(),
        file_type: entry.file_type()?,
    })
}
