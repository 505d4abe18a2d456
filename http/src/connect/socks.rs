//! Asking a SOCKS proxy for a connection: versions 4, 4a and 5 (RFC 1928, RFC 1929).
//!
//! # Rules
//!
//! 1. Every field of an answer is looked at before it is believed, and nothing is read beyond
//!    the answer: the next byte belongs to the server behind the proxy.
//! 2. A name or a user that does not fit into its field is an error, and never cut.
//! 3. What is sent in version 5 before the proxy has chosen a method is the choice alone, so a
//!    password goes only to a proxy that asks for it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::talk::{receive, send};
use crate::error::{Error, Phase};
use crate::proxy::{Proxy, ProxyKind};
use crate::socket::Layer;
use crate::timeouts::in_phase;

/// Where the proxy is to connect to.
#[derive(Clone, Debug)]
pub(super) enum Target<'t> {
    Address(SocketAddr),
    Name(&'t str, u16),
}

/// Asks `proxy`, which is at the other end of `layer`, to connect to `target`.
///
/// # Errors
///
/// [`Error::Proxy`] with what the proxy said, or what cannot be said to it.
pub(super) async fn ask(
    layer: &impl Layer,
    proxy: &Proxy,
    target: Target<'_>,
) -> Result<(), Error> {
    let asked = match proxy.kind() {
        ProxyKind::Socks4 | ProxyKind::Socks4a => ask_version_4(layer, proxy, target).await,
        _ => ask_version_5(layer, proxy, target).await,
    };
    asked.map_err(|fault| match fault {
        Fault::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => refusal(
            proxy,
            "it closed the connection in the middle of its answer",
        ),
        Fault::Io(error) => in_phase(Phase::Proxy)(error),
        Fault::Said(cause) => refusal(proxy, &cause),
    })
}

fn refusal(proxy: &Proxy, cause: &str) -> Error {
    Error::Proxy {
        proxy: proxy.to_string(),
        cause: cause.to_owned(),
    }
}

