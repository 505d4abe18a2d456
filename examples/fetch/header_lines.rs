//! The headers of a request: those that the program sends by itself, and what `-H` makes of
//! them.

use crate::failure::Failure;

/// Names and values, in the order in which they are sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderLines {
    lines: Vec<(String, Vec<u8>)>,
}

/// What a `-H` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<'l> {
    /// `Name: value`, or `Name;` for a value that is empty.
    Send(&'l str, &'l [u8]),
    /// `Name:`: not even what would be sent by itself.
    Omit(&'l str),
}

impl<'l> Line<'l> {
    pub(crate) fn parse(line: &'l [u8]) -> Result<Self, Failure> {
        let complain = || {
            let shown = String::from_utf8_lossy(line);
            Failure::usage(format!("option -H: expected \"Name: value\": {shown:?}"))
        };
        let end = line
            .iter()
            .position(|byte| b":;".contains(byte))
            .ok_or_else(complain)?;
        let name = std::str::from_utf8(&line[..end])
            .map_err(|_| complain())?
            .trim_end();
        let value = line[end + 1..].trim_ascii();
        match (line[end], value) {
            (b':', []) => Ok(Line::Omit(name)),
            (b':', value) => Ok(Line::Send(name, value)),
            (_, []) => Ok(Line::Send(name, b"")),
            _ => Err(complain()),
        }
    }

    pub(crate) fn name(&self) -> &'l str {
        match self {
            Line::Send(name, _) | Line::Omit(name) => name,
        }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }
}

impl HeaderLines {
    pub(crate) fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.lines.push((name.to_string(), value.as_ref().to_vec()));
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.lines
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Puts what `-H` says in the place of what would be sent by itself.
    pub(crate) fn overrule<'l>(&mut self, given: impl Iterator<Item = Line<'l>> + Clone) {
        self.lines
            .retain(|(name, _)| !given.clone().any(|line| line.is_named(name)));
        for line in given {
            if let Line::Send(name, value) = line {
                self.push(name, value);
            }
        }
    }

    /// Adds a member to the list that a header has for a value.
    pub(crate) fn add_member(&mut self, name: &str, member: &str) {
        let mut lines = self.lines.iter_mut();
        match lines.find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, value)) => value.extend_from_slice(format!(", {member}").as_bytes()),
            None => self.push(name, member),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_sends_or_omits() {
        assert_eq!(Line::parse(b"A:  b c "), Ok(Line::Send("A", b"b c")));
        assert_eq!(Line::parse(b"A:"), Ok(Line::Omit("A")));
        assert_eq!(Line::parse(b"A;"), Ok(Line::Send("A", b"")));
        assert!(Line::parse(b"A").is_err() && Line::parse(b"A;b").is_err());
    }

    #[test]
    fn what_is_given_takes_the_place_of_what_would_be_sent() {
        let mut headers = HeaderLines::default();
        headers.push("Accept", "*/*");
        headers.push("User-Agent", "x");
        headers.push("Range", "y");
        let given = [
            Line::Send("accept", b"a"),
            Line::Omit("user-agent"),
            Line::Send("B", b"b"),
        ];
        headers.overrule(given.into_iter());
        headers.add_member("B", "c");
        headers.add_member("D", "d");
        let sent: Vec<_> = headers.iter().collect();
        let expected: [(&str, &[u8]); 4] = [
            ("Range", b"y"),
            ("accept", b"a"),
            ("B", b"b, c"),
            ("D", b"d"),
        ];
        assert_eq!(sent, expected);
    }
}
