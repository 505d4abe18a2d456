//! The form of the tables, and the look-up in them.

use super::settings::{Global, Operation};
use super::value::Value;
use super::{network, output, program, request, transfer};
use crate::failure::Failure;

/// What an option may set.
pub(crate) struct Settings<'s> {
    pub(crate) global: &'s mut Global,
    pub(crate) here: &'s mut Operation,
}

/// One option.
pub(crate) struct Opt {
    /// Behind one dash, or a space if there is none.
    pub(crate) letter: char,
    /// Behind two dashes.
    pub(crate) name: &'static str,
    /// What its value is called, or nothing.
    pub(crate) argument: &'static str,
    /// What it does, in a few words.
    pub(crate) help: &'static str,
    pub(crate) act: Act,
}

/// What becomes of an option.
pub(crate) enum Act {
    /// On or, with `--no-` in front, off.
    Flag(fn(&mut Settings<'_>, bool)),
    Value(fn(&mut Settings<'_>, Value<'_>) -> Result<(), Failure>),
    /// Begins another operation.
    Next,
    /// Reads options from a file.
    Config,
}

pub(super) const fn flag(
    letter: char,
    name: &'static str,
    help: &'static str,
    act: fn(&mut Settings<'_>, bool),
) -> Opt {
    let act = Act::Flag(act);
    Opt {
        letter,
        name,
        argument: "",
        help,
        act,
    }
}

pub(super) const fn value(
    letter: char,
    name: &'static str,
    (argument, help): (&'static str, &'static str),
    act: fn(&mut Settings<'_>, Value<'_>) -> Result<(), Failure>,
) -> Opt {
    let act = Act::Value(act);
    Opt {
        letter,
        name,
        argument,
        help,
        act,
    }
}

/// All options.
pub(crate) fn all() -> impl Iterator<Item = &'static Opt> {
    let tables: [&'static [Opt]; 5] = [
        request::OPTIONS,
        transfer::OPTIONS,
        output::OPTIONS,
        network::OPTIONS,
        program::OPTIONS,
    ];
    tables.into_iter().flatten()
}

/// The option with that long name, and whether it is switched on by it.
pub(super) fn by_name(name: &str) -> Option<(&'static Opt, bool)> {
    let exactly = |name: &str| all().find(|opt| opt.name == name);
    if let Some(opt) = exactly(name) {
        return Some((opt, true));
    }
    let opt = exactly(name.strip_prefix("no-")?)?;
    matches!(opt.act, Act::Flag(_)).then_some((opt, false))
}

/// The option with that letter.
pub(super) fn by_letter(letter: char) -> Option<&'static Opt> {
    all().find(|opt| opt.letter == letter && letter != ' ')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_and_every_letter_is_there_once() {
        let (mut names, mut letters) = (HashSet::new(), HashSet::new());
        for opt in all() {
            assert!(names.insert(opt.name), "{}", opt.name);
            assert!(
                opt.letter == ' ' || letters.insert(opt.letter),
                "{}",
                opt.letter
            );
            assert!(!opt.help.is_empty(), "{}", opt.name);
        }
    }

    #[test]
    fn only_a_flag_can_be_switched_off() {
        assert!(matches!(by_name("no-location"), Some((_, false))));
        assert!(by_name("no-output").is_none());
    }
}
