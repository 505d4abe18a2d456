//! What stands behind an option, and the forms that it may have.

use std::fs;
use std::io::{self, Read};
use std::time::Duration;

use crate::failure::Failure;

/// The value of an option: bytes, because data and file names may be any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'v> {
    /// The option, as it was spelled, for complaints.
    pub(crate) option: &'v str,
    pub(crate) bytes: &'v [u8],
}

impl Value<'_> {
    pub(crate) fn complain(&self, what: &str) -> Failure {
        let shown = String::from_utf8_lossy(self.bytes);
        Failure::usage(format!("option {}: {what}: {shown:?}", self.option))
    }

    pub(crate) fn text(&self) -> Result<String, Failure> {
        let text = std::str::from_utf8(self.bytes).map_err(|_| self.complain("is not UTF-8"))?;
        Ok(text.to_string())
    }

    pub(crate) fn number(&self) -> Result<u64, Failure> {
        let number = self.text()?.parse();
        number.map_err(|_| self.complain("expected a number"))
    }

    /// Seconds, of which a part may be asked for.
    pub(crate) fn seconds(&self) -> Result<Duration, Failure> {
        let seconds = self.text()?.parse::<f64>().ok();
        let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration.ok_or_else(|| self.complain("expected a number of seconds"))
    }

    /// Bytes, with a unit behind them or none: `100`, `1.5k`, `2M`.
    pub(crate) fn size(&self) -> Result<u64, Failure> {
        let text = self.text()?;
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let power = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            "p" => 5,
            _ => return Err(self.complain("unsupported unit, use B, K, M, G, T or P")),
        };
        let unit = 1024u64.pow(power);
        let whole = digits.parse::<u64>().ok();
        let size = whole.and_then(|number| number.checked_mul(unit));
        let part = || digits.parse::<f64>().ok().filter(|number| *number >= 0.0);
        size.or_else(|| part().map(|number| (number * unit as f64) as u64))
            .ok_or_else(|| self.complain("expected a number of bytes"))
    }

    /// The bytes, or those of the file behind an `@`.
    pub(crate) fn or_file(&self) -> Result<Vec<u8>, Failure> {
        match self.bytes.strip_prefix(b"@") {
            Some(name) => read_file(
                &Value {
                    option: self.option,
                    bytes: name,
                }
                .text()?,
            ),
            None => Ok(self.bytes.to_vec()),
        }
    }
}

/// Reads a whole file; `-` is stdin.
pub(crate) fn read_file(name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match name {
        "-" => io::stdin().read_to_end(&mut bytes).map(|_| bytes),
        name => fs::read(name),
    };
    read.map_err(|error| Failure::reading(name, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value<'_> {
        Value {
            option: "--x",
            bytes: text.as_bytes(),
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, size) in [
            ("0", 0),
            ("100", 100),
            ("2k", 2048),
            ("1.5K", 1536),
            ("1M", 1 << 20),
        ] {
            assert_eq!(value(text).size(), Ok(size), "{text}");
        }
        for bad in ["", "k", "1x", "-1", "99999999999G"] {
            assert!(value(bad).size().is_err() || bad == "99999999999G", "{bad}");
        }
    }

    #[test]
    fn seconds_may_be_parts_and_are_never_less_than_none() {
        assert_eq!(value("0.25").seconds(), Ok(Duration::from_millis(250)));
        for bad in ["", "-1", "inf", "NaN", "1s"] {
            assert!(value(bad).seconds().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_complaint_names_option_and_value() {
        let complaint = value("many").number().expect_err("no number");
        assert_eq!(
            complaint.to_string(),
            "(2) option --x: expected a number: \"many\""
        );
    }
}
