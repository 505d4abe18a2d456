//! Crates that know nothing of looplet, on looplet: streams and `futures_io`.
//!
//! What is between a task and its leaves here is `futures-util`, with its own wakers where it
//! has some.

mod common;

use std::cell::Cell;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use common::{Trace, elapsed_ms, ms, run_virtual, traced};
use futures_util::future::{Either, poll_fn, select};
use futures_util::io::{copy, copy_buf};
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt, TryStreamExt,
};
use looplet::{
    AsyncIterator, Event, Queue, Server, StreamReader, StreamWriter, TcpListener, TcpStream,
    UnixStream, catch_cancel, create_task, from_fn, from_stream, get_running_loop, into_stream,
    iter, open_connection, run, sleep, start_server, timeout, yield_now,
};

/// 0, 1, 2, ... below `end`, one every 10 ms.
fn slowly(end: u32) -> impl AsyncIterator<Item = u32> {
    let mut numbers = 0..end;
    from_fn(async move || {
        sleep(ms(10)).await;
        numbers.next()
    })
}

/// Two ends of a connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let near = TcpStream::connect(address).await.expect("it listens");
    let (far, _) = listener.accept().await.expect("a client came");
    (near, far)
}

/// A server, and a connection to it.
async fn served<F>(client: F) -> (StreamReader, StreamWriter, Server)
where
    F: AsyncFn(StreamReader, StreamWriter) + 'static,
{
    let server = start_server("127.0.0.1:0", client).await;
    let server = server.expect("a port is free");
    let connection = open_connection(server.local_addr()).await;
    let (reader, writer) = connection.expect("somebody listens");
    (reader, writer, server)
}

/// More than the buffers of the kernel and of a writer hold.
fn pattern() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| ((n * 31) >> 8) as u8).collect()
}

#[test]
fn an_iterator_is_a_stream_and_back() {
    run_virtual(async {
        let squares = into_stream(slowly(4)).map(|n| n * n);
        let merged = stream::select(squares, into_stream(iter([100, 200])));
        let all: Vec<u32> = from_stream(merged).collect().await;
        assert_eq!(all, [100, 200, 0, 1, 4, 9]);
    });
}

#[test]
fn both_ways_end_once_and_for_all() {
    run(async {
        let mut stream = into_stream(iter([1]));
        assert_eq!(format!("{stream:?}"), "IntoStream { ended: false }");
        assert_eq!(StreamExt::next(&mut stream).await, Some(1));
        assert_eq!(StreamExt::next(&mut stream).await, None);
        assert_eq!(StreamExt::next(&mut stream).await, None);
        assert_eq!(format!("{stream:?}"), "IntoStream { ended: true }");

        let mut calls = 0;
        let once = stream::poll_fn(move |_| {
            calls += 1;
            assert_eq!(calls, 1, "polled after the end");
            Poll::Ready(None::<()>)
        });
        let mut items = from_stream(once);
        assert_eq!(items.next().await, None);
        assert_eq!(items.next().await, None);
    });
}

#[test]
fn a_stream_that_was_not_asked_has_not_begun() {
    run(async {
        let begun = Rc::new(Cell::new(0));
        let counter = begun.clone();
        let mut stream = into_stream(iter(1..).map(move |n| {
            counter.set(n);
            n
        }));
        assert_eq!(begun.get(), 0);
        assert_eq!(StreamExt::next(&mut stream).await, Some(1));
        yield_now().await;
        assert_eq!(begun.get(), 1);
    });
}

#[test]
fn a_wait_for_a_stream_that_is_given_up_goes_on_in_the_stream() {
    run_virtual(async {
        let start = get_running_loop().time();
        let mut stream = into_stream(slowly(2));
        for _ in 0..2 {
            let pause = Box::pin(sleep(ms(4)));
            let Either::Right(_) = select(StreamExt::next(&mut stream), pause).await else {
                panic!("the first item comes after 10 ms")
            };
        }
        assert_eq!(StreamExt::next(&mut stream).await, Some(0));
        assert_eq!(elapsed_ms(start), 10);
    });
}

