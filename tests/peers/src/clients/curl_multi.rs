//! libcurl's multi interface, from one thread: a transfer for each lane.

use std::time::Duration;

use curl::easy::{Easy2, Handler, WriteError};
use curl::multi::{Easy2Handle, Multi};

use super::job::{Job, Report, Target};

/// How long to wait for news; they come before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the body of one response.
#[derive(Default)]
struct Body(Vec<u8>);

impl Handler for Body {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.0.extend_from_slice(data);
        Ok(data.len())
    }
}

/// A transfer, and how often it is still to be done.
struct Lane {
    handle: Easy2Handle<Body>,
    left: usize,
}

pub(super) fn run(job: &Job) -> Result<Report, String> {
    let mut multi = Multi::new();
    multi
        .set_max_connects(job.lanes)
        .map_err(|error| error.to_string())?;
    job.carry_out_blocking(|each| {
        let fetched = fetch_all(&multi, &job.target, job.lanes, each);
        fetched.map_err(|error| error.to_string())
    })
}

fn fetch_all(multi: &Multi, target: &Target, lanes: usize, each: usize) -> Result<(), String> {
    let mut lanes: Vec<Lane> = (0..lanes)
        .map(|token| begin(multi, target, token, each))
        .collect::<Result<_, _>>()?;
    let mut busy = lanes.len();
    while busy > 0 {
        multi.perform().map_err(|error| error.to_string())?;
        for token in finished(multi) {
            busy -= usize::from(!go_on(multi, target, &mut lanes, token)?);
        }
        if busy > 0 {
            multi
                .wait(&mut [], PATIENCE)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn begin(multi: &Multi, target: &Target, token: usize, left: usize) -> Result<Lane, String> {
    let mut easy = Easy2::new(Body::default());
    easy.url(&target.url).map_err(|error| error.to_string())?;
    let mut handle = multi.add2(easy).map_err(|error| error.to_string())?;
    handle.set_token(token).map_err(|error| error.to_string())?;
    Ok(Lane { handle, left })
}

/// The transfers that have ended.
fn finished(multi: &Multi) -> Vec<usize> {
    let mut tokens = Vec::new();
    multi.messages(|message| {
        if message.result().is_some() {
            tokens.extend(message.token());
        }
    });
    tokens
}

/// Starts the next transfer of a lane. Returns whether there was one left.
fn go_on(multi: &Multi, target: &Target, lanes: &mut [Lane], token: usize) -> Result<bool, String> {
    let lane = &mut lanes[token];
    target.check(lane.handle.get_ref().0.len())?;
    lane.left -= 1;
    if lane.left == 0 {
        return Ok(false);
    }
    let next = begin(multi, target, token, lane.left)?;
    let last = std::mem::replace(&mut lanes[token], next);
    multi
        .remove2(last.handle)
        .map_err(|error| error.to_string())?;
    Ok(true)
}
