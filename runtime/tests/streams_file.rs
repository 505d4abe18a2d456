//! Sending files: which bytes, how many, and what happens meanwhile.

mod common;

use std::fs::{self, File};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use common::ms;
use common::net::pattern;
use looplet::{
    StreamReader, StreamWriter, UnixStream, WriteError, create_task, run, sleep, timeout, yield_now,
};

/// A file of a test; dropping it removes it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(content: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("looplet-file-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).expect("there is a folder for such things");
        Self(path)
    }

    fn open(&self) -> File {
        File::options()
            .read(true)
            .write(true)
            .open(&self.0)
            .expect("it is there")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_file(&self.0).expect("it is there");
    }
}

/// A writer, the reader of its peer, and what keeps both open.
fn pair() -> (StreamWriter, StreamReader, (StreamReader, StreamWriter)) {
    let (here, there) = UnixStream::pair().expect("the system gives a pair");
    let (own, writer) = here.into_streams();
    let (reader, peer) = there.into_streams();
    (writer, reader, (own, peer))
}

fn misuse(error: &io::Error) -> WriteError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    *cause.expect("it is an error of ours")
}

#[test]
fn a_large_file_arrives_whole_between_what_was_written_before_and_after() {
    const SIZE: usize = 5_000_000;
    let scratch = Scratch::new(&pattern(SIZE, 1));
    run(async move {
        let (writer, reader, _open) = pair();
        let reading = create_task(async move { reader.read_to_end().await });
        writer.write(&pattern(1 << 20, 2));
        let sent = writer.send_file(&scratch.open(), ..).await;
        assert_eq!(sent.expect("it is sent"), SIZE as u64);
        writer.write(b"after");
        writer.close();
        let all = reading.await.expect("all");
        let expected = [pattern(1 << 20, 2), pattern(SIZE, 1), b"after".to_vec()].concat();
        assert!(all == expected);
    });
}

#[test]
fn a_range_cuts_where_it_should() {
    let scratch = Scratch::new(b"0123456789");
    run(async move {
        let (writer, reader, _open) = pair();
        let file = scratch.open();
        assert_eq!(writer.send_file(&file, 2..5).await.expect("it is sent"), 3);
        assert_eq!(writer.send_file(&file, 7..).await.expect("it is sent"), 3);
        assert_eq!(writer.send_file(&file, ..=1).await.expect("it is sent"), 2);
        let behind = (Bound::Excluded(4), Bound::Included(5));
        assert_eq!(
            writer.send_file(&file, behind).await.expect("it is sent"),
            1
        );
        assert_eq!(writer.send_file(&file, 4..4).await.expect("nothing"), 0);
        assert_eq!(writer.send_file(&file, 10..).await.expect("nothing"), 0);
        writer.close();
        assert_eq!(reader.read_to_end().await.expect("all"), b"234789015");
    });
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
fn a_range_that_ends_before_it_begins_is_refused() {
    let scratch = Scratch::new(b"0123456789");
    run(async move {
        let (writer, _reader, _open) = pair();
        let error = writer.send_file(&scratch.open(), 5..2).await;
        let error = error.expect_err("it makes no sense");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = writer.send_file(&scratch.open(), ..=u64::MAX).await;
        assert!(
            error.is_ok_and(|sent| sent == 10),
            "to the end, however far"
        );
    });
}

#[test]
fn a_file_that_ends_before_the_range_is_an_error_that_says_how_much_was_sent() {
    let scratch = Scratch::new(b"0123456789");
    run(async move {
        let (writer, reader, _open) = pair();
        let error = writer.send_file(&scratch.open(), 4..20).await;
        let error = error.expect_err("it is too short");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "the file ended after 6 of 16 bytes");
        assert_eq!(reader.read(100).await.expect("what there was"), b"456789");
    });
}

#[test]
fn a_file_that_is_cut_off_while_it_is_being_sent_is_an_error() {
    let scratch = Scratch::new(&pattern(8 << 20, 1));
    run(async move {
        let (writer, reader, _open) = pair();
        let (file, other) = (scratch.open(), scratch.open());
        let sending = create_task(async move { writer.send_file(&file, 0..8 << 20).await });
        sleep(ms(5)).await;
        other.set_len(1 << 20).expect("it is ours");
        let reading = create_task(async move { reader.read_to_end().await });
        let error = sending.await.expect_err("it is too short");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(
            error.to_string(),
            "the file ended after 1048576 of 8388608 bytes"
        );
        assert_eq!(reading.await.expect("what there was").len(), 1 << 20);
    });
}

