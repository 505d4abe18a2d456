//! Writers: back-pressure, ends, and what happens to writes that come too late.

mod common;

use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use common::net::{connect, echo, pattern, serve};
use common::{Trace, ms, report_to};
use looplet::{
    InvalidWaterMarks, StreamReader, StreamWriter, UnixStream, WriteError, create_task, gather,
    get_running_loop, run, sleep, timeout,
};

/// Which of our own errors an error is.
fn misuse(error: &std::io::Error) -> WriteError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    *cause.expect("it is an error of ours")
}

fn pair() -> ((StreamReader, StreamWriter), (StreamReader, StreamWriter)) {
    let (here, there) = UnixStream::pair().expect("the system gives a pair");
    (here.into_streams(), there.into_streams())
}

#[test]
fn drain_waits_above_the_high_mark_until_the_low_one_and_wakes_all() {
    // asyncio's F07
    run(async {
        let trace = Trace::default();
        let go = looplet::Event::new();
        let gate = go.clone();
        let server = serve(async move |reader: StreamReader, _| {
            gate.wait().await;
            reader.read_to_end().await
        })
        .await;
        let (_reader, writer) = connect(server.local_addr()).await;
        let socket = writer.socket().expect("it is no pipe");
        let socket = socket2::SockRef::from(&socket);
        socket.set_send_buffer_size(4096).expect("it is open");
        trace.say(format!("{:?}", writer.get_write_buffer_limits()));
        writer.drain().await.expect("it is open");
        trace.say("drain 1 immediate");
        writer.write(&vec![b'x'; 1_000_000]);
        trace.say(writer.get_write_buffer_size() > 65536);
        let drain = |name| {
            let (writer, trace) = (writer.clone(), trace.clone());
            create_task(async move {
                writer.drain().await.expect("it is open");
                trace.say(format!(
                    "drained {name} {}",
                    writer.get_write_buffer_size() <= 16384
                ));
            })
        };
        let tasks = [drain("a"), drain("b")];
        sleep(ms(50)).await;
        trace.say(format!("{:?}", tasks.each_ref().map(|task| task.done())));
        go.set();
        gather(tasks).await;
        writer.close();
        writer.wait_closed().await.expect("all was sent");
        let expected = [
            "(16384, 65536)",
            "drain 1 immediate",
            "true",
            "[false, false]",
            "drained a true",
            "drained b true",
        ];
        assert_eq!(trace.take(), expected);
    });
}

#[test]
fn writers_stay_paused_between_the_marks() {
    run(async {
        let ((_reader, writer), (reader, _writer)) = pair();
        writer
            .set_write_buffer_limits(Some(1 << 20), Some(0))
            .expect("in order");
        writer.write(&pattern(8 << 20, 1));
        let waiting = writer.clone();
        let draining = create_task(async move { waiting.drain().await });
        let mut left = 8 << 20;
        while writer.get_write_buffer_size() > 1 << 19 {
            left -= reader.read(1 << 16).await.expect("it is open").len();
        }
        assert!(
            writer.get_write_buffer_size() > 0,
            "it is between the marks"
        );
        assert!(!draining.done());
        // One who comes later waits as well.
        assert!(timeout(ms(2), writer.drain()).await.is_err());
        reader.read_exactly(left).await.expect("the rest");
        draining.await.expect("all was sent");
    });
}

#[test]
fn water_marks_follow_from_each_other_and_must_be_in_order() {
    run(async {
        let ((_reader, writer), _peer) = pair();
        let set = |high, low| {
            let set = writer.set_write_buffer_limits(high, low);
            set.map(|()| writer.get_write_buffer_limits())
        };
        assert_eq!(set(None, None), Ok((16 << 10, 64 << 10)));
        assert_eq!(set(Some(100), None), Ok((25, 100)));
        assert_eq!(set(None, Some(10)), Ok((10, 40)));
        assert_eq!(set(Some(0), Some(0)), Ok((0, 0)));
        let error = set(Some(1), Some(2)).expect_err("they are not in order");
        assert_eq!(error, InvalidWaterMarks { low: 2, high: 1 });
        let text = "the high-water mark (1) must be at least the low one (2)";
        assert_eq!(error.to_string(), text);
        assert_eq!(writer.get_write_buffer_limits(), (0, 0), "nothing was set");
    });
}

#[test]
fn a_write_after_close_is_dropped_and_drain_says_that_the_connection_is_lost() {
    // asyncio's F21
    run(async {
        let server = serve(async |reader: StreamReader, _| drop(reader.read_to_end().await)).await;
        let (reader, writer) = connect(server.local_addr()).await;
        writer.close();
        assert!(writer.is_closing());
        writer.write(b"x");
        let error = writer.drain().await.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(misuse(&error), WriteError::ConnectionLost);
        writer.wait_closed().await.expect("nothing was lost");
        assert_eq!(reader.read(1).await.expect("an end"), b"");
    });
}