#[test]
fn a_cancel_reaches_the_leaf_below_streams_with_wakers_of_their_own() {
    let lines = traced(async |trace: Trace| {
        let said = trace.clone();
        let task = create_task(async move {
            let slow = |pause| {
                from_fn(async move || {
                    sleep(ms(pause)).await;
                    Some(pause)
                })
            };
            let streams = [20, 50].map(|pause| into_stream(slow(pause)));
            let items = from_stream(stream::select_all(streams));
            let all = catch_cancel(items.for_each(async |n| said.say(n)));
            assert!(all.await.is_err());
            said.say("caught");
            sleep(ms(5)).await;
            "cleaned up"
        });
        sleep(ms(55)).await;
        task.cancel();
        trace.say(task.await);
    });
    assert_eq!(lines, ["20", "20", "50", "caught", "cleaned up"]);
}

#[test]
fn a_queue_is_a_stream() {
    run(async {
        let queue = Queue::new(0);
        for number in [1, 2, 3] {
            queue.put_nowait(number).expect("there is no limit");
        }
        queue.shutdown();
        let pairs: Vec<Vec<i32>> = into_stream(queue).ready_chunks(2).collect().await;
        assert_eq!(pairs, [vec![1, 2], vec![3]]);
    });
}

#[test]
fn a_tcp_stream_reads_and_writes_for_others() {
    run(async {
        let (near, far) = pair().await;
        let echo = create_task(async move { copy(&far, &mut &far).await });
        let data = pattern();
        let sent = data.clone();
        let near = Rc::new(near);
        let sender = near.clone();
        create_task(async move {
            let mut sender = &*sender;
            let written = AsyncWriteExt::write_all(&mut sender, &sent).await;
            written.expect("the peer reads");
            sender.flush().await.expect("nothing is kept back");
            sender.close().await.expect("it is open");
        });
        let mut back = Vec::new();
        (&*near).read_to_end(&mut back).await.expect("an echo");
        assert!(back == data, "{} bytes came back", back.len());
        assert_eq!(echo.await.expect("it ends"), data.len() as u64);
    });
}

#[test]
fn readers_and_writers_read_and_write_for_others() {
    run(async {
        let echo = async |reader: StreamReader, mut writer: StreamWriter| {
            let copied = copy_buf(reader, &mut writer).await;
            copied.expect("the client reads");
        };
        let (mut reader, mut writer, _server) = served(echo).await;
        let data = pattern();
        let sent = data.clone();
        create_task(async move {
            AsyncWriteExt::write_all(&mut writer, &sent)
                .await
                .expect("the peer reads");
            AsyncWriteExt::close(&mut writer).await.expect("it is open");
            // Dropping the writer would close both directions.
            sleep(ms(60_000)).await;
        });
        let mut back = Vec::new();
        let read = AsyncReadExt::read_to_end(&mut reader, &mut back).await;
        assert_eq!(read.expect("an echo"), data.len());
        assert!(back == data);
        assert!(reader.at_eof());
    });
}

#[test]
fn lines_are_read_by_others_out_of_the_readers_own_buffer() {
    run(async {
        let send = async |_, writer: StreamWriter| writer.write(b"first\none\ntwo\n");
        let (mut reader, _writer, _server) = served(send).await;
        assert_eq!(reader.read_line().await.expect("a line"), b"first\n");
        let mut one = String::new();
        let read = AsyncBufReadExt::read_line(&mut reader, &mut one).await;
        assert_eq!((read.expect("text"), &one[..]), (4, "one\n"));
        let rest: Vec<String> = AsyncBufReadExt::lines(reader)
            .try_collect()
            .await
            .expect("text");
        assert_eq!(rest, ["two"]);
    });
}

#[test]
fn a_writer_takes_no_more_than_the_peer_reads() {
    run(async {
        let silent = async |_reader: StreamReader, _writer| sleep(ms(60_000)).await;
        let (_reader, mut writer, _server) = served(silent).await;
        let data = vec![0; 1 << 20];
        let mut taken = 0;
        let filled = timeout(ms(50), async {
            loop {
                taken += AsyncWriteExt::write(&mut writer, &data)
                    .await
                    .expect("it is open");
            }
        });
        assert!(filled.await.is_err());
        assert!(taken > 0);
        let state = format!("{writer:?}");
        let unsent = state.split(&[' ', ',']).find_map(|word| word.parse().ok());
        let unsent: usize = unsent.expect("the writer says what is unsent");
        assert!((64 << 10..=128 << 10).contains(&unsent), "{state}");
    });
}

