//! What it costs to move large bodies, plain and over TLS, both ways.
//!
//! The server is a thread that does as little as it can: it drops what comes and sends zeros.
//! What counts is the CPU time of the client's thread, as the kernel counts it, so a loaded
//! machine changes little.
//!
//! ```text
//! cargo bench -p looplet-http --bench bulk
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use looplet_http::blocking::{Response, Session};
use looplet_http::{SessionConfig, TlsConfig, Trust};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

/// Bytes of a body.
const SIZE: usize = 16 * 1024 * 1024;
/// How often each figure is measured.
const ROUNDS: usize = 5;

const AUTHORITY: &[u8] = include_bytes!("../tests/session/connect/certificates/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../tests/session/connect/certificates/server.pem");
const KEY: &[u8] = include_bytes!("../tests/session/connect/certificates/server.key");

fn main() {
    let tls = TlsConfig {
        trust: Trust::Pem(AUTHORITY.to_vec()),
        ..TlsConfig::default()
    };
    let config = SessionConfig {
        tls,
        ..SessionConfig::default()
    };
    let session = Session::with(config).expect("there are descriptors for a loop");
    let body = vec![0; SIZE];
    for (name, address) in [("http", serve(None)), ("https", serve(Some(settings())))] {
        let url = format!("{name}://{address}/");
        figure(&format!("{name}, 16 MiB down"), || {
            let mut response = session.get(&*url).send().expect("an answer");
            assert_eq!(Response::bytes(&mut response).expect("a body").len(), SIZE);
        });
        // What is sent is shared, not copied.
        let request = session.put(&*url).body(body.clone());
        figure(&format!("{name}, 16 MiB up"), || {
            let mut response = request.clone().send().expect("an answer");
            assert_eq!(Response::bytes(&mut response).expect("a body").len(), 0);
        });
    }
}

/// Prints the median CPU time of the thread, and the median time that passed.
fn figure(name: &str, mut work: impl FnMut()) {
    let mut spent: Vec<(u64, u64)> = (0..ROUNDS)
        .map(|_| {
            let (cpu, began) = (cpu_time(), Instant::now());
            work();
            let passed = began.elapsed().as_nanos() as u64;
            (cpu_time() - cpu, passed)
        })
        .collect();
    spent.sort_unstable();
    let (cpu, passed) = spent[ROUNDS / 2];
    let each = |nanoseconds: u64| nanoseconds / 1000 / (SIZE as u64 >> 20);
    println!(
        "{name:.<30} {:6} us CPU a MiB, {:6} us passed",
        each(cpu),
        each(passed)
    );
}

/// Nanoseconds that this thread has run.
fn cpu_time() -> u64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let first = line.split(' ').next().expect("a line has a first word");
    first.parse().expect("it is a number")
}

fn settings() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .expect("ring speaks them");
    let builder = builder.with_no_client_auth();
    Arc::new(
        builder
            .with_single_cert(vec![certificate], key)
            .expect("they fit"),
    )
}

/// Starts a server, over TLS if there are settings for it.
fn serve(tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            // The client leaves when it likes.
            let _ = match &tls {
                None => answer(peer),
                Some(tls) => secured(peer, tls),
            };
        }
    });
    address
}

fn secured(peer: TcpStream, tls: &Arc<ServerConfig>) -> io::Result<()> {
    let connection = ServerConnection::new(tls.clone()).map_err(io::Error::other)?;
    answer(StreamOwned::new(connection, peer))
}

/// Answers request after request.
fn answer(mut peer: impl Read + Write) -> io::Result<()> {
    let (zeros, mut buffer) = (vec![0; 256 * 1024], vec![0; 256 * 1024]);
    loop {
        let count = peer.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        if buffer.starts_with(b"GET") {
            peer.write_all(
                format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes(),
            )?;
            for _ in 0..SIZE / zeros.len() {
                peer.write_all(&zeros)?;
            }
        } else {
            let head = buffer[..count]
                .windows(4)
                .position(|end| end == b"\r\n\r\n");
            let mut received = count - head.map_or(count, |at| at + 4);
            while received < SIZE {
                received += peer.read(&mut buffer)?;
            }
            peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
        peer.flush()?;
    }
}
