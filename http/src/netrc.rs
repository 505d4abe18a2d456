//! Users and passwords from a `.netrc` file.
//!
//! The format is that of ftp, as curl and Python read it: words between white space, in any
//! number of lines.
//!
//! ```text
//! machine a.example login me password secret
//! machine b.example password "two words, a \" and a line\nbreak"
//! default login anonymous password me@a.example
//! ```
//!
//! # Rules
//!
//! 1. The first entry for a host counts. `default` stands for every host that has none, and
//!    for nothing before it.
//! 2. A word in double quotes may hold white space, and `\n`, `\r`, `\t`; a backslash before
//!    any other character stands for that character. In a word without quotes, it is one.
//! 3. A `#` where a keyword may stand begins a comment, up to the end of the line. Where a
//!    value stands it belongs to the value, for passwords begin with anything.
//! 4. A macro (`macdef`) is skipped, up to an empty line.
//! 5. What is not understood is an error that names the line, and shows no word of it: it may
//!    be a part of a password.
//!
//! The permissions of the file are not looked at, and ports are not told apart: a host is a
//! host for every service on it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use crate::error::Error;

/// The entries of a netrc file. Cheap to clone.
///
/// [`SessionConfig::netrc`](crate::SessionConfig::netrc) makes a session use it.
///
/// ```
/// use looplet_http::Netrc;
///
/// let netrc = Netrc::parse("machine a.example login me password secret\ndefault login you")?;
/// assert_eq!(netrc.find("A.example").unwrap().password(), Some("secret"));
/// assert_eq!(netrc.find("b.example").unwrap().login(), Some("you"));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Netrc {
    /// In the order of the file.
    entries: Rc<[NetrcEntry]>,
}

/// What a netrc file says about one host, or about all others.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NetrcEntry {
    /// The host; `None` for `default`.
    machine: Option<String>,
    login: Option<String>,
    password: Option<String>,
    account: Option<String>,
}

impl Netrc {
    /// Reads the text of a netrc file.
    ///
    /// # Errors
    ///
    /// [`Error::Netrc`] with the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut words = Words {
            rest: text,
            line: 1,
        };
        let mut entries: Vec<NetrcEntry> = Vec::new();
        while let Some(keyword) = words.keyword()? {
            match keyword.as_str() {
                "machine" => entries.push(NetrcEntry {
                    machine: Some(words.value("machine")?),
                    ..NetrcEntry::default()
                }),
                "default" => entries.push(NetrcEntry::default()),
                "macdef" => words.skip_macro()?,
                _ => {
                    let part = part_of(entries.last_mut(), &keyword);
                    let part = part.map_err(|reason| words.error(reason))?;
                    *part = Some(words.value(&keyword)?);
                }
            }
        }
        let entries = entries.into();
        Ok(Netrc { entries })
    }

    /// Reads a netrc file. It blocks the thread, as little as a small file takes: it is meant
    /// for the time before the requests.
    ///
    /// # Errors
    ///
    /// [`Error::Netrc`] with the path, and the line if the file can be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| Error::Netrc {
            path: None,
            line: None,
            reason: error.to_string(),
        });
        text.and_then(|text| Self::parse(&text))
            .map_err(|error| in_file(path, error))
    }

    /// The entry for a host: the first that names it, or `default`.
    pub fn find(&self, host: &str) -> Option<&NetrcEntry> {
        self.matching(host).next()
    }

    /// The first entry for a host that has this login, or that has none and so fits all.
    pub fn find_login(&self, host: &str, login: &str) -> Option<&NetrcEntry> {
        self.matching(host)
            .find(|entry| entry.login().is_none_or(|own| own == login))
    }

    /// The entries for a host; those of `default` only if there are no others.
    fn matching(&self, host: &str) -> impl Iterator<Item = &NetrcEntry> {
        let is_named = |entry: &&NetrcEntry| {
            let machine = entry.machine.as_deref();
            machine.is_some_and(|machine| machine.eq_ignore_ascii_case(host))
        };
        let any = self.entries.iter().any(|entry| is_named(&entry));
        self.entries.iter().filter(move |entry| match any {
            true => is_named(entry),
            false => entry.machine.is_none(),
        })
    }
}

