//! Progress: curl's table, its bar, and a bar for each URL when they are fetched together.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::rc::Rc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::messages::Messages;
use crate::options::Meter;
use crate::record::Record;

/// How long what is shown stays before it changes.
const INTERVAL: Duration = Duration::from_millis(500);
/// How wide the bar of `-#` is.
const BAR: usize = 70;
const TABLE_HEAD: &str =
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
";

/// The progress of one URL.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    messages: Rc<Messages>,
    last: Cell<Option<Instant>>,
    /// When, and how many bytes there were, when the speed was taken last.
    before: Cell<(Duration, u64)>,
}

#[derive(Debug)]
enum Kind {
    Hidden,
    Table,
    Bar,
    OfMany(ProgressBar, Rc<Together>),
}

/// The bars of all URLs, and one for the sum.
#[derive(Debug)]
pub(crate) struct Together {
    bars: MultiProgress,
    total: ProgressBar,
    /// Bytes of the URLs that are done.
    done: RefCell<u64>,
}

impl Together {
    /// Bars, above which `messages` are printed from now on.
    pub(crate) fn new(urls: u64, messages: &Messages) -> Rc<Self> {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bars = MultiProgress::with_draw_target(target);
        messages.print_above(&bars);
        let total = bars.add(ProgressBar::new(urls));
        total.set_style(style("{pos}/{len} URLs {wide_bar} {msg}"));
        Rc::new(Self {
            bars,
            total,
            done: RefCell::default(),
        })
    }

    pub(crate) fn finish(&self) {
        self.total.finish();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a constant template is valid")
}

impl Progress {
    pub(crate) fn hidden(messages: Rc<Messages>) -> Self {
        Self::of(Kind::Hidden, messages)
    }

    pub(crate) fn alone(meter: Meter, messages: Rc<Messages>) -> Self {
        let kind = match meter {
            Meter::Hidden => Kind::Hidden,
            Meter::Table => Kind::Table,
            Meter::Bar => Kind::Bar,
        };
        if let Kind::Table = kind {
            messages.print(TABLE_HEAD.as_bytes());
        }
        Self::of(kind, messages)
    }

    pub(crate) fn of_many(together: &Rc<Together>, name: &str, messages: Rc<Messages>) -> Self {
        let last = together
            .bars
            .insert_before(&together.total, ProgressBar::no_length());
        last.set_style(style(
            "{msg:30!} {bytes:>10}/{total_bytes:10} {wide_bar} {binary_bytes_per_sec}",
        ));
        last.set_message(name.to_string());
        Self::of(Kind::OfMany(last, together.clone()), messages)
    }

    fn of(kind: Kind, messages: Rc<Messages>) -> Self {
        Self {
            kind,
            messages,
            last: Cell::default(),
            before: Cell::default(),
        }
    }

    /// Shows where things are, if that was not shown just now.
    pub(crate) fn update(&self, record: &Record, now: Instant) {
        if let Kind::OfMany(bar, _) = &self.kind {
            if let Some(expected) = record.expected {
                bar.set_length(expected);
            }
            bar.set_position(record.downloaded);
            return;
        }
        let is_due = self.last.get().is_none_or(|last| now - last >= INTERVAL);
        if is_due {
            self.last.set(Some(now));
            self.draw(record, now - record.times.started);
        }
    }

    /// Shows how it ended.
    pub(crate) fn finish(&self, record: &Record) {
        if let Kind::OfMany(bar, together) = &self.kind {
            bar.finish_and_clear();
            together.bars.remove(bar);
            *together.done.borrow_mut() += record.downloaded;
            together.total.inc(1);
            let done = *together.done.borrow();
            together
                .total
                .set_message(format!("{} in all", indicatif::HumanBytes(done)));
            return;
        }
        self.draw(record, record.times.total);
        if !matches!(self.kind, Kind::Hidden) {
            self.messages.print(b"\n");
        }
    }

