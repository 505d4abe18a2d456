//! What is left over: variants of streams, sockets and servers, files, and the end of a pool.
//!
//! Most of it shares its waits with what `operations` and `combined` go through. Each is here all
//! the same, since a wait of its own may be added to any of them.

use std::net::{SocketAddr, TcpListener as StdListener, UdpSocket as StdSocket};
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;

use crate::common::turns;
use crate::sweep::{Made, sweep, us};
use looplet::{
    ConnectOptions, Protocol, ServerOptions, StreamReader, StreamWriter, TcpListener, ThreadPool,
    UdpSocket, UnixListener, fs, get_running_loop, open_connection_on, open_connection_with,
    open_read_pipe, open_unix_connection, open_write_pipe, start_server_with,
};

struct Quiet;

impl Protocol for Quiet {}

/// Both ends of a connection, one for `sock_…` and one for streams.
fn pair() -> (StdStream, StreamReader, StreamWriter) {
    let (ours, theirs) = StdStream::pair().expect("a pair is made");
    ours.set_nonblocking(true).expect("it is a socket");
    let (reader, writer) = open_connection_on(theirs).expect("it is a stream");
    (ours, reader, writer)
}

/// A socket for datagrams, and what sends it one a few turns later.
fn datagrams() -> (StdSocket, impl Future<Output = ()>) {
    let socket = StdSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_nonblocking(true).expect("it is a socket");
    let address = socket.local_addr().expect("it is bound");
    let send = async move {
        turns(3).await;
        let sender = StdSocket::bind("127.0.0.1:0").expect("a port is free");
        sender.send_to(b"data", address).expect("it is sent");
    };
    (socket, send)
}

/// Reads what comes, after a while, up to the end.
async fn drain(reader: StreamReader) {
    turns(3).await;
    while reader
        .read(1 << 20)
        .await
        .is_ok_and(|data| !data.is_empty())
    {}
}

#[test]
fn sockets_of_the_program_that_are_connected() {
    sweep(|| async {
        let (ours, reader, writer) = pair();
        let made = Made::new(async move {
            let mut buffer = [0; 8];
            get_running_loop().sock_recv_into(&ours, &mut buffer).await
        });
        made.keep(reader).other(async move {
            turns(3).await;
            // The other end may be gone.
            let _ = writer.write_all(b"data").await;
        })
    });
    sweep(|| async {
        let (ours, reader, writer) = pair();
        let made = Made::new(async move {
            let data = vec![0; 1 << 20];
            get_running_loop().sock_send_all(&ours, &data).await
        });
        made.keep(writer).helper(drain(reader))
    });
    sweep(|| async {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it is a socket");
        let target = listener.local_addr().expect("it is bound");
        let made = Made::new(async move { get_running_loop().sock_accept(&listener).await });
        made.helper(async move {
            turns(3).await;
            drop(looplet::TcpStream::connect_to(target).await);
        })
    });
}

#[test]
fn sockets_of_the_program_for_datagrams() {
    sweep(|| async {
        let (socket, send) = datagrams();
        let made = Made::new(async move { get_running_loop().sock_recv_from(&socket, 8).await });
        made.other(send)
    });
    sweep(|| async {
        let (socket, send) = datagrams();
        let made = Made::new(async move {
            let (event_loop, mut buffer) = (get_running_loop(), [0; 8]);
            event_loop.sock_recv_from_into(&socket, &mut buffer).await
        });
        made.other(send)
    });
    sweep(|| async {
        let socket = UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let socket = Rc::new(socket);
        let (peeks, target) = (socket.clone(), socket.local_addr().expect("it is bound"));
        let made = Made::new(async move { peeks.peek_from(&mut [0; 8]).await }).keep(socket);
        made.other(async move {
            turns(3).await;
            let sender = StdSocket::bind("127.0.0.1:0").expect("a port is free");
            sender.send_to(b"data", target).expect("it is sent");
        })
    });
    sweep(|| async {
        let socket = UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let socket = Rc::new(socket);
        let (receives, target) = (socket.clone(), socket.local_addr().expect("it is bound"));
        receives.connect(target).await.expect("it is its own peer");
        let made = Made::new(async move { receives.recv(&mut [0; 8]).await }).keep(socket.clone());
        made.other(async move {
            turns(3).await;
            socket.send(b"data").await.expect("it is sent");
        })
    });
}

