//! What an end of a connection is called, whatever the family of its socket.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use socket2::{SockAddr, SockRef};

/// The name of one end of a connection, of whatever family.
///
/// In asyncio, what `get_extra_info` has under `sockname` and `peername`.
///
/// ```
/// use looplet::Endpoint;
///
/// let here = Endpoint::Ip("127.0.0.1:80".parse().expect("it is an address"));
/// assert_eq!(here.to_string(), "127.0.0.1:80");
/// assert_eq!(here.path(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// An address and a port.
    Ip(SocketAddr),
    /// A socket in the file system; abstract names of Linux begin with a zero.
    Path(PathBuf),
    /// A UNIX socket that has no name, as those of clients.
    Unnamed,
}

impl Endpoint {
    /// The name of this end of a socket.
    pub(crate) fn local(socket: &impl AsFd) -> io::Result<Self> {
        SockRef::from(socket).local_addr().map(Endpoint::of)
    }

    /// The name of the other end of a socket.
    pub(crate) fn peer(socket: &impl AsFd) -> io::Result<Self> {
        SockRef::from(socket).peer_addr().map(Endpoint::of)
    }

    fn of(name: SockAddr) -> Self {
        if let Some(address) = name.as_socket() {
            return Endpoint::Ip(address);
        }
        if let Some(name) = name.as_abstract_namespace().filter(|name| !name.is_empty()) {
            let name = [&[0], name].concat();
            return Endpoint::Path(OsStr::from_bytes(&name).into());
        }
        let path = name.as_pathname().map(Path::to_path_buf);
        path.map_or(Endpoint::Unnamed, Endpoint::Path)
    }

    /// Returns the address and the port, if it has them.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Endpoint::Ip(address) => Some(*address),
            Endpoint::Path(_) | Endpoint::Unnamed => None,
        }
    }

    /// Returns the path, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Endpoint::Path(path) => Some(path),
            Endpoint::Ip(_) | Endpoint::Unnamed => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Ip(address) => address.fmt(f),
            Endpoint::Path(path) => path.display().fmt(f),
            Endpoint::Unnamed => f.write_str("a socket without a name"),
        }
    }
}
