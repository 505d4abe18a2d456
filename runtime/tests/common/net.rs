//! What the tests of sockets share: a server on a free port, a client of it, data.

use std::net::SocketAddr;

use looplet::{ClientOutcome, Server, StreamReader, StreamWriter, open_connection, start_server};

pub(crate) async fn serve<F, O>(client_connected: F) -> Server
where
    F: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let server = start_server("127.0.0.1:0", client_connected).await;
    server.expect("a port is free")
}

pub(crate) async fn connect(address: SocketAddr) -> (StreamReader, StreamWriter) {
    open_connection(address).await.expect("somebody listens")
}

/// A server that sends `data` and closes, and the reader of a client of it.
pub(crate) async fn reader_of(data: &'static [u8]) -> (StreamReader, StreamWriter, Server) {
    let server = serve(async move |_, writer| writer.write(data)).await;
    let (reader, writer) = connect(server.local_addr()).await;
    (reader, writer, server)
}

pub(crate) async fn echo(reader: StreamReader, writer: StreamWriter) {
    while let Ok(data) = reader.read(1 << 16).await {
        if data.is_empty() || writer.write_all(&data).await.is_err() {
            break;
        }
    }
}

/// Bytes in which a lost or doubled piece shows.
pub(crate) fn pattern(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