#[test]
fn streams() {
    sweep(|| async {
        let (ours, reader, writer) = pair();
        let made = Made::new(async move { reader.read_until_any(&[b"\n", b"."]).await });
        made.keep((writer, ours.try_clone().expect("a descriptor is free")))
            .other(async move {
                turns(3).await;
                std::io::Write::write_all(&mut &ours, b"one. two").expect("there is room");
            })
    });
    sweep(|| async {
        let (ours, reader, writer) = pair();
        let (peer, peers) = open_connection_on(ours).expect("it is a stream");
        let file = std::fs::File::open("/dev/zero").expect("every system has it");
        let made = Made::new(async move { writer.send_file(&file, ..1 << 20).await });
        made.keep((reader, peers)).helper(drain(peer))
    });
    sweep(|| async {
        let (mut feed, reader) = StreamReader::fed_with_limit(4).expect("it is not zero");
        feed.feed_data(b"much more than the limit");
        let made = Made::new(async move { feed.resumed().await });
        made.other(async move {
            turns(3).await;
            let _ = reader.read(100).await;
        })
    });
}

#[test]
fn connections_with_options() {
    let address = |address: SocketAddr| format!("localhost:{}", address.port());
    sweep(move || async move {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = address(listener.local_addr().expect("it is bound"));
        let op = async move {
            let options = ConnectOptions::default();
            open_connection_with(address.as_str(), options)
                .await
                .map(drop)
        };
        Made::new(op).keep(listener)
    });
    sweep(|| async {
        Made::new(async {
            let options = ServerOptions::default();
            let server = start_server_with("localhost:0", options, async |_, _| {}).await;
            server.expect("a port is free").close();
        })
    });
}

#[test]
fn unix_sockets() {
    let path = std::env::temp_dir().join(format!("looplet-rest-{}", std::process::id()));
    let place = path.clone();
    sweep(move || {
        let place = place.clone();
        async move {
            let _ = std::fs::remove_file(&place);
            let listener = UnixListener::bind(&place).expect("the path is free");
            let op = async move { open_unix_connection(&place).await.map(drop) };
            turns(1).await;
            Made::new(async move {
                turns(1).await;
                op.await
            })
            .keep(listener)
        }
    });
    let place = path.clone();
    sweep(move || {
        let place = place.clone();
        async move {
            let _ = std::fs::remove_file(&place);
            let listener = UnixListener::bind(&place).expect("the path is free");
            let made = Made::new(async move {
                let event_loop = get_running_loop();
                let made = event_loop.create_unix_connection(Quiet, &place);
                made.await.map(|transport| transport.abort())
            });
            made.keep(listener)
        }
    });
    let _ = std::fs::remove_file(path);
}

#[test]
fn pipes() {
    sweep(|| async {
        let (reads, writes) = std::io::pipe().expect("a pipe is made");
        let reader = open_read_pipe(reads).expect("it is a pipe");
        let made = Made::new(async move { reader.read(8).await });
        made.other(async move {
            turns(3).await;
            // Its reader may be gone.
            let _ = std::io::Write::write_all(&mut &writes, b"data");
        })
    });
    sweep(|| async {
        let (reads, writes) = std::io::pipe().expect("a pipe is made");
        let writer = open_write_pipe(writes).expect("it is a pipe");
        let reader = open_read_pipe(reads).expect("it is a pipe");
        let made = Made::new(async move { writer.write_all(&[0; 1 << 20]).await });
        made.helper(drain(reader))
    });
}

#[test]
fn files_by_name() {
    let name = format!("looplet-rest-file-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, b"text").expect("there is room");
    let (read, seen, listed) = (path.clone(), path.clone(), path.clone());
    sweep(move || {
        let path = read.clone();
        async move { Made::new(fs::read_to_string(path)) }
    });
    sweep(move || {
        let path = seen.clone();
        async move { Made::new(fs::metadata(path)) }
    });
    sweep(move || {
        let path = listed.clone();
        async move {
            Made::new(async move {
                let mut file = fs::File::open(path).await?;
                file.seek(std::io::SeekFrom::Start(2)).await?;
                file.read(2).await
            })
        }
    });
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn the_end_of_a_default_pool() {
    sweep(|| async {
        let event_loop = get_running_loop();
        event_loop.set_default_executor(ThreadPool::new(1));
        let job = event_loop.default_executor().submit(|| 1);
        drop(job.expect("it is open"));
        Made::new(async move { event_loop.shutdown_default_executor(us(900_000)).await })
    });
}
