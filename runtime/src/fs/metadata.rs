//! What the system knows of a file: its kind, its size, who may do what, and where it really is.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::blocking::on_path;

/// Returns what the system knows of a file; links are followed. As [`std::fs::metadata`].
///
/// The Python counterpart is `os.stat`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be looking.
///
/// ```
/// use looplet::{fs, run};
///
/// let root = run(fs::metadata("/")).expect("there is always a root");
/// assert!(root.is_dir());
/// ```
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    on_path("look at", path, |path| fs::metadata(path))
}

/// Returns what the system knows of a file, or of a link itself. As
/// [`std::fs::symlink_metadata`].
///
/// The Python counterpart is `os.lstat`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be looking.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-symlink-metadata-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::symlink("/", dir.join("root")).await?;
/// assert!(fs::symlink_metadata(dir.join("root")).await?.is_symlink());
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    on_path("look at", path, |path| fs::symlink_metadata(path))
}

/// Returns whether there is something at `path`. As [`std::fs::exists`].
///
/// The Python counterpart is `os.path.exists`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path: if it cannot tell.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be looking.
///
/// ```
/// use looplet::{fs, run};
///
/// assert!(run(fs::try_exists("/")).expect("it can be told"));
/// ```
#[track_caller]
pub fn try_exists(path: impl AsRef<Path>) -> impl Future<Output = io::Result<bool>> {
    on_path("look for", path, |path| path.try_exists())
}

/// Sets who may do what with a file. As [`std::fs::set_permissions`].
///
/// The Python counterpart is `os.chmod`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// As [all of these](super#cancel-safety): once begun, it happens.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-set-permissions-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// let path = dir.join("a");
/// fs::write(&path, "text").await?;
/// let mut permissions = fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&path, permissions).await?;
/// assert!(fs::metadata(&path).await?.permissions().readonly());
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
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
/// The Python counterpart is `os.path.realpath`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be looking.
///
/// ```
/// use looplet::{fs, run};
///
/// let path = run(fs::canonicalize("/..")).expect("the root is above itself");
/// assert_eq!(path.to_str(), Some("/"));
/// ```
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    on_path("resolve", path, |path| fs::canonicalize(path))
}