    fn draw(&self, record: &Record, spent: Duration) {
        match &self.kind {
            Kind::Table => {
                let (then, bytes) = self
                    .before
                    .replace((spent, record.downloaded + record.uploaded));
                let current = rate(
                    (record.downloaded + record.uploaded).saturating_sub(bytes),
                    spent.saturating_sub(then),
                );
                self.messages
                    .print(table_line(record, spent, current).as_bytes());
            }
            Kind::Bar => self.messages.print(bar_line(record).as_bytes()),
            Kind::Hidden | Kind::OfMany(..) => {}
        }
    }
}

fn rate(bytes: u64, time: Duration) -> u64 {
    if time.is_zero() {
        0
    } else {
        (bytes as f64 / time.as_secs_f64()) as u64
    }
}

/// One state of the table.
fn table_line(record: &Record, spent: Duration, current: u64) -> String {
    let (down, up) = (record.downloaded, record.uploaded);
    let expected = record.expected;
    let total = expected.unwrap_or(down) + up;
    let percent = |part: u64, whole: u64| (part * 100).checked_div(whole).unwrap_or(0);
    let speed = rate(down, spent);
    let left = expected.and_then(|expected| (expected.saturating_sub(down)).checked_div(speed));
    let whole = left.map(|left| spent.as_secs() + left);
    format!(
        "\r{:3} {:>5}  {:3} {:>5}  {:3} {:>5}  {:>5}  {:>5} {} {} {} {:>5}",
        percent(down + up, total),
        amount(total),
        percent(down, expected.unwrap_or(down)),
        amount(down),
        if up > 0 { 100 } else { 0 },
        amount(up),
        amount(speed),
        amount(rate(up, spent)),
        clock(whole),
        clock(Some(spent.as_secs())),
        clock(left),
        amount(current),
    )
}

/// A number of bytes in at most five characters.
fn amount(bytes: u64) -> String {
    const UNITS: [char; 5] = ['k', 'M', 'G', 'T', 'P'];
    if bytes < 100_000 {
        return bytes.to_string();
    }
    let mut scaled = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().expect("there are some");
    while scaled >= 9999.5 {
        let Some(next) = units.next() else { break };
        (scaled, unit) = (scaled / 1024.0, next);
    }
    match scaled < 100.0 {
        true => format!("{scaled:.1}{unit}"),
        false => format!("{scaled:.0}{unit}"),
    }
}

fn clock(seconds: Option<u64>) -> String {
    match seconds {
        Some(seconds) if seconds < 100 * 3600 => {
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            format!("{hours:2}:{minutes:02}:{:02}", seconds % 60)
        }
        Some(seconds) => format!("{:3}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
        None => "--:--:--".to_string(),
    }
}

/// One state of the bar.
fn bar_line(record: &Record) -> String {
    let Some(expected) = record.expected.filter(|expected| *expected > 0) else {
        return format!("\r{:>BAR$}", amount(record.downloaded));
    };
    let part = (record.downloaded as f64 / expected as f64).min(1.0);
    let marks = "#".repeat((part * BAR as f64) as usize);
    format!("\r{marks:<BAR$} {:5.1}%", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(downloaded: u64, expected: Option<u64>) -> Record {
        let mut record = Record::new(0, "http://h/", Instant::now());
        (record.downloaded, record.expected) = (downloaded, expected);
        record
    }

    #[test]
    fn the_table_has_the_columns_of_curl() {
        let line = table_line(&record(500, Some(1000)), Duration::from_secs(5), 100);
        let expected =
            "\r 50  1000   50   500    0     0    100      0  0:00:10  0:00:05  0:00:05   100";
        assert_eq!(line, expected);
    }

    #[test]
    fn amounts_have_at_most_five_characters() {
        for (bytes, shown) in [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "97.7k"),
            (5 << 20, "5120k"),
            (50 << 20, "50.0M"),
            (u64::MAX, "16384P"),
        ] {
            assert_eq!(amount(bytes), shown);
        }
    }

    #[test]
    fn the_bar_grows() {
        assert_eq!(
            bar_line(&record(1, Some(2))),
            format!("\r{:<70}  50.0%", "#".repeat(35))
        );
        assert!(bar_line(&record(7, None)).ends_with('7'));
    }
}
