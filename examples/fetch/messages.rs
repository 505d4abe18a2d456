//! What the program says to a person: errors, warnings, and what `-v` shows.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Write};

use indicatif::MultiProgress;

use crate::failure::Failure;
use crate::options::Global;

/// Where messages go, and which are wanted.
#[derive(Debug)]
pub(crate) struct Messages {
    place: Place,
    errors: bool,
    warnings: bool,
    verbose: bool,
    /// What is drawn on the terminal meanwhile, and makes way for a message.
    bars: OnceCell<MultiProgress>,
}

#[derive(Debug)]
enum Place {
    Stderr,
    Stdout,
    File(File),
}

impl Messages {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let place = match global.stderr.as_deref() {
            None => Place::Stderr,
            Some("-") => Place::Stdout,
            Some(name) => {
                Place::File(File::create(name).map_err(|error| Failure::writing(name, &error))?)
            }
        };
        Ok(Self {
            place,
            errors: !global.silent || global.show_error,
            warnings: !global.silent,
            verbose: global.verbose,
            bars: OnceCell::new(),
        })
    }

    /// Lets bars make way for what is printed from now on. The first ones count.
    pub(crate) fn print_above(&self, bars: &MultiProgress) {
        let _ = self.bars.set(bars.clone());
    }

    /// Prints as it is.
    pub(crate) fn print(&self, bytes: &[u8]) {
        self.aside(|| {
            // Nobody is left to tell if this fails.
            let _ = match &self.place {
                Place::Stderr => io::stderr().write_all(bytes),
                Place::Stdout => io::stdout().write_all(bytes),
                Place::File(file) => (&*file).write_all(bytes),
            };
        });
    }

    /// Prints by `print`, with the bars out of the way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match self.bars.get() {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    pub(crate) fn error(&self, failure: &Failure) {
        self.error_of(failure, None);
    }

    /// Says what went wrong, and with which of several URLs.
    pub(crate) fn error_of(&self, failure: &Failure, subject: Option<&str>) {
        if self.errors {
            let subject = subject.map(|url| format!(" [{url}]")).unwrap_or_default();
            self.print(format!("fetch: {failure}{subject}\n").as_bytes());
        }
    }

    pub(crate) fn warn(&self, text: &str) {
        if self.warnings {
            self.print(format!("Warning: {text}\n").as_bytes());
        }
    }

    /// A line of `-v`.
    pub(crate) fn note(&self, text: &str) {
        if self.verbose {
            self.print(format!("* {text}\n").as_bytes());
        }
    }

    /// A head, as `-v` shows it: line by line behind a mark.
    pub(crate) fn head(&self, mark: char, head: &[u8]) {
        if !self.verbose {
            return;
        }
        let mut shown = Vec::with_capacity(head.len() + 64);
        for line in head.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            shown.extend_from_slice(&[mark as u8, b' ']);
            shown.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            shown.push(b'\n');
        }
        self.print(&shown);
    }
}
