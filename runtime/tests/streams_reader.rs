//! Readers: pieces, lines, separators, limits; connected and fed by hand.

mod common;

use std::io::ErrorKind;

use common::net::{connect, reader_of, serve};
use common::{Trace, ms, run_virtual};
use looplet::{
    AlreadyReading, ReadError, StreamFeed, StreamReader, StreamWriter, ZeroLimit, create_task, run,
    sleep, timeout, yield_now,
};

/// A reader that was fed `data` and an end.
fn fed(data: &[u8]) -> StreamReader {
    let (mut feed, reader) = StreamReader::fed();
    feed.feed_data(data);
    feed.feed_eof();
    reader
}

fn fed_with_limit(limit: usize) -> (StreamFeed, StreamReader) {
    StreamReader::fed_with_limit(limit).expect("it is not 0")
}

#[test]
fn pieces_come_in_the_order_in_which_they_are_asked_for() {
    // asyncio's F01
    run_virtual(async {
        let reader = fed(b"l1\nab|cdXYZrest");
        assert_eq!(reader.read_line().await.expect("a line"), b"l1\n");
        assert_eq!(reader.read_until(b"|").await.expect("it is there"), b"ab|");
        assert_eq!(reader.read_exactly(2).await.expect("two"), b"cd");
        assert_eq!(reader.read(3).await.expect("three"), b"XYZ");
        assert!(!reader.at_eof());
        assert_eq!(reader.read_to_end().await.expect("the rest"), b"rest");
        assert!(reader.at_eof());
        assert_eq!(reader.read_to_end().await.expect("the end"), b"");
        assert_eq!(reader.read_line().await.expect("the end"), b"");
    });
}

#[test]
fn an_early_end_says_what_was_expected() {
    // asyncio's F02
    run_virtual(async {
        let Err(ReadError::Incomplete { partial, expected }) = fed(b"abc").read_exactly(5).await
        else {
            panic!("it is too short")
        };
        assert_eq!((&partial[..], expected), (&b"abc"[..], Some(5)));
        let Err(ReadError::Incomplete { partial, expected }) = fed(b"abc").read_until(b"\n").await
        else {
            panic!("it is too short")
        };
        assert_eq!((&partial[..], expected), (&b"abc"[..], None));
    });
}

#[test]
fn beyond_the_limit_read_until_keeps_the_data_and_read_line_drops_the_line() {
    // asyncio's F03
    run_virtual(async {
        let (mut feed, reader) = fed_with_limit(4);
        feed.feed_data(b"123456\nok\n");
        let error = reader.read_until(b"\n").await.expect_err("it is too long");
        let text = "the separator was found beyond the limit of 4 bytes";
        assert_eq!(error.to_string(), text);
        let ReadError::LimitOverrun {
            consumed, found, ..
        } = error
        else {
            panic!("not {error}")
        };
        assert_eq!((consumed, found), (6, true));
        assert!(format!("{reader:?}").contains("buffered: 10,"));
        let error = reader.read_line().await.expect_err("it is too long");
        assert_eq!(error.to_string(), text);
        assert_eq!(reader.read_line().await.expect("it is short"), b"ok\n");
    });
}

#[test]
fn a_line_whose_end_has_not_come_within_the_limit_is_dropped_as_far_as_it_has_come() {
    run_virtual(async {
        let (mut feed, reader) = fed_with_limit(4);
        feed.feed_data(b"123456");
        let error = reader.read_line().await.expect_err("it is too long");
        assert_eq!(
            error.to_string(),
            "the separator was not found within 4 bytes"
        );
        feed.feed_data(b"78\nok\n");
        assert_eq!(reader.read_line().await.expect("the rest"), b"78\n");
        assert_eq!(reader.read_line().await.expect("it is short"), b"ok\n");
    });
}

#[test]
fn a_second_task_that_waits_for_data_is_refused() {
    // asyncio's F04
    run_virtual(async {
        let (mut feed, reader) = StreamReader::fed();
        let other = reader.clone();
        let first = create_task(async move { other.read_line().await });
        yield_now().await;
        let error = reader.read(1).await.expect_err("the first one waits");
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        let text = "read was called while another task waits for incoming data";
        assert_eq!(error.to_string(), text);
        let cause = error.get_ref().expect("it has a cause");
        assert!(cause.is::<AlreadyReading>());
        feed.feed_data(b"z\n");
        assert_eq!(first.await.expect("a line"), b"z\n");
    });
}

