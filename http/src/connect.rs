//! From an origin to a connected socket: look the name up, try its addresses.

use std::net::SocketAddr;

use looplet::{TcpStream, resolve};

use crate::error::{ConnectAttempt, Error, Phase};
use crate::message::{Origin, Scheme};
use crate::timeouts::{Deadline, Timeouts};

/// Connects to `origin`, at the first of its addresses that accepts.
///
/// # Errors
///
/// [`Error::Resolve`], [`Error::Connect`] with a line for each address, or
/// [`Error::Timeout`].
pub(crate) async fn connect(
    origin: &Origin,
    timeouts: &Timeouts,
    deadline: Deadline,
) -> Result<TcpStream, Error> {
    if origin.scheme() == Scheme::Https {
        return Err(Error::UnsupportedScheme {
            scheme: "https".to_string(),
        });
    }
    let looking_up = resolve(origin.host(), origin.port());
    let found = deadline
        .within(Phase::Resolve, timeouts.resolve, looking_up)
        .await?;
    let addresses = found.map_err(|error| Error::Resolve {
        host: origin.host().to_string(),
        cause: error.to_string(),
    })?;
    let trying = try_each(origin, addresses);
    deadline
        .within(Phase::Connect, timeouts.connect, trying)
        .await?
}

async fn try_each(origin: &Origin, addresses: Vec<SocketAddr>) -> Result<TcpStream, Error> {
    let mut attempts: Vec<ConnectAttempt> = Vec::new();
    for address in addresses {
        if attempts.iter().any(|attempt| attempt.address == address) {
            continue;
        }
        match TcpStream::connect_to(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => attempts.push(ConnectAttempt {
                address,
                kind: error.kind(),
                message: error.to_string(),
            }),
        }
    }
    Err(Error::Connect {
        host: origin.host().to_string(),
        attempts,
    })
}