#[test]
fn what_is_written_meanwhile_is_refused() {
    let scratch = Scratch::new(&pattern(8 << 20, 1));
    run(async move {
        let (writer, reader, _open) = pair();
        let other = writer.clone();
        let file = scratch.open();
        let sending = create_task(async move { other.send_file(&file, ..).await });
        yield_now().await;
        writer.write(b"in between");
        let error = writer.drain().await.expect_err("it was refused");
        assert_eq!(misuse(&error), WriteError::SendFileInProgress);
        assert_eq!(
            error.to_string(),
            "unable to write; sendfile is in progress"
        );
        writer.write_eof();
        assert!(writer.drain().await.is_err(), "an end is refused as well");
        let error = writer.send_file(&scratch.open(), ..).await;
        let error = error.expect_err("one after the other");
        assert_eq!(misuse(&error), WriteError::SendFileInProgress);
        let reading = create_task(async move { reader.read_to_end().await });
        assert_eq!(sending.await.expect("it is sent"), 8 << 20);
        writer.write(b"after");
        writer.drain().await.expect("it may be written again");
        writer.close();
        let all = reading.await.expect("all");
        assert!(all == [pattern(8 << 20, 1), b"after".to_vec()].concat());
    });
}

#[test]
fn a_file_that_waits_for_what_was_written_keeps_others_from_writing() {
    let scratch = Scratch::new(b"file");
    run(async move {
        let (writer, reader, _open) = pair();
        writer.write(&pattern(4 << 20, 1));
        let file = scratch.open();
        let mut sending = Box::pin(writer.send_file(&file, ..));
        let polled = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context).is_pending()));
        assert!(polled.await, "it waits");
        writer.write(b"too early");
        let reading = create_task(async move { reader.read_to_end().await });
        assert_eq!(sending.await.expect("it is sent"), 4);
        let error = writer.drain().await.expect_err("it was refused");
        assert_eq!(misuse(&error), WriteError::SendFileInProgress);
        writer.close();
        let all = reading.await.expect("all");
        assert!(all == [pattern(4 << 20, 1), b"file".to_vec()].concat());
    });
}

#[test]
fn a_cancelled_send_lets_others_write_again() {
    let scratch = Scratch::new(&pattern(8 << 20, 1));
    run(async move {
        let (writer, reader, _open) = pair();
        let sent = timeout(ms(5), writer.send_file(&scratch.open(), ..)).await;
        assert!(sent.is_err(), "nobody reads");
        writer.write(b"after");
        writer.close();
        let all = reader.read_to_end().await.expect("all");
        assert!(all.ends_with(b"after"));
        assert!(all.len() < 8 << 20);
    });
}

#[test]
fn a_connection_that_is_closed_takes_no_file() {
    let scratch = Scratch::new(b"0123456789");
    run(async move {
        let (writer, _reader, _open) = pair();
        writer.write_eof();
        let error = writer.send_file(&scratch.open(), ..).await;
        assert_eq!(
            misuse(&error.expect_err("closed for writing")),
            WriteError::AfterEof
        );
        writer.close();
        let error = writer.send_file(&scratch.open(), ..).await;
        assert_eq!(
            misuse(&error.expect_err("closed")),
            WriteError::ConnectionLost
        );
    });
}

#[test]
fn a_peer_that_goes_away_is_an_error_of_the_send() {
    let scratch = Scratch::new(&pattern(8 << 20, 1));
    run(async move {
        let (here, there) = UnixStream::pair().expect("the system gives a pair");
        let (_reader, writer) = here.into_streams();
        let file = scratch.open();
        let sending = create_task(async move { writer.send_file(&file, ..).await });
        sleep(ms(2)).await;
        drop(there);
        let error = sending.await.expect_err("nobody takes it");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_does_not_send_is_read_and_written() {
    run(async {
        let (writer, reader, _open) = pair();
        let file = File::open("/proc/self/environ").expect("it is there");
        let content = fs::read("/proc/self/environ").expect("it is there");
        let sent = writer.send_file(&file, ..).await.expect("it is read");
        assert_eq!(sent, content.len() as u64);
        writer.close();
        assert_eq!(reader.read_to_end().await.expect("all"), content);
    });
}

#[test]
fn a_folder_is_no_file() {
    run(async {
        let (writer, _reader, _open) = pair();
        let folder = File::open("/").expect("it is there");
        let error = writer.send_file(&folder, ..).await;
        assert_eq!(
            error.expect_err("it has no bytes").kind(),
            ErrorKind::IsADirectory
        );
    });
}