impl NetrcEntry {
    /// The name of the user.
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// The password.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The account, which HTTP has no use for.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }
}

/// Shows the hosts, and nothing that is secret.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter()).finish()
    }
}

/// Shows the host, and nothing that is secret.
impl fmt::Debug for NetrcEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetrcEntry")
            .field("machine", &self.machine)
            .finish_non_exhaustive()
    }
}

/// The part of an entry that a keyword sets.
fn part_of<'e>(
    entry: Option<&'e mut NetrcEntry>,
    keyword: &str,
) -> Result<&'e mut Option<String>, String> {
    let keywords = "machine, default, login, password, account or macdef";
    match (entry, keyword) {
        (Some(entry), "login") => Ok(&mut entry.login),
        (Some(entry), "password") => Ok(&mut entry.password),
        (Some(entry), "account") => Ok(&mut entry.account),
        (None, "login" | "password" | "account") => Err(format!("{keyword} belongs to no machine")),
        _ => Err(format!("a keyword is expected: {keywords}")),
    }
}

/// Adds the path to an error.
fn in_file(file: &Path, error: Error) -> Error {
    match error {
        Error::Netrc { line, reason, .. } => Error::Netrc {
            path: Some(file.to_path_buf()),
            line,
            reason,
        },
        other => other,
    }
}

/// The words of a text.
struct Words<'t> {
    rest: &'t str,
    /// The line in which `rest` begins.
    line: usize,
}

impl Words<'_> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Netrc {
            path: None,
            line: Some(self.line),
            reason: reason.into(),
        }
    }

    /// Goes this many bytes ahead.
    fn advance(&mut self, count: usize) -> &str {
        let (passed, rest) = self.rest.split_at(count);
        self.line += passed.matches('\n').count();
        self.rest = rest;
        passed
    }

    fn skip_space(&mut self) {
        let word = self.rest.trim_start_matches(is_space);
        self.advance(self.rest.len() - word.len());
    }

    fn keyword(&mut self) -> Result<Option<String>, Error> {
        self.skip_space();
        while self.rest.starts_with('#') {
            self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
            self.skip_space();
        }
        self.word()
    }

    /// The word behind a keyword.
    fn value(&mut self, keyword: &str) -> Result<String, Error> {
        // If it is missing, the line of the keyword is at fault, not the end of the file.
        let missing = self.error(format!("nothing follows {keyword}"));
        self.skip_space();
        self.word()?.ok_or(missing)
    }

    fn word(&mut self) -> Result<Option<String>, Error> {
        if self.rest.starts_with('"') {
            return self.quoted().map(Some);
        }
        let end = self.rest.find(is_space).unwrap_or(self.rest.len());
        let word = self.advance(end);
        Ok((!word.is_empty()).then(|| word.to_string()))
    }

    fn quoted(&mut self) -> Result<String, Error> {
        let mut word = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.advance(at + 1);
                    return Ok(word);
                }
                '\\' => word.extend(characters.next().map(|(_, escaped)| meant(escaped))),
                _ => word.push(character),
            }
        }
        Err(self.error("a quote is not closed"))
    }

    /// Goes behind the empty line that ends a macro.
    fn skip_macro(&mut self) -> Result<(), Error> {
        self.value("macdef")?;
        self.skip_line();
        while !matches!(self.skip_line(), "" | "\n" | "\r\n") {}
        Ok(())
    }

    /// Goes behind the end of the line, and returns what was passed.
    fn skip_line(&mut self) -> &str {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.advance(end)
    }
}

fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\u{b}'
}

/// What a character behind a backslash stands for.
fn meant(escaped: char) -> char {
    match escaped {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
