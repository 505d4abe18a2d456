//! What is known about a transfer: `-w` prints it, and progress shows some of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What one URL came to, with all its redirects and tries.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The number of the URL, from zero.
    pub(crate) number: usize,
    pub(crate) url: String,
    /// Where it was found in the end.
    pub(crate) effective_url: String,
    pub(crate) scheme: &'static str,
    pub(crate) method: String,
    pub(crate) referer: Option<String>,
    /// The last status, or 0.
    pub(crate) status: u16,
    /// The last status that a proxy gave to a CONNECT.
    pub(crate) connect_status: u16,
    pub(crate) version: &'static str,
    /// Names and values of the last head.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) redirects: u64,
    /// Where a redirect leads that is not followed.
    pub(crate) redirect_url: Option<String>,
    pub(crate) retries: u64,
    pub(crate) connections: u64,
    pub(crate) header_bytes: u64,
    pub(crate) request_bytes: u64,
    pub(crate) downloaded: u64,
    pub(crate) uploaded: u64,
    /// What the body announces.
    pub(crate) expected: Option<u64>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) file: Option<String>,
    pub(crate) times: Times,
    pub(crate) exit_code: u8,
    pub(crate) error: Option<String>,
}

/// When things happened, from the start on. What did not happen is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) started: Instant,
    pub(crate) name_lookup: Duration,
    pub(crate) connect: Duration,
    pub(crate) app_connect: Duration,
    pub(crate) pre_transfer: Duration,
    pub(crate) start_transfer: Duration,
    pub(crate) redirect: Duration,
    pub(crate) total: Duration,
}

impl Record {
    pub(crate) fn new(number: usize, url: &str, now: Instant) -> Self {
        Self {
            number,
            url: url.to_string(),
            effective_url: url.to_string(),
            scheme: "http",
            method: String::new(),
            referer: None,
            status: 0,
            connect_status: 0,
            version: "0",
            headers: Vec::new(),
            redirects: 0,
            redirect_url: None,
            retries: 0,
            connections: 0,
            header_bytes: 0,
            request_bytes: 0,
            downloaded: 0,
            uploaded: 0,
            expected: None,
            peer: None,
            local: None,
            file: None,
            times: Times {
                started: now,
                name_lookup: Duration::ZERO,
                connect: Duration::ZERO,
                app_connect: Duration::ZERO,
                pre_transfer: Duration::ZERO,
                start_transfer: Duration::ZERO,
                redirect: Duration::ZERO,
                total: Duration::ZERO,
            },
            exit_code: 0,
            error: None,
        }
    }

    /// The value of a header of the last answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Bytes a second.
    pub(crate) fn speed(&self, bytes: u64) -> u64 {
        let seconds = self.times.total.as_secs_f64();
        if seconds > 0.0 {
            (bytes as f64 / seconds) as u64
        } else {
            0
        }
    }
}
