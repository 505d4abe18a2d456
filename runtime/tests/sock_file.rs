//! Sending files on sockets of the program's own.

mod common;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use common::net::{Folder, pattern};
use common::{run_virtual, turns};
use looplet::{create_task, get_running_loop};

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("the system gives a pair");
    ours.set_nonblocking(true).expect("it is a socket");
    (ours, theirs)
}

/// A file that nobody else has.
fn file_of(content: &[u8]) -> File {
    let folder = Folder::new();
    let path = folder.0.join("file");
    let mut file = File::create_new(&path).expect("the folder is empty");
    file.write_all(content).expect("there is room");
    File::open(path).expect("it is there")
}

#[test]
fn a_large_file_arrives_whole_and_its_position_stays() {
    let content = pattern(3_000_000, 7);
    let file = file_of(&content);
    let (ours, mut theirs) = pair();
    let reading = thread::spawn(move || {
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).map(|_| received)
    });
    let (sent, first) = run_virtual(async move {
        let sent = get_running_loop().sock_send_file(&ours, &file, ..).await;
        let mut first = [0; 4];
        (&file).read_exact(&mut first).expect("it was not moved");
        (sent.expect("it is read"), first)
    });
    assert_eq!(sent, 3_000_000);
    let received = reading.join().expect("it does not panic");
    assert!(received.expect("it is open") == content);
    assert_eq!(first, content[..4]);
}

#[test]
fn a_range_is_sent_and_a_file_that_ends_before_it_is_an_error() {
    run_virtual(async {
        let event_loop = get_running_loop();
        let (ours, mut theirs) = pair();
        let file = file_of(b"0123456789");
        assert_eq!(
            event_loop.sock_send_file(&ours, &file, 2..=4).await.ok(),
            Some(3)
        );
        assert_eq!(
            event_loop.sock_send_file(&ours, &file, 8..).await.ok(),
            Some(2)
        );
        let short = event_loop.sock_send_file(&ours, &file, 9..12).await;
        let short = short.expect_err("there is one byte");
        assert_eq!(short.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(short.to_string(), "the file ended after 1 of 3 bytes");
        let (from, end) = (3, 2);
        let wrong = event_loop.sock_send_file(&ours, &file, from..end).await;
        assert_eq!(
            wrong.expect_err("it is backwards").kind(),
            ErrorKind::InvalidInput
        );
        drop(ours);
        let mut received = String::new();
        theirs.read_to_string(&mut received).expect("it is open");
        assert_eq!(received, "234899");
    });
}

#[test]
fn the_socket_must_not_block() {
    run_virtual(async {
        let (_ours, theirs) = pair();
        let file = file_of(b"data");
        let refused = get_running_loop().sock_send_file(&theirs, &file, ..).await;
        let refused = refused.expect_err("it blocks");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(
            refused
                .to_string()
                .starts_with("the socket must be non-blocking")
        );
    });
}

#[test]
fn a_cancelled_sending_leaves_the_socket_alone() {
    run_virtual(async {
        let event_loop = get_running_loop();
        let (ours, _theirs) = pair();
        let ours = std::rc::Rc::new(ours);
        let file = file_of(&pattern(3_000_000, 7));
        let (inner, own) = (event_loop.clone(), ours.clone());
        let task = create_task(async move { inner.sock_send_file(&*own, &file, ..).await });
        turns(40).await;
        assert!(!task.done());
        task.cancel();
        task.join().await.expect_err("it was cancelled");
        event_loop
            .add_writer(&*ours, || {})
            .expect("nobody uses it");
        assert!(event_loop.remove_writer(&*ours));
    });
}