#[test]
fn the_fifth_write_to_a_lost_connection_is_reported() {
    run(async {
        let trace = Trace::default();
        report_to(&get_running_loop(), &trace);
        let ((_, writer), _peer) = pair();
        writer.close();
        (0..4).for_each(|_| writer.write(b"x"));
        assert!(trace.take().is_empty());
        (0..4).for_each(|_| writer.write(b"x"));
        let report = "HANDLER 5 writes to a connection that is lost were dropped";
        assert_eq!(trace.take(), [report]);
    });
}

#[test]
fn a_write_after_eof_is_refused_and_told_once() {
    run(async {
        let ((_reader, writer), (peer, _writer)) = pair();
        assert!(writer.can_write_eof());
        writer.write(b"question");
        writer.write_eof();
        writer.drain().await.expect("nothing was refused yet");
        writer.write(b"too late");
        let error = writer.drain().await.expect_err("it was refused");
        assert_eq!(misuse(&error), WriteError::AfterEof);
        assert_eq!(
            error.to_string(),
            "cannot write: the connection was closed for writing"
        );
        writer.drain().await.expect("it was told");
        assert_eq!(peer.read_to_end().await.expect("an end"), b"question");
    });
}

#[test]
fn a_refused_write_that_nobody_drains_is_reported_when_the_writer_is_dropped() {
    run(async {
        let trace = Trace::default();
        report_to(&get_running_loop(), &trace);
        let ((_, writer), _peer) = pair();
        writer.write_eof();
        writer.write(b"too late");
        let other = writer.clone();
        drop(writer);
        assert!(trace.take().is_empty());
        drop(other);
        let report = "HANDLER something written was not sent: cannot write: the connection was \
            closed for writing";
        assert_eq!(trace.take(), [report]);
    });
}

#[test]
fn the_connection_is_closed_with_the_last_handle_of_its_writer() {
    run(async {
        let ((_reader, writer), (peer, _writer)) = pair();
        let other = writer.clone();
        drop(writer);
        assert!(timeout(ms(2), peer.read(1)).await.is_err());
        other.write(b"x");
        drop(other);
        assert_eq!(peer.read_to_end().await.expect("an end"), b"x");
    });
}

#[test]
fn pieces_that_are_written_as_one_come_as_one() {
    run(async {
        let ((_reader, writer), (peer, _writer)) = pair();
        writer.writelines([&b"one "[..], b"", b"two"]);
        assert_eq!(peer.read(100).await.expect("one segment"), b"one two");
        // More than the kernel takes, in more pieces than fit into one system call.
        let pieces: Vec<_> = (0..3000).map(|seed| pattern(1000, seed)).collect();
        writer.writelines(&pieces);
        assert!(writer.get_write_buffer_size() > 0);
        writer.writelines([b"end"]);
        writer.close();
        let all = peer.read_to_end().await.expect("all");
        assert!(all == [pieces.concat(), b"end".to_vec()].concat());
    });
}

#[test]
fn an_abort_drops_what_was_not_sent() {
    run(async {
        let ((reader, writer), (peer, _writer)) = pair();
        writer.write(&pattern(8 << 20, 1));
        assert!(writer.get_write_buffer_size() > 0);
        let draining = create_task({
            let writer = writer.clone();
            async move { writer.drain().await }
        });
        sleep(ms(1)).await;
        writer.abort();
        assert!(writer.is_closing());
        assert_eq!(writer.get_write_buffer_size(), 0);
        writer.wait_closed().await.expect("an abort is no failure");
        draining
            .await
            .expect("whoever waits is let go, as in asyncio");
        let error = writer.drain().await.expect_err("it is closed");
        assert_eq!(misuse(&error), WriteError::ConnectionLost);
        assert_eq!(reader.read(1).await.expect("an end"), b"");
        let all = peer.read_to_end().await.expect("an end");
        assert!(all.len() < 8 << 20);
    });
}

#[test]
fn drain_after_close_waits_for_what_is_still_being_sent() {
    run(async {
        let ((_reader, writer), (peer, _writer)) = pair();
        writer.write(&pattern(8 << 20, 1));
        writer.close();
        let reading = create_task(async move { peer.read_to_end().await });
        writer.drain().await.expect("it is being sent");
        writer.wait_closed().await.expect("all was sent");
        assert_eq!(reading.await.expect("all").len(), 8 << 20);
    });
}

