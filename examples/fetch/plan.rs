//! From the command line to single transfers: patterns are filled in, files get names.

use std::rc::Rc;

use crate::failure::{Failure, code};
use crate::glob::{Expansion, Glob, fill};
use crate::options::{Operation, Out, Target};

/// One transfer to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) operation: Rc<Operation>,
    /// Counted from zero over all operations.
    pub(crate) number: usize,
    pub(crate) url: String,
    pub(crate) output: Destination,
    pub(crate) upload: Option<String>,
}

/// Where the body goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(String),
    /// A name that is found in the URL, or the server gives.
    Remote,
}

/// Gives the transfers of all operations, each when its turn comes.
#[derive(Debug)]
pub(crate) struct Plans {
    operations: std::vec::IntoIter<Operation>,
    current: Option<Targets>,
    number: usize,
}

/// What is left of one operation.
#[derive(Debug)]
struct Targets {
    operation: Rc<Operation>,
    target: usize,
    globs: Option<Globs>,
}

/// The patterns of one target. URLs change faster than files.
#[derive(Debug)]
struct Globs {
    urls: Glob,
    uploads: Option<Glob>,
    next: u64,
}

impl Plans {
    pub(crate) fn new(operations: Vec<Operation>) -> Self {
        Self {
            operations: operations.into_iter(),
            current: None,
            number: 0,
        }
    }

    /// The next transfer.
    pub(crate) fn next(&mut self) -> Option<Result<Plan, Failure>> {
        loop {
            if self.current.is_none() {
                let operation = Rc::new(self.operations.next()?);
                self.current = Some(Targets {
                    operation,
                    target: 0,
                    globs: None,
                });
            }
            let targets = self.current.as_mut().expect("it is there now");
            match targets.next(self.number) {
                Some(plan) => {
                    self.number += 1;
                    return Some(plan);
                }
                None => self.current = None,
            }
        }
    }

    /// How many there are, as far as that can be said.
    pub(crate) fn count(operations: &[Operation]) -> u64 {
        let targets = operations.iter().flat_map(|operation| {
            operation
                .targets
                .iter()
                .map(|target| Globs::read(operation, target))
        });
        targets
            .map(|globs| globs.map_or(1, |globs| globs.count()))
            .sum()
    }
}

impl Targets {
    fn next(&mut self, number: usize) -> Option<Result<Plan, Failure>> {
        loop {
            let target = self.operation.targets.get(self.target)?;
            let globs = match &mut self.globs {
                Some(globs) => globs,
                None => match Globs::read(&self.operation, target) {
                    Ok(globs) => self.globs.insert(globs),
                    Err(failure) => {
                        self.target += 1;
                        return Some(Err(failure));
                    }
                },
            };
            if let Some((url, upload)) = globs.next() {
                return Some(Ok(Plan {
                    output: destination(target, &url, upload.is_some()),
                    operation: self.operation.clone(),
                    number,
                    url: url.text,
                    upload,
                }));
            }
            self.globs = None;
            self.target += 1;
        }
    }
}

impl Globs {
    fn read(operation: &Operation, target: &Target) -> Result<Self, Failure> {
        let glob = |text: &String| match operation.globoff {
            true => Ok(Glob::literal(text)),
            false => Glob::parse(text).map_err(|why| Failure::new(code::URL_MALFORMAT, why)),
        };
        let url = target
            .url
            .as_ref()
            .expect("targets without a URL were dropped");
        let upload = target.upload.as_ref().filter(|upload| !upload.is_empty());
        Ok(Self {
            urls: glob(url)?,
            uploads: upload.map(glob).transpose()?,
            next: 0,
        })
    }

    fn count(&self) -> u64 {
        let uploads = self.uploads.as_ref().map_or(1, Glob::count);
        self.urls.count().saturating_mul(uploads)
    }

    fn next(&mut self) -> Option<(Expansion, Option<String>)> {
        if self.next == self.count() {
            return None;
        }
        let (upload, url) = (self.next / self.urls.count(), self.next % self.urls.count());
        self.next += 1;
        let upload = self
            .uploads
            .as_ref()
            .map(|uploads| uploads.nth(upload).text);
        Some((self.urls.nth(url), upload))
    }
}

fn destination(target: &Target, url: &Expansion, uploads: bool) -> Destination {
    match &target.output {
        Out::Unset => Destination::Stdout,
        Out::File(name) if name == "-" => Destination::Stdout,
        Out::File(name) => Destination::File(fill(name, &url.values)),
        Out::Remote if uploads => Destination::Stdout,
        Out::Remote => Destination::Remote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_goes_to_every_url() {
        let target = Target {
            url: Some("h/{a,b}".to_string()),
            output: Out::File("o#1".to_string()),
            upload: Some("{x,y}".to_string()),
        };
        let operation = Operation {
            targets: vec![target],
            ..Operation::default()
        };
        assert_eq!(Plans::count(std::slice::from_ref(&operation)), 4);
        let mut plans = Plans::new(vec![operation]);
        let mut seen = Vec::new();
        while let Some(plan) = plans.next() {
            let plan = plan.expect("a valid pattern");
            let Destination::File(output) = plan.output else {
                panic!("it goes to a file");
            };
            seen.push((
                plan.number,
                plan.url,
                plan.upload.unwrap_or_default(),
                output,
            ));
        }
        let text = |number: usize, url: &str, upload: &str, output: &str| {
            (
                number,
                url.to_string(),
                upload.to_string(),
                output.to_string(),
            )
        };
        let expected = [
            text(0, "h/a", "x", "oa"),
            text(1, "h/b", "x", "ob"),
            text(2, "h/a", "y", "oa"),
            text(3, "h/b", "y", "ob"),
        ];
        assert_eq!(seen, expected);
    }
}
