//! What the tests of sockets share: a server on a free port, a client of it, data, a folder.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, iter};

use looplet::{ClientOutcome, Server, StreamReader, StreamWriter, open_connection, start_server};
use socket2::SockRef;

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
    iter::repeat_with(next).take(length).collect()
}

/// A folder of its own for a test; dropping it removes it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("looplet-unix-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("there is a folder for such things");
        Self(path)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is there");
    }
}

/// One who listens and accepts nobody, and connections up to the first that has to wait.
pub(crate) fn full_queue() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    // What listens already gets another length for its queue.
    SockRef::from(&listener).listen(0).expect("it listens");
    let address = listener.local_addr().expect("it is bound");
    let mut queued = Vec::new();
    loop {
        match TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            Ok(stream) => queued.push(stream),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                return (listener, queued);
            }
        }
    }
}

/// Where connections wait for a place for ever.
pub(crate) fn address_of_a_full_queue() -> SocketAddr {
    static FULL: OnceLock<(TcpListener, Vec<TcpStream>)> = OnceLock::new();
    let (listener, _) = FULL.get_or_init(full_queue);
    listener.local_addr().expect("it is bound")
}
