//! UNIX sockets for protocols: the same calls as with TCP; and what becomes of the file.

mod common;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixListener as StdListener;

use common::net::Folder;
use common::{Trace, traced};
use looplet::{
    Event, Protocol, Transport, TransportServer, create_task, get_running_loop,
    open_unix_connection, run,
};

/// Says what it is told, answers data by its length and a line, and sets an event at the end.
#[derive(Clone)]
struct Say {
    name: &'static str,
    trace: Trace,
    lost: Event,
}

impl Say {
    fn new(name: &'static str, trace: &Trace) -> Self {
        Self {
            name,
            trace: trace.clone(),
            lost: Event::new(),
        }
    }
}

impl Protocol for Say {
    fn connection_made(&mut self, transport: &Transport) {
        let addresses = (transport.local_addr(), transport.peer_addr());
        self.trace.say(format!("{} made {addresses:?}", self.name));
    }

    fn data_received(&mut self, transport: &Transport, data: &[u8]) {
        let text = String::from_utf8_lossy(data).into_owned();
        self.trace.say(format!("{} data {text}", self.name));
        transport.close();
    }

    fn eof_received(&mut self, _: &Transport) -> bool {
        self.trace.say(format!("{} eof", self.name));
        false
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) {
        let kind = error.map(io::Error::kind);
        self.trace.say(format!("{} lost {kind:?}", self.name));
        self.lost.set();
    }
}

/// Does nothing.
struct Mute;

impl Protocol for Mute {}

fn serve(folder: &Folder) -> TransportServer<std::path::PathBuf> {
    let server = get_running_loop().create_unix_server(|| Mute, folder.socket());
    server.expect("the path is free")
}

#[test]
fn protocols_talk_through_a_unix_socket() {
    let folder = Folder::new();
    let said = traced(|trace| async move {
        let (here, there) = (Say::new("client", &trace), Say::new("server", &trace));
        let (lost, factory) = (here.lost.clone(), there.clone());
        let event_loop = get_running_loop();
        let server = event_loop.create_unix_server(move || factory.clone(), folder.socket());
        let server = server.expect("the path is free");
        let transport = event_loop.create_unix_connection(here, server.path()).await;
        transport.expect("somebody listens").write(b"hello");
        there.lost.wait().await;
        lost.wait().await;
        trace.say(server.clients());
    });
    let expected = [
        "client made (None, None)",
        "server made (None, None)",
        "server data hello",
        "server lost None",
        "client eof",
        "client lost None",
        "0",
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_file_goes_when_the_server_is_closed_or_dropped() {
    let folder = Folder::new();
    run(async move {
        let server = serve(&folder);
        assert!(folder.socket().exists());
        server.close();
        assert!(!folder.socket().exists());
        assert_eq!(server.path(), folder.socket());
        let event_loop = get_running_loop();
        let nobody = event_loop.create_unix_connection(Mute, folder.socket());
        let error = nobody.await.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let start = format!("cannot connect to {}: ", folder.socket().display());
        assert!(error.to_string().starts_with(&start), "{error}");
        drop(serve(&folder));
        assert!(!folder.socket().exists());
    });
}

#[test]
fn the_file_goes_when_serve_forever_is_cancelled() {
    let folder = Folder::new();
    run(async move {
        let server = serve(&folder);
        let serving = create_task(async move { server.serve_forever().await });
        open_unix_connection(folder.socket())
            .await
            .expect("it listens");
        serving.cancel();
        assert!(serving.join().await.is_err());
        assert!(!folder.socket().exists());
    });
}

#[test]
fn the_socket_of_a_dead_server_is_replaced_and_that_of_a_live_one_is_not() {
    let folder = Folder::new();
    drop(StdListener::bind(folder.socket()).expect("the path is free"));
    assert!(folder.socket().exists(), "it was left behind");
    run(async move {
        let server = serve(&folder);
        let second = get_running_loop().create_unix_server(|| Mute, folder.socket());
        let error = second.expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let path = folder.socket().display().to_string();
        let text = format!("cannot listen on {path}: another server listens on it");
        assert_eq!(error.to_string(), text);
        let event_loop = get_running_loop();
        let client = event_loop.create_unix_connection(Mute, server.path());
        client.await.expect("the first one listens still");
    });
}

#[test]
fn a_file_of_another_kind_is_not_replaced() {
    let folder = Folder::new();
    fs::write(folder.socket(), "important").expect("the path is free");
    run(async move {
        let taken = get_running_loop().create_unix_server(|| Mute, folder.socket());
        assert_eq!(taken.expect_err("it is taken").kind(), ErrorKind::AddrInUse);
        let kept = fs::read(folder.socket()).expect("it is there");
        assert_eq!(kept, b"important");
    });
}

#[test]
fn a_closed_loop_leaves_no_file_behind() {
    let folder = Folder::new();
    let event_loop = looplet::EventLoop::new().expect("the system gives a loop");
    event_loop.close();
    let error = event_loop.create_unix_server(|| Mute, folder.socket());
    error.expect_err("the loop is closed");
    assert!(!folder.socket().exists());
}