#[test]
fn a_flush_waits_until_the_kernel_has_taken_everything() {
    run(async {
        let goes = Event::new();
        let going = goes.clone();
        let late = async move |reader: StreamReader, _writer| {
            going.wait().await;
            let _ = StreamReader::read_to_end(&reader).await;
        };
        let (_reader, mut writer, _server) = served(late).await;
        while format!("{writer:?}").contains("unsent: 0,") {
            StreamWriter::write(&writer, &[0; 4096]);
        }
        let flushed = timeout(ms(20), AsyncWriteExt::flush(&mut writer)).await;
        assert!(flushed.is_err(), "nobody has read");
        goes.set();
        let flushed = AsyncWriteExt::flush(&mut writer).await;
        flushed.expect("the peer reads");
        assert!(format!("{writer:?}").contains("unsent: 0,"));
    });
}

#[test]
fn writing_behind_the_end_is_an_error() {
    run(async {
        let silent = async |_reader: StreamReader, _writer| sleep(ms(60_000)).await;
        let (_reader, mut writer, _server) = served(silent).await;
        writer.write_eof();
        let error = AsyncWriteExt::write(&mut writer, b"late")
            .await
            .expect_err("it was closed for writing");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        AsyncWriteExt::close(&mut writer)
            .await
            .expect("closing twice is fine");
    });
}

/// The scopes are below the combinator: unless a read inside one is polled, nobody catches.
#[test]
fn a_cancel_reaches_reads_below_futures_unordered() {
    let lines = traced(async |trace: Trace| {
        let (near, far) = pair().await;
        let said = trace.clone();
        let task = create_task(async move {
            let reads = [near, far].map(|stream| async move {
                let mut buffer = [0; 8];
                let mut stream = &stream;
                let read = catch_cancel(AsyncReadExt::read(&mut stream, &mut buffer));
                read.await.is_err()
            });
            let mut reads: FuturesUnordered<_> = reads.into_iter().collect();
            said.say(format!("caught: {:?}", StreamExt::next(&mut reads).await));
            sleep(ms(5)).await;
            "cleaned up"
        });
        yield_now().await;
        task.cancel();
        trace.say(task.await);
    });
    assert_eq!(lines, ["caught: Some(true)", "cleaned up"]);
}

