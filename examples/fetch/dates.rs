//! Dates in headers and on the command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Reads a date in any of the forms that servers send, and `2026-11-20` and `20261120`.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let (mut day, mut month, mut year, mut time) = (None, None, None, None);
    let words = text
        .split([' ', ',', '-', '\t'])
        .filter(|word| !word.is_empty());
    for word in words {
        let lower = word.to_ascii_lowercase();
        let named = MONTHS.iter().position(|name| lower.starts_with(name));
        if word.contains(':') {
            time = Some(time_of_day(word)?);
        } else if let Some(index) = named {
            month = Some(index as u64 + 1);
        } else if let Ok(number) = word.parse::<u64>() {
            match (word.len(), year, month, day) {
                (8, None, None, None) => {
                    year = Some(number / 10_000);
                    month = Some(number / 100 % 100);
                    day = Some(number % 100);
                }
                (4, None, ..) => year = Some(number),
                (_, Some(_), None, _) => month = Some(number),
                (_, _, _, None) => day = Some(number),
                (2, None, ..) => year = Some(if number < 70 { 2000 } else { 1900 } + number),
                _ => return None,
            }
        }
    }
    let (year, month, day) = (year?, month?, day?);
    let valid = (1970..10_000).contains(&year) && (1..=12).contains(&month);
    if !valid || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days_before(year, month, day) * 86_400 + time.unwrap_or(0);
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn time_of_day(word: &str) -> Option<u64> {
    let mut seconds = 0;
    let mut parts = word.split(':');
    for limit in [24, 60, 61] {
        let part: u64 = parts.next().unwrap_or("0").parse().ok()?;
        seconds = seconds * 60 + Some(part).filter(|part| *part < limit)?;
    }
    Some(seconds)
}

/// Days from 1970 on.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    // The year begins with March, so that the day that is not always there is its last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// The form of RFC 9110, section 5.6.7.
pub(crate) fn format(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = (1970..)
        .flat_map(|year| (1..=12).map(move |month| (year, month)))
        .find_map(|(year, month)| {
            let (next_year, next) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            let is_here = days < days_before(next_year, next, 1);
            is_here.then(|| (year, month, days - days_before(year, month, 1) + 1))
        })
        .expect("every day is in a month");
    let mut name = MONTHS[month as usize - 1].to_string();
    name[..1].make_ascii_uppercase();
    format!(
        "{}, {day:02} {name} {year} {:02}:{:02}:{:02} GMT",
        DAYS[(days % 7) as usize],
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_many_forms_are_one_date() {
        let expected = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "1994-11-06 08:49:37",
            "19941106 08:49:37",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(format(expected), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(format(UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "notes.txt",
            "1994",
            "06 Nov",
            "40 Nov 1994",
            "1994-13-01",
            "25:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
