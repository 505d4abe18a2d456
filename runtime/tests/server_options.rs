//! How servers are set up: families, sockets of the program's own, files, and when they begin.
//! Each claim is made for streams and for transports.

mod common;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use common::net::{Folder, connect};
use common::{run_virtual, turns};
use looplet::{
    AddressFamily, Endpoint, Protocol, ServeError, ServerOptions, Transport, TransportServer,
    catch_cancel, create_task, get_running_loop, open_connection, open_unix_connection,
    start_server_on, start_server_with, start_unix_server_with,
};

struct Greet;

impl Protocol for Greet {
    fn connection_made(&mut self, transport: &Transport) {
        transport.write(b"hello");
        transport.close();
    }
}

fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// What a client of `address` is told.
async fn greeting(address: SocketAddr) -> Vec<u8> {
    let (reader, _writer) = connect(address).await;
    reader.read_to_end().await.expect("the server closes")
}

async fn transport_server(options: ServerOptions) -> TransportServer {
    let event_loop = get_running_loop();
    let server = event_loop.create_server_with(|| Greet, "127.0.0.1:0", options);
    server.await.expect("a port is free")
}

fn not_yet() -> ServerOptions {
    ServerOptions {
        start_serving: false,
        ..Default::default()
    }
}

#[test]
fn a_family_leaves_the_other_addresses_of_a_name_out() {
    run_virtual(async {
        for family in [AddressFamily::Ipv4, AddressFamily::Ipv6] {
            let options = ServerOptions {
                family,
                ..Default::default()
            };
            let other = match family {
                AddressFamily::Ipv4 => "[::1]:0",
                _ => "127.0.0.1:0",
            };
            let refused = start_server_with(other, options.clone(), async |_, _| ()).await;
            let refused = refused.expect_err("it has no such address");
            assert_eq!(refused.kind(), ErrorKind::AddrNotAvailable);
            let text = format!("{other} has no address of the family {family:?}");
            assert_eq!(refused.to_string(), text);
            let event_loop = get_running_loop();
            let refused = event_loop.create_server_with(|| Greet, other, options);
            assert_eq!(refused.await.expect_err("as above").to_string(), text);
        }
        let options = ServerOptions {
            family: AddressFamily::Ipv4,
            ..Default::default()
        };
        let server = start_server_with("localhost:0", options, async |_, _| ()).await;
        let addresses = server.expect("every system has it").local_addrs();
        assert!(!addresses.is_empty() && addresses.iter().all(SocketAddr::is_ipv4));
    });
}

#[test]
fn a_server_of_streams_takes_over_a_bound_socket() {
    run_virtual(async {
        let (socket, address) = bound();
        let options = ServerOptions::default();
        let server = start_server_on(socket, options, async |_, writer| writer.write(b"hello"));
        let server = server.expect("it is bound");
        assert_eq!(server.local_addr(), &Endpoint::Ip(address));
        assert_eq!(greeting(address).await, b"hello");
        server.close();
        open_connection(address).await.expect_err("it is closed");
    });
}

#[test]
fn a_server_of_transports_takes_over_a_bound_socket() {
    run_virtual(async {
        let (socket, address) = bound();
        let options = ServerOptions::default();
        let server = get_running_loop().create_server_on(|| Greet, socket, options);
        let server = server.expect("it is bound");
        assert_eq!(server.local_addr(), &Endpoint::Ip(address));
        assert_eq!(greeting(address).await, b"hello");
        server.close();
        open_connection(address).await.expect_err("it is closed");
    });
}

#[test]
fn a_unix_socket_that_is_taken_over_keeps_or_loses_its_file_as_the_options_say() {
    run_virtual(async {
        for cleanup_socket in [true, false] {
            let options = ServerOptions {
                cleanup_socket,
                ..Default::default()
            };
            let folder = Folder::new();
            let path = folder.socket();
            let socket = UnixListener::bind(&path).expect("there is a folder");
            let server = start_server_on(socket, options.clone(), async |_, writer| {
                writer.write(b"hello")
            });
            let server = server.expect("it is bound");
            assert_eq!(server.local_addr(), &Endpoint::Path(path.clone()));
            let (reader, _writer) = open_unix_connection(&path).await.expect("it listens");
            assert_eq!(reader.read_to_end().await.expect("it closes"), b"hello");
            server.close();
            assert_eq!(path.exists(), !cleanup_socket);

            let folder = Folder::new();
            let path = folder.socket();
            let socket = UnixListener::bind(&path).expect("there is a folder");
            let server = get_running_loop().create_server_on(|| Greet, socket, options);
            let server = server.expect("it is bound");
            let (reader, _writer) = open_unix_connection(&path).await.expect("it listens");
            assert_eq!(reader.read_to_end().await.expect("it closes"), b"hello");
            server.close();
            assert_eq!(path.exists(), !cleanup_socket);
        }
    });
}

#[test]
fn the_file_of_a_unix_server_stays_if_the_options_say_so() {
    run_virtual(async {
        let options = ServerOptions {
            cleanup_socket: false,
            ..Default::default()
        };
        let folder = Folder::new();
        let server = start_unix_server_with(folder.socket(), options.clone(), async |_, _| ());
        server.expect("there is a folder").close();
        assert!(folder.socket().exists());
        // It is what a dead server would have left, and is replaced.
        let event_loop = get_running_loop();
        let server = event_loop.create_unix_server_with(|| Greet, folder.socket(), options);
        server.expect("nobody listens").close();
        assert!(folder.socket().exists());
    });
}

