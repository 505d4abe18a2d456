//! What was done: counted while it happens, shown as a line, and at the end as a table.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::fault::Fault;
use crate::frontier::{Finished, Outcome};

/// The counts of a crawl.
#[derive(Default)]
struct Counts {
    /// Pages that are articles.
    pages: u64,
    /// Pages that are no HTML.
    documents: u64,
    /// Pages that are elsewhere.
    redirects: u64,
    /// Pages that `robots.txt` keeps crawlers away from.
    barred: u64,
    /// Those of the articles.
    bytes: u64,
    /// Requests that were made once more.
    retries: u64,
    /// How long each response took, added up.
    responses: Duration,
    /// What was wrong with pages, by its kind.
    faults: BTreeMap<String, u64>,
    /// The first of those, for a crawl that gets nowhere.
    first_fault: Option<String>,
    /// Pages that the frontier knows.
    known: u64,
    /// Those of them that have not ended.
    open: u64,
}

/// The report of a crawl, as it goes on.
pub(crate) struct Report {
    /// What there was so far.
    counts: RefCell<Counts>,
    /// When the crawl began.
    started: Instant,
    /// The last line of a terminal.
    line: ProgressBar,
    /// Whether there is a line for every page.
    lists: bool,
    /// Known pages at which links are not followed any more.
    most: u64,
    /// What the frontier is called, if it outlives the process.
    place: Option<String>,
}

impl Report {
    pub(crate) fn new(lists: bool, most: u64, place: Option<String>) -> Self {
        let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}");
        let line = ProgressBar::new_spinner();
        line.set_style(style.expect("the template is a constant"));
        Report {
            counts: RefCell::default(),
            started: Instant::now(),
            line,
            lists,
            most,
            place,
        }
    }

    /// Counts pages that were handed in and have `ended` now, and were not ended by others.
    pub(crate) fn finished(&self, pages: &[Finished], ended: &[bool]) {
        for (page, _) in pages.iter().zip(ended).filter(|(_, ended)| **ended) {
            let what = self.count(&page.outcome);
            if self.lists {
                self.print(&format!("{}  {what}", page.url));
            }
        }
    }

    /// Counts a page. Returns what a list says of it.
    fn count<'a>(&self, outcome: &'a Outcome) -> Cow<'a, str> {
        let mut counts = self.counts.borrow_mut();
        match outcome {
            Outcome::Page { title, bytes } => {
                counts.pages += 1;
                counts.bytes += *bytes as u64;
                return title.into();
            }
            Outcome::Document => counts.documents += 1,
            Outcome::Moved => counts.redirects += 1,
            Outcome::Barred => counts.barred += 1,
            Outcome::Failed(Fault { kind, text, .. }) => {
                *counts.faults.entry(kind.clone()).or_default() += 1;
                return text.into();
            }
        }
        outcome.label()
    }

    /// Notes how long a page took, and how many of its requests were made once more.
    pub(crate) fn response(&self, time: Duration, retries: u32) {
        let mut counts = self.counts.borrow_mut();
        counts.responses += time;
        counts.retries += u64::from(retries);
    }

    /// Notes what is wrong with a page, before that is stored.
    pub(crate) fn fault(&self, text: impl FnOnce() -> String) {
        self.counts
            .borrow_mut()
            .first_fault
            .get_or_insert_with(text);
    }

    /// What was wrong first, if nothing else came of the crawl.
    pub(crate) fn only_faults(&self) -> Option<String> {
        let first = self.counts.borrow().first_fault.clone();
        first.filter(|_| self.is_empty())
    }

    /// What to say at the end: the table, or one line if nothing was left to do.
    pub(crate) fn text(&self) -> String {
        self.nothing_to_do().unwrap_or_else(|| self.to_string())
    }

    fn nothing_to_do(&self) -> Option<String> {
        let counts = self.counts.borrow();
        let is_idle = self.is_empty() && counts.faults.is_empty() && counts.open == 0;
        let place = self.place.as_ref().filter(|_| is_idle)?;
        let known = counts.known;
        Some(format!(
            "{place}: this crawl is finished: {known} URLs, and none of them to do"
        ))
    }

    fn is_empty(&self) -> bool {
        let counts = self.counts.borrow();
        counts.pages + counts.documents + counts.redirects + counts.barred == 0
    }

    /// Notes how many pages there are, and shows where the crawl stands, if there is a terminal
    /// to show it on. Waiting and in flight are those that this process has.
    pub(crate) fn stands(&self, known: u64, open: u64, (waiting, in_flight): (usize, usize)) {
        let mut counts = self.counts.borrow_mut();
        (counts.known, counts.open) = (known, open);
        let errors: u64 = counts.faults.values().sum();
        let bytes = HumanBytes(counts.bytes);
        self.line.set_message(format!(
            "{} pages, {bytes}, {errors} errors | {in_flight} in flight, {waiting} waiting, \
             {open} of {known} to do",
            counts.pages
        ));
        self.line.tick();
    }

    /// Prints a line above the progress line. Who reads the list may have heard enough. What
    /// would steer a terminal is made visible: titles say whatever sites want.
    fn print(&self, text: &str) {
        let text = text.replace(char::is_control, "\u{fffd}");
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
        let bytes = HumanBytes(counts.bytes).to_string();
        let faults: u64 = counts.faults.values().sum();
        row(f, "pages", &counts.pages, "")?;
        row(
            f,
            "other documents",
            &counts.documents,
            "not HTML, not kept",
        )?;
        row(f, "redirects", &counts.redirects, "")?;
        row(f, "kept out by robots.txt", &counts.barred, "")?;
        row(f, "bytes of HTML", &bytes, "")?;
        row(f, "retries", &counts.retries, "")?;
        row(f, "errors", &faults, "")?;
        for (kind, count) in &counts.faults {
            row(f, &format!("  {kind}"), count, "")?;
        }
        if let Some(place) = &self.place {
            let note = format!("of {} known, in {place}", counts.known);
            row(f, "URLs still to do", &counts.open, &note)?;
        }
        if counts.known >= self.most {
            let note = "as many as --max-pages allows; links to others are not kept";
            row(f, "URLs known", &counts.known, note)?;
        }
        let sum = counts.responses.as_secs_f64();
        let gain = format!("{:.1} responses at a time", sum / wall.as_secs_f64());
        writeln!(f, "{:<28}{:>8.2} s", "wall time", wall.as_secs_f64())?;
        write!(f, "{:<28}{sum:>8.2} s   {gain}", "sum of responses")
    }
}

fn row(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    count: &dyn fmt::Display,
    note: &str,
) -> fmt::Result {
    let space = if note.is_empty() { "" } else { "   " };
    writeln!(f, "{name:<28}{count:>10}{space}{note}")
}
