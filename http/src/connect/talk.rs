//! Sending and receiving on the way to a connection: few bytes, in turns.

use std::io::{self, IoSlice};

use crate::socket::Layer;

/// Sends all of `bytes`.
pub(super) async fn send(layer: &impl Layer, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match layer.try_write(&[IoSlice::new(bytes)]) {
            Ok(taken) => bytes = &bytes[taken..],
            Err(error) => wait_to_write(layer, error).await?,
        }
    }
    while let Err(error) = layer.try_flush() {
        wait_to_write(layer, error).await?;
    }
    Ok(())
}

async fn wait_to_write(layer: &impl Layer, error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::WouldBlock => layer.socket().writable().await,
        io::ErrorKind::Interrupted => Ok(()),
        _ => Err(error),
    }
}

/// Receives at least a byte. The end of the stream is an error.
pub(super) async fn receive(layer: &impl Layer, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match layer.try_read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                layer.socket().readable().await?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
