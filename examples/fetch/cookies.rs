//! The cookies of a run: read from the files of `-b`, kept in one jar, written to that of `-c`.

use std::io::{self, Write};

use looplet_http::cookies::CookieJar;

use crate::failure::Failure;
use crate::messages::Messages;
use crate::options::Operation;
use crate::options::value::read_file;

/// The jar, and where it is written to.
#[derive(Debug, Default)]
pub(crate) struct Cookies {
    jar: CookieJar,
    /// The files of `-c`.
    files: Vec<String>,
}

impl Cookies {
    /// The jar, if an operation wants one. What its files have is in it then.
    pub(crate) fn of(&mut self, operation: &Operation) -> Option<CookieJar> {
        if operation.cookie_files.is_empty() && operation.cookie_jar.is_none() {
            return None;
        }
        for file in &operation.cookie_files {
            // A file that is not there is the usual way to say: begin without cookies.
            let bytes = read_file(file).unwrap_or_default();
            self.add(&bytes, operation.junk_session_cookies);
        }
        self.files.extend(operation.cookie_jar.clone());
        Some(self.jar.clone())
    }

    /// Adds the lines that are cookies. The newest one stands first in a file.
    fn add(&self, bytes: &[u8], without_session: bool) {
        for line in bytes.rsplit(|byte| *byte == b'\n') {
            let lasts = line.split(|byte| *byte == b'\t').nth(4) != Some(b"0");
            if lasts || !without_session {
                // Files are written by many hands; what cannot be read is left out.
                let _ = self.jar.add_netscape(line);
            }
        }
    }

    /// Writes the jar to all files that want it.
    pub(crate) fn save(&self, messages: &Messages) {
        for file in &self.files {
            let saved = match file.as_str() {
                "-" => io::stdout().write_all(self.jar.to_netscape().as_bytes()),
                file => self.jar.save(file),
            };
            if let Err(error) = saved {
                messages.warn(&Failure::writing(file, &error).message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_cookies_are_left_out() {
        let lines = b"# comment\nnonsense\nh.example\tFALSE\t/\tFALSE\t0\ta\tb\n\
                      h.example\tFALSE\t/\tFALSE\t32503680000\tc\td";
        let cookies = Cookies::default();
        cookies.add(lines, false);
        assert_eq!(cookies.jar.len(), 2);
        let cookies = Cookies::default();
        cookies.add(lines, true);
        assert_eq!(cookies.jar.len(), 1);
    }
}