#[test]
fn a_socket_of_another_kind_is_refused() {
    run_virtual(async {
        let socket = || -> OwnedFd {
            let socket = UdpSocket::bind("127.0.0.1:0");
            socket.expect("a port is free").into()
        };
        let options = ServerOptions::default();
        let refused = start_server_on(socket(), options.clone(), async |_, _| ());
        let refused = refused.expect_err("it has no connections");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert_eq!(refused.to_string(), "a stream socket was expected");
        let refused = get_running_loop().create_server_on(|| Greet, socket(), options);
        let refused = refused.expect_err("it has no connections");
        assert_eq!(refused.to_string(), "a stream socket was expected");
    });
}

#[test]
fn a_server_of_transports_can_be_started_later_and_twice() {
    run_virtual(async {
        let server = transport_server(not_yet()).await;
        assert!(!server.is_serving());
        let refused = open_connection(server.local_addr())
            .await
            .expect_err("it does not listen");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        server.start_serving().expect("it is bound");
        server.start_serving().expect("it serves");
        assert!(server.is_serving());
        assert_eq!(greeting(server.local_addr()).await, b"hello");
    });
}

#[test]
fn serve_forever_starts_a_server_of_transports() {
    run_virtual(async {
        let server = std::rc::Rc::new(transport_server(not_yet()).await);
        let own = server.clone();
        let serving = create_task(async move { own.serve_forever().await });
        turns(1).await;
        assert_eq!(greeting(server.local_addr()).await, b"hello");
        server.close();
        serving.await.expect("it was closed");
    });
}

#[test]
fn serve_forever_of_transports_is_for_one_task_and_not_for_a_closed_server() {
    run_virtual(async {
        let server = std::rc::Rc::new(transport_server(ServerOptions::default()).await);
        let own = server.clone();
        let serving = create_task(async move { own.serve_forever().await });
        turns(1).await;
        let refused = server.serve_forever().await;
        assert!(matches!(refused, Err(ServeError::AlreadyServing)));
        assert!(server.is_serving());
        server.close();
        serving.await.expect("it was closed");
        let refused = server.serve_forever().await;
        assert!(matches!(refused, Err(ServeError::Closed)));
        let refused = server.start_serving();
        assert!(matches!(refused, Err(ServeError::Closed)));
    });
}

/// Waits for its peer.
struct Linger;

impl Protocol for Linger {}

#[test]
fn a_cancelled_serve_forever_of_transports_closes_the_connections_and_waits_for_them() {
    run_virtual(async {
        let event_loop = get_running_loop();
        let server = event_loop.create_server(|| Linger, "127.0.0.1:0").await;
        let server = std::rc::Rc::new(server.expect("a port is free"));
        let (reader, _writer) = connect(server.local_addr()).await;
        let own = server.clone();
        let serving = create_task(async move {
            let served = catch_cancel(own.serve_forever()).await;
            let cancelled = served.expect_err("it serves until then");
            assert_eq!(own.clients(), 0);
            cancelled.raise().await
        });
        turns(1).await;
        while server.clients() == 0 {
            looplet::yield_now().await;
        }
        serving.cancel();
        serving.join().await.expect_err("the cancel goes on");
        assert_eq!(reader.read_to_end().await.expect("it was closed"), b"");
    });
}

#[test]
fn servers_know_their_loop() {
    run_virtual(async {
        let server = transport_server(not_yet()).await;
        let own = server.get_loop().expect("it runs");
        assert!(own.is_running());
        let (socket, _) = bound();
        let server = start_server_on(socket, not_yet(), async |_, _| ()).expect("it is bound");
        assert!(server.get_loop().expect("it runs").is_running());
    });
}

#[test]
fn two_servers_may_share_a_port_if_both_say_so() {
    run_virtual(async {
        let options = ServerOptions {
            reuse_port: true,
            ..Default::default()
        };
        let first = transport_server(options.clone()).await;
        let address = first.local_addr();
        let event_loop = get_running_loop();
        let second = event_loop
            .create_server_with(|| Greet, address, options.clone())
            .await;
        assert_eq!(second.expect("the port is shared").local_addr(), address);
        let third = event_loop.create_server(|| Greet, address).await;
        assert_eq!(third.expect_err("it is not").kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn connections_of_a_server_that_says_so_are_kept_alive() {
    struct Ask(looplet::Queue<bool>);
    impl Protocol for Ask {
        fn connection_made(&mut self, transport: &Transport) {
            let alive = transport.with_socket(|socket| socket2::SockRef::from(&socket).keepalive());
            let alive = alive.expect("it is a socket").expect("the system tells");
            self.0.put_nowait(alive).expect("it has no bound");
        }
    }
    run_virtual(async {
        for keep_alive in [true, false] {
            let options = ServerOptions {
                keep_alive,
                ..Default::default()
            };
            let queue = looplet::Queue::new(0);
            let told = queue.clone();
            let event_loop = get_running_loop();
            let server =
                event_loop.create_server_with(move || Ask(told.clone()), "127.0.0.1:0", options);
            let server = server.await.expect("a port is free");
            let _client = connect(server.local_addr()).await;
            assert_eq!(queue.get().await, Ok(keep_alive));
        }
    });
}
