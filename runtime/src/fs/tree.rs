//! Names and folders.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::os::unix;
use std::path::{Path, PathBuf};

use super::blocking::{on_path, on_paths};

/// Gives a file or a folder another name. As [`std::fs::rename`].
///
/// The Python counterpart is `os.rename`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with both paths.
///
/// # Cancel safety
///
/// As [all of these](super#cancel-safety): once begun, it happens.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-rename-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// fs::rename(dir.join("a"), dir.join("b")).await?;
/// assert!(!fs::try_exists(dir.join("a")).await?);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn rename(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    on_paths("rename", from, to, |from, to| fs::rename(from, to))
}

/// Gives a file a second name. As [`std::fs::hard_link`].
///
/// The Python counterpart is `os.link`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with both paths.
///
/// # Cancel safety
///
/// As [all of these](super#cancel-safety): once begun, it happens.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-hard-link-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// fs::hard_link(dir.join("a"), dir.join("b")).await?;
/// assert_eq!(fs::read(dir.join("b")).await?, b"text");
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn hard_link(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    on_paths("link", original, link, |from, to| fs::hard_link(from, to))
}

/// Makes a symbolic link to `original`. As [`std::os::unix::fs::symlink`].
///
/// The Python counterpart is `os.symlink`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with both paths.
///
/// # Cancel safety
///
/// As [all of these](super#cancel-safety): once begun, it happens.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-symlink-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::symlink("/", dir.join("root")).await?;
/// assert!(fs::metadata(dir.join("root")).await?.is_dir());
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
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
/// The Python counterpart is `os.readlink`; asyncio has none.
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
/// # let name = format!("looplet-read-link-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::symlink("/", dir.join("root")).await?;
/// assert_eq!(fs::read_link(dir.join("root")).await?.to_str(), Some("/"));
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    on_path("read the link", path, |path| fs::read_link(path))
}

/// Removes a file. As [`std::fs::remove_file`].
///
/// The Python counterpart is `os.remove`; asyncio has none.
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
/// # let name = format!("looplet-remove-file-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// fs::remove_file(dir.join("a")).await?;
/// assert!(!fs::try_exists(dir.join("a")).await?);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove", path, |path| fs::remove_file(path))
}

/// Removes an empty folder. As [`std::fs::remove_dir`].
///
/// The Python counterpart is `os.rmdir`; asyncio has none.
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
/// # let name = format!("looplet-remove-dir-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::create_dir(dir.join("a")).await?;
/// fs::remove_dir(dir.join("a")).await?;
/// assert!(!fs::try_exists(dir.join("a")).await?);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove the folder", path, |path| fs::remove_dir(path))
}

/// Removes a folder with everything in it. As [`std::fs::remove_dir_all`].
///
/// The Python counterpart is `shutil.rmtree`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path of the folder.
///
/// # Cancel safety
///
/// Once begun, it goes on in its thread to the end, or to the first error.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-remove-dir-all-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::create_dir_all(dir.join("a/b/c")).await?;
/// fs::remove_dir_all(dir.join("a")).await?;
/// assert!(!fs::try_exists(dir.join("a")).await?);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("remove the folder", path, |path| fs::remove_dir_all(path))
}

/// Makes a folder. As [`std::fs::create_dir`].
///
/// The Python counterpart is `os.mkdir`; asyncio has none.
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
/// # let name = format!("looplet-create-dir-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::create_dir(dir.join("a")).await?;
/// assert!(fs::create_dir(dir.join("a")).await.is_err());
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("make the folder", path, |path| fs::create_dir(path))
}

/// Makes a folder and those above it, as far as they are not there. As
/// [`std::fs::create_dir_all`].
///
/// The Python counterpart is `os.makedirs(…, exist_ok=True)`; asyncio has none.
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
/// # let name = format!("looplet-create-dir-all-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::create_dir_all(dir.join("a/b")).await?;
/// fs::create_dir_all(dir.join("a/b")).await?;
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    on_path("make the folder", path, |path| fs::create_dir_all(path))
}

/// Something in a folder; see [`read_dir`].
///
/// The Python counterpart is `os.DirEntry`.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-dir-entry-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// let entry: fs::DirEntry = fs::read_dir(&dir).await?.remove(0);
/// assert_eq!(entry.path, dir.join("a"));
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
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
/// Unlike [`std::fs::read_dir`], it gives everything at once: one switch to a thread then serves
/// for the whole folder. The Python counterpart is `os.scandir`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path of the folder.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be looking.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-read-dir-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("b"), "").await?;
/// fs::create_dir(dir.join("a")).await?;
/// let entries = fs::read_dir(&dir).await?;
/// assert_eq!(entries[0].file_name, "a");
/// assert!(entries[1].file_type.is_file());
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<DirEntry>>> {
    on_path("read the folder", path, |path| {
        let entries: io::Result<Vec<_>> = fs::read_dir(path)?.map(to_entry).collect();
        let mut entries = entries?;
        entries.sort_unstable_by(|a, b| a.file_name.cmp(&b.file_name));
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
