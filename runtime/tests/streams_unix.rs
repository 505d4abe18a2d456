//! UNIX sockets: the same streams, found by a path; and what becomes of the file.

mod common;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};

use common::net::{Folder, echo, pattern};
use common::{join, ms};
use looplet::{
    Endpoint, ServerOptions, StreamReader, StreamWriter, UnixListener, UnixStream, create_task,
    gather, open_unix_connection, run, sleep, start_unix_server, start_unix_server_with,
};

async fn connect(path: &Path) -> (StreamReader, StreamWriter) {
    open_unix_connection(path).await.expect("somebody listens")
}

#[test]
fn lines_go_to_a_unix_server_and_back() {
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        assert_eq!(server.path(), folder.socket());
        let (reader, writer) = connect(server.path()).await;
        for line in [&b"hello\n"[..], b"\n"] {
            writer.write(line);
            assert_eq!(reader.read_line().await.expect("an echo"), line);
        }
        assert_eq!(server.clients(), 1);
        writer.write_eof();
        assert_eq!(reader.read_line().await.expect("an end"), b"");
    });
}

#[test]
fn megabytes_go_through_a_unix_socket() {
    const SIZE: usize = 2 << 20;
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        let (reader, writer) = connect(server.path()).await;
        let send = async {
            writer.write_all(&pattern(SIZE, 1)).await.expect("it reads");
            writer.write_eof();
        };
        let (received, ()) = join(reader.read_to_end(), send).await;
        assert!(received.expect("an echo") == pattern(SIZE, 1));
    });
}

#[test]
fn both_ends_of_a_unix_connection_have_names() {
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        let (_reader, writer) = connect(server.path()).await;
        let peer = writer.peer_addr().expect("it is open");
        assert_eq!(peer, Endpoint::Path(folder.socket()));
        assert_eq!(peer.path(), Some(&*folder.socket()));
        assert_eq!(peer.to_string(), folder.socket().display().to_string());
        assert_eq!(peer.ip(), None);
        let local = writer.local_addr().expect("it is open");
        assert_eq!(local, Endpoint::Unnamed);
        assert_eq!(local.to_string(), "a socket without a name");
    });
}

#[test]
fn the_file_goes_when_the_server_is_closed_or_dropped() {
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        assert!(folder.socket().exists());
        server.close();
        assert!(!folder.socket().exists());
        let error = open_unix_connection(folder.socket()).await;
        let error = error.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let start = format!("cannot connect to {}: ", folder.socket().display());
        assert!(error.to_string().starts_with(&start), "{error}");
        let server = start_unix_server(folder.socket(), echo).expect("the path is free again");
        drop(server);
        assert!(!folder.socket().exists());
    });
}

#[test]
fn a_file_that_is_not_the_servers_any_more_stays() {
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        fs::remove_file(folder.socket()).expect("it is there");
        fs::write(folder.socket(), "somebody else's").expect("the path is free");
        server.close();
        assert!(folder.socket().exists());
    });
}

#[test]
fn the_socket_of_a_dead_server_is_replaced() {
    let folder = Folder::new();
    drop(StdListener::bind(folder.socket()).expect("the path is free"));
    assert!(folder.socket().exists(), "it was left behind");
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("nobody listens");
        let (reader, writer) = connect(server.path()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
    });
}

