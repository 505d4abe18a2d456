//! Sockets that come from elsewhere: connected by an accept or by the program, or bound by the
//! program for a server. Whatever their family is, the kernel tells.

use std::io;
use std::os::fd::OwnedFd;

use socket2::{Domain, SockRef, Type};

use super::bind::Bound;
use super::endpoint::Endpoint;
use super::socket_file::SocketFile;
use super::stream::Connection;
use super::tcp::TcpStream;
use super::unix::UnixStream;
use crate::event_loop::{Direction, EventLoop};

/// Registers a connected socket of either family with `event_loop`, and makes it non-blocking.
/// Not the first try but the kernel says when there is something to read.
///
/// # Errors
///
/// `InvalidInput` if it is not a stream socket.
pub(crate) fn adopt(event_loop: &EventLoop, socket: OwnedFd) -> io::Result<Box<dyn Connection>> {
    let is_ip = is_ip_stream(&SockRef::from(&socket))?;
    let connection: Box<dyn Connection> = match is_ip {
        true => Box::new(TcpStream::register_with(event_loop, socket.into())?),
        false => Box::new(UnixStream::register_with(event_loop, socket.into())?),
    };
    connection.registration().clear_ready(Direction::Read);
    Ok(connection)
}

/// Takes over a stream socket that the program has bound, of either family, and makes it
/// non-blocking. If its file is to be removed, that is returned beside it.
///
/// # Errors
///
/// `InvalidInput` if it is not a stream socket.
pub(crate) fn adopt_bound(
    socket: OwnedFd,
    cleanup: bool,
) -> io::Result<(Bound, Option<SocketFile>)> {
    is_ip_stream(&SockRef::from(&socket))?;
    let name = Endpoint::local(&socket)?;
    let path = name.path().filter(|_| cleanup);
    let file = path.and_then(SocketFile::of_bound);
    let socket = socket.into();
    Ok((Bound { socket, name }, file))
}

/// Prepares a stream socket; says whether its family is one of IP.
fn is_ip_stream(socket: &SockRef<'_>) -> io::Result<bool> {
    if socket.r#type()? != Type::STREAM {
        let text = "a stream socket was expected";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    socket.set_nonblocking(true)?;
    Ok([Domain::IPV4, Domain::IPV6].contains(&socket.domain()?))
}