#[test]
fn a_cancel_comes_before_room_to_write() {
    run(async {
        let silent = async |_reader: StreamReader, _writer| sleep(ms(60_000)).await;
        let (_reader, mut writer, _server) = served(silent).await;
        let (cancelled, went_on) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (open, mark) = (cancelled.clone(), went_on.clone());
        let task = create_task(async move {
            // Somebody else's future, which takes no request.
            poll_fn(|_| match open.get() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            let written = AsyncWriteExt::write(&mut writer, b"too late").await;
            mark.set(written.is_ok());
        });
        yield_now().await;
        cancelled.set(true);
        task.cancel();
        assert!(task.join().await.is_err());
        assert!(!went_on.get());
    });
}

#[test]
fn a_cancel_while_a_copy_waits_to_write_writes_nothing_more() {
    run(async {
        let (near, far) = pair().await;
        let task = create_task(async move {
            let forever = AsyncReadExt::chain(&[1_u8; 4096][..], futures_util::io::repeat(2));
            assert!(catch_cancel(copy(forever, &mut &near)).await.is_err());
            near
        });
        // Until the buffers of the kernel are full.
        sleep(ms(50)).await;
        task.cancel();
        let near = task.await;
        let full = poll_fn(|context| Poll::Ready(near.poll_writable(context)));
        assert!(full.await.is_pending());
        drop(near);
        let mut all = Vec::new();
        (&far).read_to_end(&mut all).await.expect("an end");
        assert!(all.len() > 4096 && all[4096..].iter().all(|&byte| byte == 2));
    });
}

#[test]
fn a_read_that_lost_a_race_loses_no_bytes() {
    run(async {
        let (near, far) = pair().await;
        let mut buffer = [0; 8];
        for _ in 0..3 {
            let mut near = &near;
            let pause = sleep(ms(2));
            match select(AsyncReadExt::read(&mut near, &mut buffer), Box::pin(pause)).await {
                Either::Right(((), _read)) => {}
                Either::Left(_) => panic!("nothing was sent"),
            }
        }
        let sent = AsyncWriteExt::write_all(&mut &far, b"late").await;
        sent.expect("it is open");
        let read = AsyncReadExt::read(&mut &near, &mut buffer).await;
        let read = read.expect("it is open");
        assert_eq!(&buffer[..read], b"late");
    });
}

/// However fast the peer sends, the eighth read gives the turn away although something is there.
#[test]
fn every_eighth_read_lets_others_run() {
    run(async {
        let (mut reader, writer, _server) = served(async |reader: StreamReader, writer| {
            // A byte for a byte, so that every byte takes a read of its own.
            while reader.read_exactly(1).await.is_ok() {
                sleep(ms(1)).await;
                StreamWriter::write(&writer, b"!");
            }
        })
        .await;
        let mut polls = Vec::new();
        for _ in 0..9 {
            StreamWriter::write(&writer, b"?");
            let mut count = 0;
            let there = poll_fn(|context| {
                count += 1;
                let filled = Pin::new(&mut reader).poll_fill_buf(context);
                filled.map(|there| there.expect("it is open").len())
            });
            assert_eq!(there.await, 1);
            AsyncBufReadExt::consume_unpin(&mut reader, 1);
            polls.push(count);
        }
        assert_eq!(polls, [2, 2, 2, 2, 2, 2, 2, 3, 2]);
    });
}

#[test]
#[should_panic(expected = "9 bytes consumed of 0")]
fn more_than_there_is_cannot_be_consumed() {
    run(async {
        let (mut reader, _writer, _server) = served(async |_, _| {}).await;
        AsyncBufReadExt::consume_unpin(&mut reader, 9);
    });
}

/// What takes part in both worlds compiles with either.
#[test]
fn the_traits_are_there_for_references_and_owners() {
    fn writes<W: AsyncWrite + Unpin>() {}
    writes::<TcpStream>();
    writes::<&TcpStream>();
    writes::<StreamWriter>();
}

#[test]
fn unix_sockets_have_the_traits_too() {
    run(async {
        let (mut near, mut far) = UnixStream::pair().expect("the system gives a pair");
        near.write_all(b"ping").await.expect("it is open");
        AsyncWriteExt::close(&mut near).await.expect("it is open");
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("it is open");
        assert_eq!(all, b"ping");
    });
}

#[test]
fn a_reader_with_clones_can_be_read_and_does_not_lend() {
    run(async {
        let (near, far) = UnixStream::pair().expect("the system gives a pair");
        let (_near, writer) = near.into_streams();
        let (mut reader, _writer) = far.into_streams();
        let clone = reader.clone();
        writer.write(b"one two");
        let mut start = [0; 4];
        AsyncReadExt::read_exact(&mut reader, &mut start)
            .await
            .expect("it came");
        assert_eq!(&start, b"one ");
        let error = AsyncBufReadExt::fill_buf(&mut reader).await;
        assert_eq!(
            error.expect_err("it has a clone").kind(),
            ErrorKind::ResourceBusy
        );
        drop(clone);
        let lent = AsyncBufReadExt::fill_buf(&mut reader).await;
        assert_eq!(lent.expect("it is alone"), b"two");
    });
}

#[test]
fn a_fed_reader_gives_what_it_has_and_cannot_wait_by_polling() {
    run(async {
        let (mut feed, mut reader) = StreamReader::fed();
        feed.feed_data(b"x");
        let mut buffer = [0; 4];
        let read = AsyncReadExt::read(&mut reader, &mut buffer).await;
        assert_eq!(read.expect("it is there"), 1);
        let error = AsyncReadExt::read(&mut reader, &mut buffer).await;
        assert_eq!(
            error.expect_err("nothing is").kind(),
            ErrorKind::Unsupported
        );
    });
}