/// What can go wrong.
enum Fault {
    Io(io::Error),
    Said(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

fn said(cause: impl Into<String>) -> Fault {
    Fault::Said(cause.into())
}

async fn ask_version_4(layer: &impl Layer, proxy: &Proxy, target: Target<'_>) -> Result<(), Fault> {
    send(layer, &request_4(proxy, &target)?).await?;
    let mut answer = [0; 8];
    receive_exactly(layer, &mut answer).await?;
    match (answer[0], answer[1]) {
        (0, 90) => Ok(()),
        (0, 91) => Err(said("it refused the connection, or it failed")),
        (0, 92) => Err(said("it wants to ask an identd, which is not there")),
        (0, 93) => Err(said("the identd of this machine knows another user")),
        (0, code) => Err(said(format!("it answered with the unknown code {code}"))),
        (version, _) => Err(said(format!("its answer begins with {version:#04x}"))),
    }
}

/// The request of version 4. In 4a, an address that cannot be one says that a name follows.
fn request_4(proxy: &Proxy, target: &Target<'_>) -> Result<Vec<u8>, Fault> {
    let (ip, port, name) = match target {
        Target::Address(SocketAddr::V4(address)) => (address.ip().octets(), address.port(), None),
        Target::Address(SocketAddr::V6(_)) => {
            return Err(said("SOCKS 4 knows no IPv6 addresses"));
        }
        Target::Name(name, port) => ([0, 0, 0, 1], *port, Some(field("name", name.as_bytes())?)),
    };
    let user = proxy.credentials().map_or(&b""[..], |(user, _)| user);
    let mut request = vec![4, 1];
    request.extend_from_slice(&port.to_be_bytes());
    request.extend_from_slice(&ip);
    request.extend_from_slice(field("user", user)?);
    request.push(0);
    if let Some(name) = name {
        request.extend_from_slice(name);
        request.push(0);
    }
    Ok(request)
}

async fn ask_version_5(layer: &impl Layer, proxy: &Proxy, target: Target<'_>) -> Result<(), Fault> {
    let offer: &[u8] = match proxy.credentials() {
        None => &[5, 1, 0],
        Some(_) => &[5, 2, 0, 2],
    };
    send(layer, offer).await?;
    let mut choice = [0; 2];
    receive_exactly(layer, &mut choice).await?;
    match (choice, proxy.credentials()) {
        ([5, 0], _) => {}
        ([5, 2], Some(credentials)) => log_in(layer, credentials).await?,
        ([5, 0xff], None) => return Err(said("it wants a user and a password")),
        ([5, 0xff], Some(_)) => return Err(said("it takes no user and no password")),
        ([5, method], _) => {
            return Err(said(format!(
                "it chose the method {method}, which was not offered"
            )));
        }
        ([version, _], _) => return Err(said(format!("its answer begins with {version:#04x}"))),
    }
    send(layer, &request_5(&target)?).await?;
    read_answer_5(layer).await
}

/// User and password (RFC 1929).
async fn log_in(layer: &impl Layer, (user, password): (&[u8], &[u8])) -> Result<(), Fault> {
    let mut request = vec![1];
    for (what, bytes) in [("user", user), ("password", password)] {
        let bytes = field(what, bytes)?;
        request.push(bytes.len() as u8);
        request.extend_from_slice(bytes);
    }
    send(layer, &request).await?;
    let mut answer = [0; 2];
    receive_exactly(layer, &mut answer).await?;
    match answer {
        [_, 0] => Ok(()),
        _ => Err(said("it does not accept user and password")),
    }
}

fn request_5(target: &Target<'_>) -> Result<Vec<u8>, Fault> {
    let mut request = vec![5, 1, 0];
    let port = match target {
        Target::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    request.push(1);
                    request.extend_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    request.push(4);
                    request.extend_from_slice(&ip.octets());
                }
            }
            address.port()
        }
        Target::Name(name, port) => {
            let name = field("name", name.as_bytes())?;
            request.extend_from_slice(&[3, name.len() as u8]);
            request.extend_from_slice(name);
            *port
        }
    };
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

/// Reads the answer, and over the address in it, which nobody needs.
async fn read_answer_5(layer: &impl Layer) -> Result<(), Fault> {
    let mut answer = [0; 4];
    receive_exactly(layer, &mut answer).await?;
    let [version, code, _, kind] = answer;
    if version != 5 {
        return Err(said(format!("its answer begins with {version:#04x}")));
    }
    if code != 0 {
        return Err(said(reason_5(code)));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let mut length = [0];
            receive_exactly(layer, &mut length).await?;
            usize::from(length[0])
        }
        _ => {
            return Err(said(format!(
                "it named an address of the unknown kind {kind}"
            )));
        }
    };
    let mut address_and_port = [0; 255 + 2];
    Ok(receive_exactly(layer, &mut address_and_port[..length + 2]).await?)
}

/// What the codes of RFC 1928 mean.
fn reason_5(code: u8) -> String {
    let reason = match code {
        1 => "it failed in general",
        2 => "its rules do not allow the connection",
        3 => "the network cannot be reached",
        4 => "the host cannot be reached",
        5 => "the connection was refused",
        6 => "the connection took too long",
        7 => "it does not know how to connect",
        8 => "it does not know this kind of address",
        _ => return format!("it answered with the unknown code {code}"),
    };
    reason.to_owned()
}

/// A field of the request: at most 255 bytes, and no zero, which would end it.
fn field<'b>(what: &str, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
    if bytes.len() > 255 {
        let length = bytes.len();
        return Err(said(format!(
            "the {what} has {length} bytes, and SOCKS allows 255"
        )));
    }
    if bytes.contains(&0) {
        return Err(said(format!("there is a zero byte in the {what}")));
    }
    Ok(bytes)
}

/// Receives exactly as much as fits.
async fn receive_exactly(layer: &impl Layer, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        filled += receive(layer, &mut buffer[filled..]).await?;
    }
    Ok(())
}
