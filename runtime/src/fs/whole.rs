//! Whole files, in one call each.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::blocking::{on_path, on_paths};

/// Reads a whole file. As [`std::fs::read`].
///
/// The Python counterpart is `Path.read_bytes`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be reading.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-read-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), [1, 2, 3]).await?;
/// assert_eq!(fs::read(dir.join("a")).await?, [1, 2, 3]);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<u8>>> {
    on_path("read", path, |path| fs::read(path))
}

/// Reads a whole file as text. As [`std::fs::read_to_string`].
///
/// The Python counterpart is `Path.read_text`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path; `InvalidData` if it is not UTF-8.
///
/// # Cancel safety
///
/// It changes nothing; its thread may still be reading.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-read-to-string-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// assert_eq!(fs::read_to_string(dir.join("a")).await?, "text");
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> impl Future<Output = io::Result<String>> {
    on_path("read", path, |path| fs::read_to_string(path))
}

/// Makes a file of `data`, or replaces what it held. As [`std::fs::write`].
///
/// The Python counterpart is `Path.write_bytes`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// A write that is cancelled after it has begun goes on, and leaves the whole file.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-write-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "one").await?;
/// fs::write(dir.join("a"), "two").await?;
/// assert_eq!(fs::read(dir.join("a")).await?, b"two");
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
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
/// The Python counterpart is `open(path, "ab").write`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with the path.
///
/// # Cancel safety
///
/// As [all of these](super#cancel-safety): once begun, it happens. A part may have been written.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-append-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::append(dir.join("log"), "one ").await?;
/// fs::append(dir.join("log"), "two").await?;
/// assert_eq!(fs::read(dir.join("log")).await?, b"one two");
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
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
/// The Python counterpart is `shutil.copy`; asyncio has none.
///
/// # Errors
///
/// Those of the system, with both paths.
///
/// # Cancel safety
///
/// Once begun, it goes on in its thread to the end.
///
/// ```
/// use looplet::{fs, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let name = format!("looplet-copy-{}", std::process::id());
/// # let dir = std::env::temp_dir().join(name);
/// # std::fs::create_dir(&dir)?;
/// # run(async move {
/// fs::write(dir.join("a"), "text").await?;
/// assert_eq!(fs::copy(dir.join("a"), dir.join("b")).await?, 4);
/// # std::fs::remove_dir_all(&dir)
/// # })
/// # }
/// ```
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<u64>> {
    on_paths("copy", from, to, |from, to| fs::copy(from, to))
}
