//! Measures looplet and looplet-http side by side with their peers, all of it in one run.
//!
//! One program plays every part. Started by a person it is the *driver*: it starts each sample
//! as a fresh process of itself, so that no sample inherits the heap of another. Started as
//! `sample` it is the *subject*, does one piece of work on one implementation, and prints what
//! it took. Started as `partner` it is the other end of the subject's sockets.
//!
//! The `mod` lines stand in dependency order:
//!
//! * `meters`: clocks, memory, and the figures that a sample prints;
//! * `runtimes`: every runtime behind one small trait; `work`: what they are made to do;
//! * `poller`, `partners`: epoll without a runtime, and the servers and load that use it;
//! * `clients`: every HTTP client behind one small trait, and what they are made to do;
//! * `sample`: from the words of a command line to a piece of work;
//! * `catalog`: which pieces of work there are; `growth`: which of them at many sizes;
//! * `rows`: what looplet is held to; `plot`: lines as SVG;
//! * `driver`: rounds, processes, medians, tables, and the report.

mod meters;
mod runtimes;
mod work;
mod poller;
mod partners;
mod clients;
mod sample;
mod catalog;
mod growth;
mod rows;
mod plot;
mod driver;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.first().map(String::as_str) {
        Some("sample") => sample::run(&words[1..]),
        Some("partner") => partners::run(&words[1..]),
        _ => driver::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("peers: {complaint}");
            ExitCode::FAILURE
        }
    }
}
