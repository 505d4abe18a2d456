//! What the command line asks for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::catalog::{Aspect, Count, Server, Work};

pub(super) const HELP: &str = "\
Measures looplet and looplet-http side by side with their peers.

  --quick        three rounds of less work: shows that it works, and roughly where things stand
  --only NAME    benches whose names begin so; may be given more than once
  --rounds N     so many rounds, but for what is of one size
  --list         says which benches there are
  --json FILE    appends a line of JSON for each figure, as each bench ends
  --from FILE..  measures nothing, and takes the figures from such files; of a bench that stands
                 there more than once, the last
  --report       writes BENCHMARKS.md and its plots, in the folder of this program
";

#[derive(Default)]
pub(super) struct Options {
    pub(super) quick: bool,
    /// Beginnings of names; empty is all.
    only: Vec<String>,
    pub(super) list: bool,
    pub(super) report: bool,
    pub(super) json: Option<PathBuf>,
    /// Where figures are taken from; empty is a wish to measure.
    pub(super) from: Vec<PathBuf>,
    rounds: Option<NonZeroUsize>,
}

impl Options {
    /// Reads the command line; `None` is a wish for help.
    pub(super) fn read() -> Result<Option<Self>, String> {
        Self::parse(lexopt::Parser::from_env()).map_err(|error| error.to_string())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("quick") => options.quick = true,
                Long("report") => options.report = true,
                Long("list") => options.list = true,
                Long("only") => options.only.push(parser.value()?.string()?),
                Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
                Long("from") => options.from.extend(parser.values()?.map(PathBuf::from)),
                Long("json") => options.json = Some(parser.value()?.into()),
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(options))
    }

    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|begin| name.starts_with(begin))
    }

    /// Rounds of a bench. An odd number has a median of its own. What is as large every time
    /// needs one, a count that is nearly the same, a wait of seconds or a build a few; no row is of
    /// nginx.
    pub(super) fn rounds(&self, work: Work) -> usize {
        let usual = match work {
            Work::Program(Aspect::Size) => return 1,
            Work::Program(Aspect::Build) if self.quick => 1,
            _ if self.quick => 3,
            Work::Program(Aspect::Build) | Work::Counted(..) | Work::WholeFetch(_) => 3,
            Work::Fetch(fetch) if fetch.is_slow() => 3,
            Work::Fetch(fetch) if fetch.server == Server::Nginx => 5,
            _ => 9,
        };
        self.rounds.map_or(usual, NonZeroUsize::get)
    }

    /// Rounds at each size of a curve, which is about its shape.
    pub(super) fn rounds_of_curve(&self) -> usize {
        let usual = if self.quick { 1 } else { 3 };
        self.rounds.map_or(usual, NonZeroUsize::get)
    }

    /// How often a thing is done.
    pub(super) fn count(&self, count: Count) -> u64 {
        if self.quick { count.quick } else { count.full }
    }
}