#[test]
fn the_socket_of_a_live_server_is_not_replaced() {
    let folder = Folder::new();
    run(async move {
        let server = start_unix_server(folder.socket(), echo).expect("the path is free");
        let error = start_unix_server(folder.socket(), echo).expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let path = folder.socket().display().to_string();
        let text = format!("cannot listen on {path}: another server listens on it");
        assert_eq!(error.to_string(), text);
        let (reader, writer) = connect(server.path()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
    });
}

#[test]
fn a_file_of_another_kind_is_not_replaced() {
    let folder = Folder::new();
    fs::write(folder.socket(), "important").expect("the path is free");
    run(async move {
        let error = start_unix_server(folder.socket(), echo).expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let path = folder.socket().display().to_string();
        let text = format!("cannot listen on {path}: it is a file, and not a socket");
        assert_eq!(error.to_string(), text);
        let kept = fs::read(folder.socket()).expect("it is there");
        assert_eq!(kept, b"important");
    });
}

#[test]
fn a_path_without_a_folder_says_so() {
    let folder = Folder::new();
    run(async move {
        let path = folder.0.join("missing").join("socket");
        let error = start_unix_server(&path, echo).expect_err("there is no folder");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let start = format!("cannot listen on {}: ", path.display());
        assert!(error.to_string().starts_with(&start), "{error}");
    });
}

#[test]
fn a_path_that_is_empty_or_has_a_zero_in_it_is_refused_by_name() {
    let folder = Folder::new();
    run(async move {
        let cut_off = folder.0.join("socket\0behind");
        let (none, shown) = (PathBuf::new(), cut_off.display());
        let expected = [
            (&none, "cannot listen on : the path is empty".to_string()),
            (
                &cut_off,
                format!("cannot listen on {shown}: there is a zero in the path"),
            ),
        ];
        for (path, text) in expected {
            let error = start_unix_server(path, echo).expect_err("it is no path");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), text);
            let error = open_unix_connection(path).await.expect_err("it is no path");
            assert_eq!(error.to_string(), text.replace("listen on", "connect to"));
        }
        // Nothing came into being at the part before the zero.
        assert!(!folder.socket().exists());
    });
}

#[test]
fn a_server_that_is_not_to_begin_refuses_clients_until_it_does() {
    let folder = Folder::new();
    run(async move {
        let options = ServerOptions {
            start_serving: false,
            ..Default::default()
        };
        let server = start_unix_server_with(folder.socket(), options, echo);
        let server = server.expect("the path is free");
        let refused = open_unix_connection(server.path()).await;
        let refused = refused.expect_err("it does not listen");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        server.start_serving().expect("it is bound");
        let (reader, writer) = connect(server.path()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
    });
}

#[test]
fn a_limit_of_zero_leaves_no_file_behind() {
    let folder = Folder::new();
    run(async move {
        let options = ServerOptions {
            limit: 0,
            ..Default::default()
        };
        let server = start_unix_server_with(folder.socket(), options, echo);
        assert_eq!(
            server.expect_err("nothing fits").kind(),
            ErrorKind::InvalidInput
        );
        assert!(!folder.socket().exists());
    });
}

#[test]
fn clients_beyond_the_queue_wait_for_a_place() {
    let folder = Folder::new();
    run(async move {
        let options = ServerOptions {
            backlog: 1,
            ..Default::default()
        };
        let server = start_unix_server_with(folder.socket(), options, echo);
        let server = server.expect("the path is free");
        let client = |number: usize| {
            let path = server.path().to_path_buf();
            async move {
                let (reader, writer) = connect(&path).await;
                writer.write(&[number as u8]);
                reader.read(1).await.expect("an echo")[0] as usize
            }
        };
        let all = gather((0..50).map(client).collect::<Vec<_>>()).await;
        assert!(all.into_iter().eq(0..50));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_begins_with_a_zero_has_no_file() {
    run(async {
        let name = PathBuf::from(format!("\0looplet-{}", std::process::id()));
        let server = start_unix_server(&name, echo).expect("the name is free");
        let taken = start_unix_server(&name, echo).expect_err("it is taken");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let (reader, writer) = connect(&name).await;
        assert_eq!(
            writer.peer_addr().expect("it is open"),
            Endpoint::Path(name.clone())
        );
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
        server.close();
        assert!(open_unix_connection(&name).await.is_err());
    });
}

#[test]
fn listeners_and_streams_work_without_buffers() {
    let folder = Folder::new();
    run(async move {
        let listener = UnixListener::bind(folder.socket()).expect("the path is free");
        let taken = UnixListener::bind(folder.socket()).expect_err("it is taken");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let name = listener.local_addr().expect("it is bound");
        assert_eq!(name, Endpoint::Path(folder.socket()));
        let connecting = UnixStream::connect(folder.socket());
        let (client, accepted) = join(connecting, listener.accept()).await;
        let (client, (server, peer)) = (client.expect("connected"), accepted.expect("accepted"));
        assert_eq!(peer, Endpoint::Unnamed);
        let reading = create_task(async move {
            let mut buffer = [0; 8];
            let read = client.read(&mut buffer).await.expect("it is open");
            buffer[..read].to_vec()
        });
        sleep(ms(1)).await;
        server.write_all(b"ping").await.expect("it is open");
        assert_eq!(reading.await, b"ping");
    });
}
