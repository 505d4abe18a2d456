//! What a client is to fetch, and what it took.

use std::net::Ipv4Addr;

use crate::meters::{Figure, Meter, Spent, peak, resident};

/// What to fetch, how often, and how much of it at the same time.
#[derive(Clone)]
pub(crate) struct Job {
    /// The page, on a server of this machine.
    pub(crate) target: Target,
    /// Workers, each of which fetches one page after the other.
    pub(crate) lanes: usize,
    /// Pages that each worker fetches before anything is measured.
    pub(crate) warm: usize,
    /// Pages that each worker fetches then.
    pub(crate) each: usize,
}

/// A page.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) url: String,
    /// Bytes of the body.
    pub(crate) size: usize,
}

/// What a job took.
pub(crate) struct Report {
    spent: Spent,
    /// Memory in use before the first page, and after the last.
    resident: (u64, u64),
    lanes: usize,
    pages: u64,
}

impl Target {
    pub(crate) fn new(port: u16, path: &str) -> Self {
        Self::on(Ipv4Addr::LOCALHOST, port, path)
    }

    fn on(host: Ipv4Addr, port: u16, path: &str) -> Self {
        Self {
            host,
            port,
            path: path.to_string(),
            url: format!("http://{host}:{port}{path}"),
            size: if path == "/100k" { 100 * 1024 } else { 1024 },
        }
    }

    /// The page as a lane fetches it, which is on another host for each lane if the lanes are
    /// apart.
    pub(super) fn of_lane(&self, lane: usize) -> Self {
        if !self.is_apart() {
            return self.clone();
        }
        let host = Ipv4Addr::from_bits(self.host.to_bits() + lane as u32);
        Self::on(host, self.port, &self.path)
    }

    /// Whether each lane has a host of its own, and they fetch one after the other: every page
    /// leaves a connection behind, and only one is ever in use.
    pub(super) fn is_apart(&self) -> bool {
        self.path == "/apart"
    }

    /// Whether every page is on a connection of its own.
    pub(crate) fn closes(&self) -> bool {
        self.path == "/close"
    }

    /// Takes a body only if it is whole.
    pub(crate) fn check(&self, length: usize) -> Result<(), String> {
        if length == self.size {
            return Ok(());
        }
        Err(format!("{}: {length} bytes, not {}", self.url, self.size))
    }
}

impl Job {
    /// Does the job with `fetch`, which makes every lane fetch the target so many times.
    pub(super) async fn carry_out(
        &self,
        mut fetch: impl AsyncFnMut(usize) -> Result<(), String>,
    ) -> Result<Report, String> {
        let before = resident();
        if self.warm > 0 {
            fetch(self.warm).await?;
        }
        let pages = (self.lanes * self.each) as u64;
        Report::of(before, self.lanes, pages, fetch(self.each)).await
    }

    /// The same for clients that wait in their own way.
    pub(super) fn carry_out_blocking(
        &self,
        mut fetch: impl FnMut(usize) -> Result<(), String>,
    ) -> Result<Report, String> {
        futures::executor::block_on(self.carry_out(async |each| fetch(each)))
    }
}

impl Report {
    /// What it takes to fetch `pages` pages, with so much memory in use at first.
    pub(super) async fn of(
        before: u64,
        lanes: usize,
        pages: u64,
        fetch: impl Future<Output = Result<(), String>>,
    ) -> Result<Self, String> {
        let meter = Meter::start();
        fetch.await?;
        Ok(Self {
            spent: meter.stop(),
            resident: (before, resident()),
            lanes,
            pages,
        })
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let seconds = self.spent.wall.as_secs_f64();
        let grown = self.resident.1.saturating_sub(self.resident.0);
        vec![
            self.spent.cpu_each(self.pages),
            Figure::new("requests/s", self.pages as f64 / seconds),
            Figure::new("ms", seconds * 1e3),
            Figure::new("MB at most", peak() as f64 / 1e6),
            Figure::new("bytes a connection", grown as f64 / self.lanes as f64),
        ]
    }
}
