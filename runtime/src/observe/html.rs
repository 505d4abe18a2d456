//! The record as a page: a drawing (SVG) with a lane for each task, and its legend.
//!
//! The page has no script and loads nothing. What a span is doing shows when the pointer rests
//! on it. Spans too short to be seen are two units wide: on the virtual clock most steps take no
//! time at all.

use std::fmt::Write as _;
use std::time::Duration;

use super::lanes::{Arrow, Lane, Lanes, Span};
use super::record::Log;

/// Where the time axis begins.
const LEFT: f64 = 180.0;
/// Letters of a name that have room before it.
const LETTERS: usize = 24;
/// How long the time axis is.
const WIDTH: f64 = 1000.0;
/// How much a lane takes.
const LANE: f64 = 26.0;
/// How high a span is.
const BAR: f64 = 16.0;
/// What is above the first lane.
const TOP: f64 = 30.0;
/// The shortest that a span is drawn.
const SHORTEST: f64 = 2.0;

const STYLE: &str = "
body { font: 14px sans-serif; margin: 2em; }
svg { font: 12px sans-serif; max-width: 100%; height: auto; }
.running { fill: #2a7d4f; }
.ready { fill: #e3b341; }
.waiting { fill: #d8dee4; }
.rule { stroke: #eee; }
.arrow { stroke: #8250df; stroke-width: 1; marker-end: url(#tip); }
.key { display: inline-block; width: 1em; height: 1em; margin: 0 .4em 0 1em; vertical-align: -2px; }
";

pub(super) fn write(log: &Log) -> String {
    let all = Lanes::of(log);
    let (width, height) = (LEFT + WIDTH + 20.0, TOP + LANE * all.lanes.len() as f64);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Timeline</title>\n\
         <style>{STYLE}</style>\n<h1>Timeline</h1>\n<p>{} tasks, {} events, {:.6} seconds.{}\n\
         {}<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"5\" \
         markerHeight=\"5\" orient=\"auto\"><path d=\"M0 0L6 3L0 6z\" fill=\"#8250df\"/></marker>\
         </defs>\n",
        log.tasks.len(),
        log.records.len(),
        all.end.as_secs_f64(),
        lost(log),
        legend(),
    );
    page.push_str(&axis(all.end, height));
    let scale = Scale(all.end);
    for (number, lane) in all.lanes.iter().enumerate() {
        page.push_str(&draw_lane(scale, number, lane));
    }
    page.extend(all.arrows.iter().map(|arrow| draw_arrow(scale, arrow)));
    page.push_str("</svg>\n</html>\n");
    page
}

fn lost(log: &Log) -> String {
    match log.lost {
        0 => String::new(),
        lost => format!(" {lost} more events found no room."),
    }
}

fn legend() -> String {
    let mut legend = String::from("<p>");
    for state in ["running", "ready", "waiting"] {
        let color = match state {
            "running" => "#2a7d4f",
            "ready" => "#e3b341",
            _ => "#d8dee4",
        };
        // Writing to a string cannot fail.
        let _ = write!(
            legend,
            "<span class=\"key\" style=\"background:{color}\"></span>{state}"
        );
    }
    legend.push_str(". An arrow is a wake, or a spawn.\n");
    legend
}

/// From times to places, on an axis that ends at a time.
#[derive(Clone, Copy)]
struct Scale(Duration);

impl Scale {
    fn x(self, time: Duration) -> f64 {
        let whole = self.0.as_secs_f64();
        let part = if whole > 0.0 {
            time.as_secs_f64() / whole
        } else {
            0.0
        };
        LEFT + WIDTH * part
    }
}

/// Five marks with their times.
fn axis(end: Duration, height: f64) -> String {
    let mut axis = String::new();
    for mark in 0..=4_u32 {
        let time = end * mark / 4;
        let (x, seconds) = (Scale(end).x(time), time.as_secs_f64());
        // Writing to a string cannot fail.
        let _ = writeln!(
            axis,
            "<line class=\"rule\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{height}\"/>\
             <text x=\"{x:.1}\" y=\"18\" text-anchor=\"middle\">{seconds:.3} s</text>"
        );
    }
    axis
}

fn y(lane: usize) -> f64 {
    TOP + LANE * lane as f64
}

fn draw_lane(scale: Scale, number: usize, lane: &Lane) -> String {
    let about = escaped(&format!("{}: {}", lane.name, lane.about));
    let shown: String = lane.name.chars().take(LETTERS).collect();
    let name = escaped(&shown);
    let base = y(number) + BAR - 3.0;
    let mut drawn = format!("<text x=\"4\" y=\"{base}\">{name}<title>{about}</title></text>\n");
    drawn.extend(lane.spans.iter().map(|span| draw_span(scale, number, span)));
    drawn
}

fn draw_span(scale: Scale, number: usize, span: &Span) -> String {
    let (x, y) = (scale.x(span.from), y(number));
    let width = (scale.x(span.to) - x).max(SHORTEST);
    let (class, text) = (span.state.name(), escaped(&span.text));
    let (from, to) = (span.from.as_secs_f64(), span.to.as_secs_f64());
    format!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\">\
         <title>{text}: {from:.6} s to {to:.6} s</title></rect>\n"
    )
}

fn draw_arrow(scale: Scale, arrow: &Arrow) -> String {
    let x = scale.x(arrow.when);
    let down = arrow.from < arrow.to;
    let (from, to) = match down {
        true => (y(arrow.from) + BAR, y(arrow.to)),
        false => (y(arrow.from), y(arrow.to) + BAR),
    };
    format!("<line class=\"arrow\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from}\" y2=\"{to}\"/>\n")
}

/// A text in a page.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.extend(control.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}