#[test]
fn a_reader_whose_wait_was_cancelled_can_be_read_again() {
    run_virtual(async {
        let (mut feed, reader) = StreamReader::fed();
        feed.feed_data(b"ab");
        assert!(timeout(ms(5), reader.read_exactly(4)).await.is_err());
        feed.feed_data(b"cd");
        assert_eq!(reader.read_exactly(4).await.expect("four"), b"abcd");
    });
}

#[test]
fn a_socket_has_one_waiting_reader_too() {
    run(async {
        let server = serve(async |reader: StreamReader, _| drop(reader.read(1).await)).await;
        let (reader, writer) = connect(server.local_addr()).await;
        let other = reader.clone();
        let first = create_task(async move { other.read_to_end().await });
        sleep(ms(1)).await;
        let error = reader.read_line().await.expect_err("the first one waits");
        let text = "read_line was called while another task waits for incoming data";
        assert_eq!(error.to_string(), text);
        writer.close();
        assert_eq!(first.await.expect("an end"), b"");
    });
}

#[test]
fn lines_are_read_to_the_last_one_that_lacks_its_end() {
    // asyncio's F05, with `read_line`: `lines` takes the ends off.
    run_virtual(async {
        let (reader, trace) = (fed(b"a\nb\r\nc"), Trace::default());
        loop {
            let line = reader.read_line().await.expect("no line is too long");
            if line.is_empty() {
                break;
            }
            trace.say(line.escape_ascii());
        }
        assert_eq!(trace.take(), [r"a\n", r"b\r\n", "c"]);
    });
}

#[test]
fn who_feeds_is_paused_above_twice_the_limit_until_it_is_down_to_the_limit() {
    // asyncio's F06
    run_virtual(async {
        let (mut feed, reader) = fed_with_limit(4);
        feed.feed_data(b"12345678");
        assert!(!feed.is_paused(), "8 bytes");
        feed.feed_data(b"9");
        assert!(feed.is_paused(), "9 bytes");
        assert_eq!(reader.read(4).await.expect("four"), b"1234");
        assert!(feed.is_paused(), "5 bytes");
        assert!(timeout(ms(5), feed.resumed()).await.is_err());
        assert_eq!(reader.read(1).await.expect("one"), b"5");
        assert!(!feed.is_paused(), "4 bytes");
        feed.resumed().await;
    });
}

#[test]
fn a_reader_that_wants_more_than_twice_its_limit_gets_it() {
    run_virtual(async {
        let (mut feed, reader) = fed_with_limit(4);
        let reading = create_task(async move { reader.read_exactly(30).await });
        for _ in 0..3 {
            feed.resumed().await;
            feed.feed_data(b"0123456789");
            yield_now().await;
        }
        assert_eq!(reading.await.expect("thirty").len(), 30);
    });
}

