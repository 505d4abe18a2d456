//! Options about the program itself.

use super::settings::{Meter, Question};
use super::table::{Act, Opt, flag, value};

pub(super) const OPTIONS: &[Opt] = &[
    flag('h', "help", "Print this", |set, _| {
        set.global.question = Some(Question::Help)
    }),
    flag('V', "version", "Print the version", |set, _| {
        set.global.question = Some(Question::Version);
    }),
    flag(
        'q',
        "disable",
        "Read no file with options (there is none by default)",
        |_, _| {},
    ),
    Opt {
        letter: 'K',
        name: "config",
        argument: "<file>",
        help: "Read options from a file",
        act: Act::Config,
    },
    Opt {
        letter: ':',
        name: "next",
        argument: "",
        help: "Begin anew: what follows has its own options",
        act: Act::Next,
    },
    value(' ', "url", ("<URL>", "What to fetch"), |set, value| {
        let url = value.text()?;
        set.here.target_with(|target| target.url.is_none()).url = Some(url);
        Ok(())
    }),
    flag(
        's',
        "silent",
        "Print no progress and no errors",
        |set, on| set.global.silent = on,
    ),
    flag(
        'S',
        "show-error",
        "Print errors even with --silent",
        |set, on| {
            set.global.show_error = on;
        },
    ),
    flag('v', "verbose", "Show what is on the wire", |set, on| {
        set.global.verbose = on
    }),
    flag('#', "progress-bar", "Show progress as a bar", |set, on| {
        set.global.meter = if on { Meter::Bar } else { Meter::Table };
    }),
    flag(
        ' ',
        "progress-meter",
        "Show progress (default)",
        |set, on| {
            set.global.meter = if on { Meter::Table } else { Meter::Hidden };
        },
    ),
    value(
        ' ',
        "stderr",
        ("<file>", "Write messages there; - is stdout"),
        |set, value| {
            set.global.stderr = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        'Z',
        "parallel",
        "Fetch all URLs at the same time",
        |set, on| set.global.parallel = on,
    ),
    value(
        ' ',
        "parallel-max",
        ("<number>", "How many at the same time; 50"),
        |set, value| {
            let number = value.number()?.clamp(1, 300);
            set.global.parallel_max = usize::try_from(number).ok();
            Ok(())
        },
    ),
    flag(
        ' ',
        "parallel-immediate",
        "Do not wait for connections (always so)",
        |_, _| {},
    ),
    flag(
        ' ',
        "fail-early",
        "End at the first URL that fails",
        |set, on| {
            set.global.fail_early = on;
        },
    ),
    flag(
        ' ',
        "styled-output",
        "Print headers in bold (never done)",
        |_, _| {},
    ),
];
