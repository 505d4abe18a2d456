//! The record in the trace event format, which the viewers of Chrome and Perfetto read.
//!
//! A lane is a thread there, a span a complete event (`X`), and an arrow a flow: it starts (`s`)
//! in one lane and finishes (`f`) in another. Times are in microseconds.

use std::fmt::Write as _;
use std::time::Duration;

use super::lanes::{Arrow, Lane, Lanes, Span};
use super::record::Log;

pub(super) fn write(log: &Log) -> String {
    let all = Lanes::of(log);
    let mut events = Vec::new();
    for (number, lane) in all.lanes.iter().enumerate() {
        events.push(head(number, lane));
        events.extend(lane.spans.iter().map(|span| complete(number, span)));
    }
    for (id, arrow) in all.arrows.iter().enumerate() {
        events.extend(flow(id, arrow));
    }
    let events = events.join(",\n");
    format!("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{events}\n]}}\n")
}

fn head(number: usize, lane: &Lane) -> String {
    let (name, about) = (quoted(&lane.name), quoted(&lane.about));
    format!(
        "{{\"ph\":\"M\",\"pid\":1,\"tid\":{number},\"name\":\"thread_name\",\
         \"args\":{{\"name\":{name},\"about\":{about}}}}}"
    )
}

fn complete(number: usize, span: &Span) -> String {
    let (name, category) = (quoted(&span.text), span.state.name());
    let (from, length) = (micros(span.from), micros(span.to - span.from));
    format!(
        "{{\"ph\":\"X\",\"pid\":1,\"tid\":{number},\"ts\":{from},\"dur\":{length},\
         \"cat\":\"{category}\",\"name\":{name}}}"
    )
}

fn flow(id: usize, arrow: &Arrow) -> [String; 2] {
    let when = micros(arrow.when);
    let half = |phase: &str, lane: usize, more: &str| {
        format!(
            "{{\"ph\":\"{phase}\",\"pid\":1,\"tid\":{lane},\"ts\":{when},\"id\":{id},\
             \"cat\":\"wake\",\"name\":\"wake\"{more}}}"
        )
    };
    [
        half("s", arrow.from, ""),
        half("f", arrow.to, ",\"bp\":\"e\""),
    ]
}

fn micros(time: Duration) -> String {
    let nanos = time.as_nanos();
    format!("{}.{:03}", nanos / 1000, nanos % 1000)
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
