//! The body of an answer: whether it is wanted, and where it goes.

use std::time::Duration;

use looplet::{get_running_loop, sleep};
use looplet_http::Response;

use crate::conditions;
use crate::failure::{Failure, code};
use crate::options::Fail;
use crate::output::name_of_server;
use crate::payload::Kind;
use crate::plan::Destination;
use crate::request::Hop;
use crate::transfer::Transfer;

/// A body that nobody wants is read up to there, so that its connection can be used again.
const DISCARDED: u64 = 1024 * 1024;

/// Reads a body that is not wanted, if its connection can be used again then.
pub(crate) async fn discard(response: &mut Response) {
    let is_chunked = response.headers().get("Transfer-Encoding").is_some();
    let is_short = content_length(response).is_some_and(|length| length <= DISCARDED);
    let closes = response
        .header("Connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    if closes || !(is_chunked || is_short) {
        return;
    }
    let mut left = DISCARDED;
    // Whatever goes wrong here closes the connection, and that is all.
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len() as u64) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Writes a body, if it is wanted.
pub(crate) async fn body(
    transfer: &Transfer,
    hop: &Hop,
    mut response: Response,
) -> Result<(), Failure> {
    let operation = transfer.operation();
    let status = response.status().as_u16();
    let failed = || {
        let message = format!("The requested URL returned error: {status}");
        Failure::new(code::HTTP_RETURNED_ERROR, message)
    };
    if status >= 400 && operation.fail == Fail::Quietly {
        return Err(failed());
    }
    if !is_wanted(transfer, hop, &response)? {
        discard(&mut response).await;
        return Ok(());
    }
    name_output(transfer, &response);
    copy(transfer, &mut response).await?;
    match status >= 400 && operation.fail == Fail::WithBody {
        true => Err(failed()),
        false => Ok(()),
    }
}

/// Gives the output the name that the server has for it, if that is wanted.
fn name_output(transfer: &Transfer, response: &Response) {
    let is_remote = transfer.plan.output == Destination::Remote;
    if !transfer.operation().remote_header_name || !is_remote {
        return;
    }
    let disposition = response.headers().get("Content-Disposition");
    if let Some(name) = disposition.and_then(name_of_server) {
        transfer.tap.borrow_mut().output.rename(&name);
    }
}

/// Whether a body is what was asked for.
fn is_wanted(transfer: &Transfer, hop: &Hop, response: &Response) -> Result<bool, Failure> {
    let operation = transfer.operation();
    let length = content_length(response);
    if let (Some(limit), Some(length)) = (operation.max_filesize, length)
        && length > limit
    {
        return Err(too_large(limit));
    }
    if hop.resume_at > 0 && hop.payload.kind == Kind::Nothing && !operation.head {
        return goes_on(hop.resume_at, length, response);
    }
    let is_unmet = conditions::is_unmet(operation, response.header("Last-Modified"));
    Ok(!(is_unmet && response.status().as_u16() == 200))
}

/// Whether a body goes on where it was to.
fn goes_on(offset: u64, length: Option<u64>, response: &Response) -> Result<bool, Failure> {
    if response.status().as_u16() == 416 {
        return Ok(false);
    }
    let range = response.header("Content-Range").unwrap_or_default();
    let start = range.trim_start_matches(|c: char| !c.is_ascii_digit());
    let start = start.split('-').next().and_then(|start| start.parse().ok());
    if start == Some(offset) {
        return Ok(true);
    }
    if length == Some(offset) {
        // It is there already.
        return Ok(false);
    }
    let message = match start {
        Some(start) => format!("resume: the server went on at {start} instead of {offset}"),
        None => "resume: HTTP server does not seem to support byte ranges".to_string(),
    };
    Err(Failure::new(code::RANGE_ERROR, message))
}

fn content_length(response: &Response) -> Option<u64> {
    response.header("Content-Length")?.trim().parse().ok()
}

fn too_large(limit: u64) -> Failure {
    let message = format!("body: it is larger than the {limit} bytes of --max-filesize");
    Failure::new(code::FILESIZE_EXCEEDED, message)
}

async fn copy(transfer: &Transfer, response: &mut Response) -> Result<(), Failure> {
    let operation = transfer.operation();
    let started = get_running_loop().time();
    let is_coded = operation.compressed && response.header("Content-Encoding").is_some();
    transfer.tap.borrow_mut().record.expected =
        content_length(response).filter(|_| !is_coded && !operation.head);
    loop {
        let chunk = response.chunk().await;
        let met = |error| Failure::met_at(response.progress().peer_addr(), error);
        let Some(chunk) = chunk.map_err(met)? else {
            return trailers(transfer, response);
        };
        let downloaded = {
            let mut tap = transfer.tap.borrow_mut();
            tap.output.write(&chunk)?;
            tap.record.downloaded += chunk.len() as u64;
            tap.record.downloaded
        };
        if let Some(limit) = operation.max_filesize.filter(|limit| downloaded > *limit) {
            return Err(too_large(limit));
        }
        if let Some(rate) = operation.limit_rate {
            let due = Duration::from_secs_f64(downloaded as f64 / rate as f64);
            let spent = get_running_loop().time() - started;
            sleep(due.saturating_sub(spent)).await;
        }
    }
}

/// What stands behind a chunked body is a part of the headers.
fn trailers(transfer: &Transfer, response: &Response) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for (name, value) in response.trailers().iter() {
        lines.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    let mut tap = transfer.tap.borrow_mut();
    if !lines.is_empty() {
        tap.received(&lines);
    }
    tap.check()
}
