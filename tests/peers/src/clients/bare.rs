//! The limit: epoll and httparse, one buffer for all, and bodies that are counted and dropped.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use super::job::{Job, Report, Target};
use crate::poller::Poller;

/// Bytes that are read at a time, from any connection.
const BUFFER: usize = 256 * 1024;
/// Headers that a response may have.
const HEADERS: usize = 32;

/// One connection, with one request on it.
struct Lane {
    stream: TcpStream,
    /// What has come of a head that is not complete.
    head: Vec<u8>,
    /// Bytes of the body that are still to come; `None` while the head is.
    missing: Option<usize>,
    /// Pages that are still to be fetched.
    left: usize,
}

pub(super) fn run(job: &Job) -> Result<Report, String> {
    let mut fleet: Vec<Lane> = Vec::new();
    let mut poller = Poller::new().map_err(|error| error.to_string())?;
    let mut buffer = vec![0; BUFFER];
    job.carry_out_blocking(|each| {
        for token in fleet.len()..job.lanes {
            let lane = open(&job.target, &poller, token);
            fleet.push(lane.map_err(|error| error.to_string())?);
        }
        let fetched = fetch_all(&mut fleet, &mut poller, &mut buffer, &job.target, each);
        fetched.map_err(|error| error.to_string())
    })
}

fn open(target: &Target, poller: &Poller, token: usize) -> io::Result<Lane> {
    let stream = TcpStream::connect((target.host, target.port))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    poller.add(&stream, token as u64)?;
    Ok(Lane {
        stream,
        head: Vec::new(),
        missing: None,
        left: 0,
    })
}

fn fetch_all(
    lanes: &mut [Lane],
    poller: &mut Poller,
    buffer: &mut [u8],
    target: &Target,
    each: usize,
) -> io::Result<()> {
    for lane in lanes.iter_mut() {
        lane.left = each;
        lane.ask(target)?;
    }
    let mut busy = lanes.len();
    while busy > 0 {
        poller.wait(None)?;
        for token in poller.news() {
            let lane = &mut lanes[token as usize];
            if lane.left == 0 || !lane.read(buffer)? {
                continue;
            }
            lane.left -= 1;
            if target.closes() {
                *lane = Lane {
                    left: lane.left,
                    ..open(target, poller, token as usize)?
                };
            }
            if lane.left == 0 {
                busy -= 1;
            } else {
                lane.ask(target)?;
            }
        }
    }
    Ok(())
}

impl Lane {
    fn ask(&mut self, target: &Target) -> io::Result<()> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}:{}\r\n\r\n",
            target.path, target.host, target.port
        );
        self.stream.write_all(request.as_bytes())
    }

    /// Reads until nothing is there. Returns whether the response is complete.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            let length = match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            if self.take(&buffer[..length])? {
                return Ok(true);
            }
            if length < buffer.len() {
                return Ok(false);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let missing = match self.missing {
            Some(missing) => missing - bytes.len(),
            None => {
                self.head.extend_from_slice(bytes);
                match body_after(&self.head)? {
                    None => return Ok(false),
                    Some((head, size)) => head + size - self.head.len(),
                }
            }
        };
        self.head.clear();
        self.missing = (missing > 0).then_some(missing);
        Ok(missing == 0)
    }
}

/// The length of a head, if it is complete, and of the body behind it.
fn body_after(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(io::Error::other)?;
    if parsed.is_partial() {
        return Ok(None);
    }
    let mut headers = response.headers.iter();
    let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    let length = length.ok_or_else(|| io::Error::other("a response without a length"))?;
    Ok(Some((parsed.unwrap(), length)))
}
