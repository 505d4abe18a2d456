//! What was done: counted while it happens, shown as a line, and at the end as a table.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use looplet_http::Error;

/// The counts of a crawl.
#[derive(Default)]
struct Counts {
    pages: u64,
    documents: u64,
    redirects: u64,
    bytes: u64,
    /// How long each response took, added up.
    responses: Duration,
    errors: BTreeMap<String, u64>,
}

/// The report of a crawl, as it goes on.
pub(crate) struct Report {
    counts: RefCell<Counts>,
    started: Instant,
    line: ProgressBar,
}

impl Report {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}");
        let line = ProgressBar::new_spinner();
        line.set_style(style.expect("the template is a constant"));
        Report {
            counts: RefCell::default(),
            started: Instant::now(),
            line,
        }
    }

    pub(crate) fn page(&self, bytes: usize) {
        let mut counts = self.counts.borrow_mut();
        counts.pages += 1;
        counts.bytes += bytes as u64;
    }

    /// Something that is not HTML and was not read.
    pub(crate) fn document(&self) {
        self.counts.borrow_mut().documents += 1;
    }

    pub(crate) fn redirects(&self, count: usize) {
        self.counts.borrow_mut().redirects += count as u64;
    }

    pub(crate) fn response_time(&self, time: Duration) {
        self.counts.borrow_mut().responses += time;
    }

    pub(crate) fn error(&self, error: &Error) {
        *self
            .counts
            .borrow_mut()
            .errors
            .entry(kind_of(error))
            .or_default() += 1;
    }

    pub(crate) fn has_pages(&self) -> bool {
        let counts = self.counts.borrow();
        counts.pages + counts.documents > 0
    }

    /// Shows where the crawl stands, if there is a terminal to show it on.
    pub(crate) fn show(&self, waiting: usize, in_flight: usize, title: &str) {
        let counts = self.counts.borrow();
        let errors: u64 = counts.errors.values().sum();
        let bytes = HumanBytes(counts.bytes);
        self.line.set_message(format!(
            "{} pages, {bytes}, {errors} errors | {in_flight} in flight, {waiting} waiting | {title}",
            counts.pages
        ));
        self.line.tick();
    }

    /// Notes something that went wrong with a page beyond its transfer. Such a page has no
    /// title.
    pub(crate) fn fault(&self, kind: &str) -> String {
        let mut counts = self.counts.borrow_mut();
        *counts.errors.entry(kind.to_string()).or_default() += 1;
        String::new()
    }

    /// Prints a line above the progress line. Who reads the list may have heard enough.
    pub(crate) fn print(&self, text: &str) {
        self.line.suspend(|| {
            let _ = writeln!(std::io::stdout(), "{text}");
        });
    }

    /// Removes the progress line.
    pub(crate) fn finish(&self) {
        self.line.finish_and_clear();
    }
}

/// The table.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts.borrow();
        let wall = self.started.elapsed();
        writeln!(f, "{:<28}{:>10}", "pages", counts.pages)?;
        writeln!(
            f,
            "{:<28}{:>10}   not HTML, not read",
            "other documents", counts.documents
        )?;
        writeln!(f, "{:<28}{:>10}", "redirects followed", counts.redirects)?;
        writeln!(
            f,
            "{:<28}{:>10}",
            "bytes of HTML",
            HumanBytes(counts.bytes).to_string()
        )?;
        writeln!(
            f,
            "{:<28}{:>10}",
            "errors",
            counts.errors.values().sum::<u64>()
        )?;
        for (kind, count) in &counts.errors {
            writeln!(f, "  {kind:<26}{count:>10}")?;
        }
        writeln!(f, "{:<28}{:>8.2} s", "wall time", wall.as_secs_f64())?;
        let sum = counts.responses.as_secs_f64();
        let gain = sum / wall.as_secs_f64();
        write!(
            f,
            "{:<28}{sum:>8.2} s   {gain:.1} responses at a time",
            "sum of responses"
        )
    }
}

/// The row of the table that an error belongs to.
fn kind_of(error: &Error) -> String {
    match error {
        Error::Status { code, .. } => {
            let reason = looplet_http::StatusCode::new(*code).and_then(|s| s.canonical_reason());
            format!("{code} {}", reason.unwrap_or("(no such status)"))
        }
        Error::Timeout { phase, .. } => format!("timeout ({phase:?})"),
        Error::Resolve { .. } => "name not found".to_string(),
        Error::Connect { .. } => "cannot connect".to_string(),
        Error::Io { kind, .. } => format!("connection: {kind}"),
        Error::EmptyReply => "no answer".to_string(),
        Error::BodyTruncated { .. } | Error::ChunkedTruncated { .. } => "body cut off".to_string(),
        Error::BodyTooLarge { .. } => "page too large".to_string(),
        Error::HeadTooLarge { .. } | Error::TooManyHeaders { .. } => "head too large".to_string(),
        Error::TooManyRedirects { .. } => "too many redirects".to_string(),
        Error::BadRedirect { .. } => "bad redirect".to_string(),
        Error::UnsupportedScheme { scheme } => format!("{scheme} not supported"),
        _ => "not proper HTTP".to_string(),
    }
}