#[test]
fn a_fed_error_comes_behind_the_data_and_stays() {
    run_virtual(async {
        let (mut feed, reader) = StreamReader::fed();
        feed.feed_data(b"half a li");
        feed.set_exception(ErrorKind::TimedOut.into());
        assert_eq!(reader.read(4).await.expect("it came before"), b"half");
        for _ in 0..2 {
            let Err(ReadError::Io(error)) = reader.read_line().await else {
                panic!("the line does not end")
            };
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert!(!reader.at_eof());
        let error = reader.exception().expect("it was fed");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn an_error_reaches_a_reader_that_waits() {
    run_virtual(async {
        let (feed, reader) = StreamReader::fed();
        let reading = create_task(async move { reader.read(1).await });
        yield_now().await;
        feed.set_exception(ErrorKind::TimedOut.into());
        let error = reading.await.expect_err("it was told");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn a_feed_that_is_dropped_is_not_an_end() {
    run_virtual(async {
        let (mut feed, reader) = StreamReader::fed();
        feed.feed_data(b"half");
        let other = reader.clone();
        let reading = create_task(async move { other.read_to_end().await });
        yield_now().await;
        drop(feed);
        let error = reading.await.expect_err("there was no end");
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert_eq!(error.to_string(), "nobody feeds the reader any more");
        assert_eq!(reader.read(9).await.expect("nothing is lost"), b"half");
    });
}

#[test]
fn of_several_separators_the_one_that_ends_first_counts() {
    run_virtual(async {
        let reader = fed(b"one\r\ntwo\nthree\r");
        let separators: [&[u8]; 2] = [b"\r\n", b"\n"];
        for piece in [&b"one\r\n"[..], b"two\n"] {
            assert_eq!(
                reader.read_until_any(&separators).await.expect("a piece"),
                piece
            );
        }
        let last = reader.read_until_any(&separators).await;
        assert!(
            matches!(last, Err(ReadError::Incomplete { .. })),
            "{last:?}"
        );
    });
}

#[test]
fn no_separator_is_an_error_and_not_a_panic() {
    run_virtual(async {
        let reader = fed(b"abc");
        for separators in [&[][..], &[&b""[..]], &[b"a", b""]] {
            let error = reader.read_until_any(separators).await.expect_err("no");
            assert!(matches!(error, ReadError::NoSeparator), "{error}");
            let error = std::io::Error::from(error);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(reader.read_to_end().await.expect("all"), b"abc");
    });
}

#[test]
fn a_limit_can_be_set_for_one_call() {
    run_virtual(async {
        let mut reader = fed(b"123456789\n");
        let short = reader.within(8).expect("it is not 0");
        assert!(short.read_until(b"\n").await.is_err());
        assert_eq!(reader.within(0).expect_err("nothing fits"), ZeroLimit);
        assert_eq!(reader.set_limit(0), Err(ZeroLimit));
        assert_eq!(reader.read_line().await.expect("64 KiB"), b"123456789\n");
    });
}

#[test]
fn a_limit_of_zero_is_refused_where_it_is_given() {
    assert_eq!(StreamReader::fed_with_limit(0).map(drop), Err(ZeroLimit));
    let error = std::io::Error::from(ZeroLimit);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "the limit of a reader cannot be 0");
}

#[test]
fn lines_end_where_the_line_ends() {
    run(async {
        let (reader, _writer, _server) = reader_of(b"one\ntwo\r\n\nlast").await;
        let mut lines = reader.lines();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.expect("no line is too long") {
            seen.push(String::from_utf8(line).expect("it is text"));
        }
        assert_eq!(seen, ["one", "two", "", "last"]);
        assert!(reader.at_eof());
    });
}

#[test]
fn exact_reads_and_separators_cut_where_they_should() {
    run(async {
        let (reader, _writer, _server) = reader_of(b"12345--abc--de-").await;
        assert_eq!(reader.read_exactly(0).await.expect("nothing"), b"");
        assert_eq!(reader.read_exactly(3).await.expect("three"), b"123");
        assert_eq!(
            reader.read_until(b"--").await.expect("it is there"),
            b"45--"
        );
        assert_eq!(reader.read(2).await.expect("two"), b"ab");
        assert_eq!(reader.read_until(b"--").await.expect("it is there"), b"c--");
        let Err(ReadError::Incomplete { partial, expected }) = reader.read_until(b"--").await
        else {
            panic!("the separator does not come")
        };
        assert_eq!((&partial[..], expected), (&b"de-"[..], None));
        assert!(reader.at_eof());
    });
}

#[test]
fn an_early_end_gives_what_there_was() {
    // asyncio's F02
    run(async {
        let (reader, _writer, _server) = reader_of(b"abc").await;
        let error = reader.read_exactly(5).await.expect_err("it is too short");
        assert_eq!(error.to_string(), "the connection ended after 3 of 5 bytes");
        let ReadError::Incomplete { partial, expected } = error else {
            panic!("an early end is not another error")
        };
        assert_eq!((&partial[..], expected), (&b"abc"[..], Some(5)));
        assert_eq!(reader.read(10).await.expect("the end"), b"");
    });
}

#[test]
fn a_separator_cut_in_two_is_found() {
    run(async {
        let server = serve(async |_, writer: StreamWriter| {
            for piece in [&b"head\r"[..], b"\n\r", b"\nbody"] {
                writer.write(piece);
                sleep(ms(2)).await;
            }
        })
        .await;
        let (reader, _writer) = connect(server.local_addr()).await;
        let head = reader.read_until(b"\r\n\r\n").await.expect("it comes");
        assert_eq!(head, b"head\r\n\r\n");
        assert_eq!(reader.read_to_end().await.expect("the rest"), b"body");
    });
}