#[test]
fn what_was_written_between_two_runs_is_sent_in_the_second() {
    for drained in [true, false] {
        let event_loop = looplet::EventLoop::new().expect("a loop");
        let made = event_loop.run_until_complete(async { pair() });
        let ((_reader, writer), (peer, _writer)) = made.expect("it ends");
        writer.write(&pattern(4 << 20, 1));
        assert!(writer.get_write_buffer_size() > 0);
        let ran = event_loop.run_until_complete(async move {
            let reading = create_task(async move { peer.read_to_end().await });
            if drained {
                let drain = timeout(Duration::from_secs(20), writer.drain());
                drain.await.expect("in time").expect("it is open");
            }
            writer.close();
            reading.await.expect("all")
        });
        assert!(ran.expect("it ends") == pattern(4 << 20, 1), "{drained}");
    }
}

#[test]
fn a_writer_knows_both_ends() {
    run(async {
        let server = serve(echo).await;
        let (_reader, writer) = connect(server.local_addr()).await;
        let peer = writer.peer_addr().expect("it is open");
        assert_eq!(peer.ip(), Some(server.local_addr()));
        assert_eq!(peer.to_string(), server.local_addr().to_string());
        let local = writer.local_addr().expect("it is open");
        assert!(local.ip().is_some_and(|address| address.port() > 0));
        assert_eq!(peer.path(), None);
    });
}

#[test]
fn drain_waits_for_a_slow_reader() {
    run(async {
        let gate = looplet::Event::new();
        let wait = gate.clone();
        let server = serve(async move |reader: StreamReader, writer: StreamWriter| {
            wait.wait().await;
            let all = reader.read_to_end().await.expect("the client sends");
            writer.write(all.len().to_string().as_bytes());
        })
        .await;
        let (reader, writer) = connect(server.local_addr()).await;
        // More than any kernel buffers for a loopback connection.
        let data = vec![7; 32 << 20];
        writer.write(&data);
        assert!(
            timeout(ms(5), writer.drain()).await.is_err(),
            "nobody reads"
        );
        assert!(!format!("{writer:?}").contains("unsent: 0,"));
        gate.set();
        writer.drain().await.expect("somebody reads");
        writer.write_eof();
        let count = reader.read_to_end().await.expect("an answer");
        assert_eq!(count, data.len().to_string().as_bytes());
    });
}

#[test]
fn what_is_written_while_the_rest_is_being_sent_comes_behind_it() {
    const SIZE: usize = 16 << 20;
    run(async {
        let gate = looplet::Event::new();
        let go = gate.clone();
        let server = serve(async move |_, writer: StreamWriter| {
            writer.write(&pattern(SIZE, 5));
            gate.wait().await;
            // The kernel has room again by now, and most of the pattern is still here.
            for _ in 0..50 {
                writer.write(b"late");
                looplet::yield_now().await;
            }
        })
        .await;
        let (reader, _writer) = connect(server.local_addr()).await;
        sleep(ms(3)).await;
        // Read some, so that the kernel takes more as soon as it is asked.
        let mut all = reader
            .read_exactly(1 << 20)
            .await
            .expect("the server sends");
        go.set();
        all.extend(reader.read_to_end().await.expect("the server sends"));
        assert!(all[..SIZE] == pattern(SIZE, 5), "in order");
        assert_eq!(all[SIZE..], b"late".repeat(50));
    });
}

#[test]
fn one_direction_can_be_closed_before_the_other() {
    run(async {
        let server = serve(async |reader: StreamReader, writer: StreamWriter| {
            let all = reader.read_to_end().await.expect("the client sends");
            writer.write(b"got ");
            writer.write(&all);
        })
        .await;
        let (reader, writer) = connect(server.local_addr()).await;
        writer.write(b"question");
        writer.write_eof();
        assert!(!writer.is_closing());
        writer.write(b"too late");
        let error = writer.drain().await.expect_err("it was closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let answer = reader.read_to_end().await.expect("an answer");
        assert_eq!(answer, b"got question");
    });
}

#[test]
fn a_writer_that_is_dropped_delivers_what_was_written() {
    const SIZE: usize = 8 << 20;
    run(async {
        let server = serve(async |_, writer: StreamWriter| writer.write(&pattern(SIZE, 3))).await;
        let (reader, _writer) = connect(server.local_addr()).await;
        let all = reader.read_to_end().await.expect("the server sends");
        assert!(all == pattern(SIZE, 3));
    });
}

#[test]
fn wait_closed_waits_until_all_was_sent() {
    const SIZE: usize = 8 << 20;
    run(async {
        let sent = Rc::new(Cell::new(false));
        let told = sent.clone();
        let server = serve(async move |_, writer: StreamWriter| {
            writer.write(&pattern(SIZE, 4));
            writer.close();
            assert!(writer.is_closing());
            writer.wait_closed().await.expect("the client reads");
            told.set(true);
        })
        .await;
        let (reader, _writer) = connect(server.local_addr()).await;
        assert!(!sent.get());
        let all = reader.read_to_end().await.expect("the server sends");
        assert_eq!(all.len(), SIZE);
        while !sent.get() {
            sleep(ms(1)).await;
        }
    });
}
