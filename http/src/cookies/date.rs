//! Dates as servers write them into `Expires` (RFC 6265, section 5.1.1).
//!
//! The format is whatever servers have ever sent: the pieces may come in any order, and what is
//! not understood is skipped. The first piece that looks like a time is the time, and so on; a
//! text without all four of them is no date, and neither is a day that there is not.

use time::{Date, Month, OffsetDateTime, Time};

/// Reads a date.
pub(super) fn read(text: &str) -> Option<OffsetDateTime> {
    let mut found = Pieces::default();
    for piece in text.split(is_delimiter).filter(|piece| !piece.is_empty()) {
        found.sort_in(piece);
    }
    let year = full_year(found.year?)?;
    let day = u8::try_from(found.day?).ok()?;
    let date = Date::from_calendar_date(year, found.month?, day).ok()?;
    Some(date.with_time(found.time?).assume_utc())
}

/// What has been found of a date.
#[derive(Default)]
struct Pieces {
    /// The time of the day.
    time: Option<Time>,
    /// The day of the month.
    day: Option<u16>,
    /// The month.
    month: Option<Month>,
    /// The year as it is written, of two to four digits.
    year: Option<u16>,
}

impl Pieces {
    /// Takes a piece for the first thing that it can be and that is not found yet.
    fn sort_in(&mut self, piece: &str) {
        let _ = fill(&mut self.time, read_time(piece))
            || fill(&mut self.day, number(piece, 1..=2))
            || fill(&mut self.month, read_month(piece))
            || fill(&mut self.year, number(piece, 2..=4));
    }
}

/// Fills an empty place, if there is something to fill it with, and says whether.
fn fill<T>(place: &mut Option<T>, found: Option<T>) -> bool {
    let fits = place.is_none() && found.is_some();
    if fits {
        *place = found;
    }
    fits
}

fn is_delimiter(letter: char) -> bool {
    matches!(letter, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `hours:minutes:seconds`, one or two digits each.
fn read_time(piece: &str) -> Option<Time> {
    let mut fields = piece.splitn(3, ':');
    let mut field = || u8::try_from(number(fields.next()?, 1..=2)?).ok();
    Time::from_hms(field()?, field()?, field()?).ok()
}

/// Three letters of a month, whatever comes behind them.
fn read_month(piece: &str) -> Option<Month> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let name = piece.get(..3)?;
    let index = MONTHS
        .iter()
        .position(|month| month.eq_ignore_ascii_case(name))?;
    Month::try_from(index as u8 + 1).ok()
}

/// A number with so many digits; something else may come behind them.
fn number(piece: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let end = piece.find(|letter: char| !letter.is_ascii_digit());
    let number = &piece[..end.unwrap_or(piece.len())];
    digits
        .contains(&number.len())
        .then(|| number.parse().ok())?
}

/// Years of two digits are those from 1970 to 2069. Before 1601 there is none.
fn full_year(year: u16) -> Option<i32> {
    match year {
        0..70 => Some(i32::from(year) + 2000),
        70..100 => Some(i32::from(year) + 1900),
        100..1601 => None,
        _ => Some(i32::from(year)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_format_that_servers_send() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu Jan  1 00:00:00 GMT 1970", 0),
            ("Fri Feb 13 11:56:27 GMT 2525", 17_517_902_187),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("06 nov 1994 8:49:37", 784_111_777),
            ("1994 November 6th, 08:49:37", 784_111_777),
            ("Tue, 19-Jan-2038 03:14:07 GMT", 2_147_483_647),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
            ("Thu, 01 Jan 69 00:00:00 GMT", 3_124_224_000),
        ] {
            let read = read(text).map(OffsetDateTime::unix_timestamp);
            assert_eq!(read, Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "Thu, 01 Jan 1970",
            "Thu, 01 Jan 1970 00:00:",
            "Thu, 32 Jan 1970 00:00:00 GMT",
            "Thu, 31 Feb 1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 25:00:00 GMT",
            "Fri, 31 Dec 1600 23:59:59 GMT",
            "Fri, 31 Dec 10000 23:59:59 GMT",
            "Thu, 01 Foo 1970 00:00:00 GMT",
            "\u{e9}\u{e9}\u{e9} 01 1970 00:00:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
