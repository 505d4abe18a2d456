//! Files: the calls of `std::fs`, on threads.
//!
//! The kernel has no readiness for files: a read of one blocks until the disk has answered. So
//! each function here moves one blocking call to the loop's default pool, as Python programs do
//! with `to_thread` or `aiofiles`. What it costs is a thread switch each way; so read and write
//! whole files, or large pieces, and do not expect a single call to be faster than `std::fs`.
//!
//! # Rules
//!
//! 1. The names, the meanings and the kinds of errors are those of `std::fs`.
//! 2. An error says what was attempted and on which path; the system's own error is its
//!    [`source`](std::error::Error::source).
//! 3. All of these panic if no loop is running, when they are first polled.
//!
//! # Cancel safety
//!
//! When one of these functions is cancelled, or dropped, an operation that has begun goes on in
//! its thread: the file may be written after all. One that has not begun never happens.
//! Operations on an open [`File`] are stricter: once begun, each happens, and the next one waits
//! for it.
//!
//! ```
//! use looplet::{fs, run};
//!
//! # fn main() -> std::io::Result<()> {
//! # let path = std::env::temp_dir().join(format!("looplet-doc-fs-{}", std::process::id()));
//! run(async move {
//!     fs::write(&path, "two\nlines\n").await?;
//!     assert_eq!(fs::read_to_string(&path).await?.lines().count(), 2);
//!     fs::remove_file(&path).await?;
//!     let error = fs::read(&path).await.expect_err("it is gone");
//!     assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
//!     assert!(error.to_string().starts_with(&format!("cannot read `{}`", path.display())));
//!     Ok(())
//! })
//! # }
//! ```

mod blocking;
mod whole;
mod tree;
mod metadata;
mod file;

pub use self::file::File;
pub use self::metadata::{canonicalize, metadata, set_permissions, symlink_metadata, try_exists};
pub use self::tree::{
    DirEntry, create_dir, create_dir_all, hard_link, read_dir, read_link, remove_dir,
    remove_dir_all, remove_file, rename, symlink,
};
pub use self::whole::{append, copy, read, read_to_string, write};
