//! The grammar of the command line.
//!
//! Letters may stand together, and the value of the last may stand at once behind it
//! (`-sSofile`). A value of a long option stands behind it or behind a `=`. What is no option
//! is a URL, and behind `--` everything is.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::check::check;
use super::config_file;
use super::settings::{Global, Operation};
use super::table::{Act, Opt, Settings, by_letter, by_name};
use super::value::Value;
use crate::failure::Failure;

/// How deep files with options may name others.
const MAX_DEPTH: usize = 8;

/// Reads the words of the command line, without the name of the program.
pub(crate) fn parse(
    words: impl Iterator<Item = OsString>,
) -> Result<(Global, Vec<Operation>), Failure> {
    let mut parser = Parser::default();
    let mut words = words.map(OsString::into_vec);
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || word == b"-" || !word.starts_with(b"-") {
            parser.url(&word)?;
        } else if word == b"--" {
            only_urls = true;
        } else {
            parser.option(&word, &mut || words.next())?;
        }
    }
    parser.finish()
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Parser {
    global: Global,
    done: Vec<Operation>,
    here: Operation,
    depth: usize,
}

/// Gives the word behind the option.
type NextWord<'w> = &'w mut dyn FnMut() -> Option<Vec<u8>>;

impl Parser {
    pub(super) fn url(&mut self, word: &[u8]) -> Result<(), Failure> {
        let value = Value {
            option: "URL",
            bytes: word,
        };
        self.here.target_with(|target| target.url.is_none()).url = Some(value.text()?);
        Ok(())
    }

    /// Reads a word that begins with a dash.
    pub(super) fn option(&mut self, word: &[u8], next: NextWord<'_>) -> Result<(), Failure> {
        match word.strip_prefix(b"--") {
            Some(long) => self.long(long, next),
            None => self.letters(&word[1..], next),
        }
    }

    fn long(&mut self, word: &[u8], next: NextWord<'_>) -> Result<(), Failure> {
        let end = word.iter().position(|byte| *byte == b'=');
        let (name, attached) = match end {
            Some(end) => (&word[..end], Some(word[end + 1..].to_vec())),
            None => (word, None),
        };
        let name = String::from_utf8_lossy(name);
        let option = format!("--{name}");
        let Some((opt, on)) = by_name(&name) else {
            return Err(unknown(&option));
        };
        let takes_value = matches!(opt.act, Act::Value(_) | Act::Config);
        if attached.is_some() && !takes_value {
            return Err(Failure::usage(format!("option {option}: takes no value")));
        }
        self.act(opt, &option, on, &mut || {
            attached.clone().or_else(&mut *next)
        })
    }

    fn letters(&mut self, mut letters: &[u8], next: NextWord<'_>) -> Result<(), Failure> {
        while let Some((&first, rest)) = letters.split_first() {
            let option = format!("-{}", char::from(first));
            let opt = by_letter(char::from(first)).ok_or_else(|| unknown(&option))?;
            letters = rest;
            if matches!(opt.act, Act::Value(_) | Act::Config) {
                let attached = (!rest.is_empty()).then(|| rest.to_vec());
                letters = &[];
                self.act(opt, &option, true, &mut || {
                    attached.clone().or_else(&mut *next)
                })?;
            } else {
                self.act(opt, &option, true, next)?;
            }
        }
        Ok(())
    }

    fn act(
        &mut self,
        opt: &Opt,
        option: &str,
        on: bool,
        next: NextWord<'_>,
    ) -> Result<(), Failure> {
        let mut value =
            || next().ok_or_else(|| Failure::usage(format!("option {option}: requires a value")));
        match opt.act {
            Act::Flag(act) => {
                let (global, here) = (&mut self.global, &mut self.here);
                act(&mut Settings { global, here }, on);
                Ok(())
            }
            Act::Value(act) => {
                let bytes = value()?;
                let (global, here) = (&mut self.global, &mut self.here);
                act(
                    &mut Settings { global, here },
                    Value {
                        option,
                        bytes: &bytes,
                    },
                )
            }
            Act::Next => self.next_operation(),
            Act::Config => {
                let name = Value {
                    option,
                    bytes: &value()?,
                }
                .text()?;
                self.config(&name)
            }
        }
    }

