//! Group F, readers: what a stream gives, when, and how much it keeps.

use std::io;

use looplet::{AlreadyReading, ReadError, StreamReader, create_task, sleep};

use crate::programs::ms;
use crate::raised::{Raised, runtime_error};
use crate::table::Case;
use crate::trace::{Bytes, Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("F01", f01),
        Case::new("F02", f02),
        Case::new("F03", f03),
        Case::new("F04", f04),
        Case::new("F05", f05),
        Case::new("F06", f06),
    ]
}

/// A reader that was fed `data`, and then the end.
fn fed(data: &[u8]) -> StreamReader {
    let (mut feed, reader) = StreamReader::fed();
    feed.feed_data(data);
    feed.feed_eof();
    reader
}

async fn f01(trace: Trace) {
    let reader = fed(b"l1\nab|cdXYZrest");
    trace.say((
        reader.read_line().await.map(Bytes),
        reader.read_until(b"|").await.map(Bytes),
        reader.read_exactly(2).await.map(Bytes),
        reader.read(3).await.map(Bytes).ok(),
        reader.at_eof(),
        reader.read_to_end().await.map(Bytes).ok(),
        reader.at_eof(),
        reader.read_to_end().await.map(Bytes).ok(),
        reader.read_line().await.map(Bytes),
    ));
}

async fn f02(trace: Trace) {
    let incomplete = |read: Result<Vec<u8>, ReadError>| {
        if let Err(error) = read {
            let text = error.str();
            if let ReadError::Incomplete { partial, expected } = error {
                trace.say((text, Bytes(partial), expected));
            }
        }
    };
    incomplete(fed(b"abc").read_exactly(5).await);
    incomplete(fed(b"abc").read_until(b"\n").await);
}

/// What is left is what can still be read.
async fn f03(trace: Trace) {
    let limited = || {
        let made = StreamReader::fed_with_limit(4);
        let (mut feed, reader) = made.expect("the limit is not zero");
        feed.feed_data(b"123456\nok\n");
        (feed, reader)
    };
    let (feed, reader) = limited();
    if let Err(error) = reader.read_until(b"\n").await
        && let ReadError::LimitOverrun { consumed, .. } = error
    {
        feed.feed_eof();
        let left = reader.read_to_end().await.expect("there is an end");
        trace.say((error, consumed, left.len()));
    }
    let (_feed, reader) = limited();
    if let Err(ReadError::LimitOverrun { found: true, .. }) = reader.read_line().await {
        trace.say("ValueError Separator is found, but chunk is longer than limit");
    }
    trace.say(reader.read_line().await.map(Bytes));
}

async fn f04(trace: Trace) {
    let (mut feed, reader) = StreamReader::fed();
    let reader = std::rc::Rc::new(reader);
    let first = reader.clone();
    let task = create_task(async move { first.read_line().await.map(Bytes) });
    sleep(ms(0)).await;
    if let Err(error) = reader.read(1).await
        && let Some(inner) = error.get_ref()
        && inner.is::<AlreadyReading>()
    {
        let text = "read() called while another coroutine is already waiting for incoming data";
        trace.say(runtime_error(text));
    }
    feed.feed_data(b"z\n");
    trace.say(task.await);
}

/// What `async for` gives is what `read_line` gives, line ends and all; `lines` is without.
async fn f05(trace: Trace) {
    let reader = fed(b"a\nb\r\nc");
    while let Ok(line) = reader.read_line().await {
        if line.is_empty() {
            break;
        }
        trace.say(Bytes(line));
    }
}

/// A feed is not called when the reader has too much; it asks.
async fn f06(trace: Trace) {
    let made = StreamReader::fed_with_limit(4);
    let (mut feed, reader) = made.expect("the limit is not zero");
    let mut paused = false;
    let mut look = |feed: &looplet::StreamFeed| {
        if feed.is_paused() != paused {
            paused = feed.is_paused();
            trace.say(if paused { "pause" } else { "resume" });
        }
    };
    feed.feed_data(b"12345678");
    look(&feed);
    trace.say("8 bytes");
    feed.feed_data(b"9");
    look(&feed);
    let mut left = 9;
    for size in [4, 1] {
        left -= read(&reader, size).await;
        look(&feed);
        trace.say(("left", left));
    }
}

async fn read(reader: &StreamReader, size: usize) -> usize {
    let read: io::Result<Vec<u8>> = reader.read(size).await;
    read.expect("there is data").len()
}

impl Python for ReadError {
    fn str(&self) -> String {
        match self {
            ReadError::Incomplete { partial, expected } => {
                let read = partial.len();
                let total = expected.map_or("undefined".to_string(), |total| total.to_string());
                let text = format!("{read} bytes read on a total of {total} expected bytes");
                Raised::new("IncompleteReadError", text).str()
            }
            ReadError::LimitOverrun { found: true, .. } => {
                let text = "Separator is found, but chunk is longer than limit";
                Raised::new("LimitOverrunError", text).str()
            }
            other => other.to_string(),
        }
    }
}
