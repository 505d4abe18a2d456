//! The file that a listening UNIX socket is found by.
//!
//! Such a file outlives its socket: a server that was killed leaves one behind that nobody
//! answers. So a server that comes up looks at what is in its way.
//!
//! # Rules
//!
//! 1. A socket that nobody listens on is removed; one that somebody listens on is not, and
//!    neither is a file of any other kind.
//!    A socket that is bound and does not listen yet looks like the first kind.
//! 2. On the way out a file is removed only if it is still the one that was made here.
//!
//! A name that begins with a zero is abstract (Linux), and there is no file.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// The file of a socket that was bound. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The device and the number by which the file is known again.
    identity: (u64, u64),
}

impl SocketFile {
    /// Makes way for a socket at `path`.
    pub(super) fn make_way(path: &Path) -> io::Result<()> {
        let found = match fs::symlink_metadata(path) {
            Ok(found) if !is_abstract(path) => found,
            // What else is wrong with the path, `bind` says.
            _ => return Ok(()),
        };
        if !found.file_type().is_socket() {
            return Err(in_use(path, "it is a file, and not a socket"));
        }
        if is_alive(path) {
            return Err(in_use(path, "another server listens on it"));
        }
        fs::remove_file(path)
    }

    /// Takes charge of the file of a socket that was bound to `path`.
    pub(super) fn of_bound(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        Some(Self {
            path: path.to_path_buf(),
            identity: (found.dev(), found.ino()),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| (found.dev(), found.ino()) == self.identity) {
            // An error means that somebody was faster.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The address of a socket at `path`. The kernel ends a path at its first zero, and gives a socket
/// without a path a name of its own making: neither is what was asked for.
pub(super) fn address_of(path: &Path) -> io::Result<SockAddr> {
    let bytes = path.as_os_str().as_bytes();
    let what = match bytes {
        [] => "the path is empty",
        bytes if bytes.contains(&0) && !is_abstract(path) => "there is a zero in the path",
        _ => return SockAddr::unix(path),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

fn is_abstract(path: &Path) -> bool {
    path.as_os_str().as_bytes().first() == Some(&0)
}

/// Whether somebody listens. In doubt, yes.
fn is_alive(path: &Path) -> bool {
    let knock = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&address_of(path)?)
    };
    !matches!(knock(), Err(error) if error.kind() == io::ErrorKind::ConnectionRefused)
}

fn in_use(path: &Path, why: &str) -> io::Error {
    let path = path.display();
    io::Error::new(
        io::ErrorKind::AddrInUse,
        format!("cannot listen on {path}: {why}"),
    )
}