    fn config(&mut self, name: &str) -> Result<(), Failure> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::usage(format!(
                "{name}: too many config files in one another"
            )));
        }
        self.depth += 1;
        config_file::read(self, name)?;
        self.depth -= 1;
        Ok(())
    }

    fn next_operation(&mut self) -> Result<(), Failure> {
        if self.here.targets.iter().all(|target| target.url.is_none()) {
            return Err(Failure::usage("option --next: no URL stands before it"));
        }
        self.done.push(std::mem::take(&mut self.here));
        Ok(())
    }

    fn finish(mut self) -> Result<(Global, Vec<Operation>), Failure> {
        self.done.push(self.here);
        if self.global.question.is_none() {
            for operation in &mut self.done {
                check(operation)?;
            }
        }
        Ok((self.global, self.done))
    }
}

fn unknown(option: &str) -> Failure {
    Failure::usage(format!(
        "option {option}: is unknown; 'fetch --help' lists those that are known"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Fail, Out};
    use super::*;

    fn parsed(words: &[&str]) -> Result<(Global, Vec<Operation>), Failure> {
        parse(words.iter().map(OsString::from))
    }

    fn operation(words: &[&str]) -> Operation {
        parsed(words).expect("a valid command line").1.remove(0)
    }

    #[test]
    fn letters_stand_together_and_the_last_may_have_a_value() {
        let (global, operations) = parsed(&["-sSofile", "u", "-dfoo", "-Lf"]).expect("valid");
        assert!(global.silent && global.show_error);
        let operation = &operations[0];
        assert_eq!(operation.targets[0].output, Out::File("file".to_string()));
        assert_eq!(operation.data.as_deref(), Some(&b"foo"[..]));
        assert!(operation.location && operation.fail == Fail::Quietly);
    }

    #[test]
    fn a_value_of_a_long_option_stands_behind_it_or_behind_an_equals_sign() {
        assert_eq!(
            operation(&["--request", "A", "u"]).request.as_deref(),
            Some("A")
        );
        assert_eq!(
            operation(&["--request=A=B", "u"]).request.as_deref(),
            Some("A=B")
        );
        assert!(!operation(&["-L", "--no-location", "u"]).location);
    }

    #[test]
    fn outputs_and_uploads_are_given_to_urls_in_order() {
        let operation = operation(&["a", "-T", "x", "b", "-o", "1", "-o", "2", "-T", "y"]);
        let seen = operation.targets.iter().map(|target| {
            (
                target.url.clone(),
                target.output.clone(),
                target.upload.clone(),
            )
        });
        let text = |text: &str| Some(text.to_string());
        let seen: Vec<_> = seen.collect();
        assert_eq!(seen[0], (text("a"), Out::File("1".to_string()), text("x")));
        assert_eq!(seen[1], (text("b"), Out::File("2".to_string()), text("y")));
    }

    #[test]
    fn next_begins_anew() {
        let (_, operations) = parsed(&["-d", "x", "a", "--next", "b", "-:", "c"]).expect("valid");
        assert_eq!(operations.len(), 3);
        assert!(operations[0].data.is_some() && operations[1].data.is_none());
        assert!(parsed(&["--next", "a"]).is_err());
    }

    #[test]
    fn behind_two_dashes_everything_is_a_url() {
        assert_eq!(
            operation(&["--", "-L"]).targets[0].url.as_deref(),
            Some("-L")
        );
    }

    #[test]
    fn a_mistake_is_told_with_the_option_and_code_2() {
        for (words, message) in [
            (
                &["--nope"][..],
                "option --nope: is unknown; 'fetch --help' lists those that are known",
            ),
            (
                &["-sZ\u{7f}"],
                "option -\u{7f}: is unknown; 'fetch --help' lists those that are known",
            ),
            (&["-o"], "option -o: requires a value"),
            (&["--silent=yes"], "option --silent: takes no value"),
            (
                &["-m", "soon", "u"],
                "option -m: expected a number of seconds: \"soon\"",
            ),
            (&["-s"], "no URL given; 'fetch --help' lists the options"),
        ] {
            let failure = parsed(words).expect_err(message);
            assert_eq!((failure.code, failure.message.as_str()), (2, message));
        }
    }
}
