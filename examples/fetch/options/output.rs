//! Options about where things go.

use super::settings::{Fail, Out};
use super::table::{Opt, Settings, flag, value};

pub(super) const OPTIONS: &[Opt] = &[
    value(
        'o',
        "output",
        ("<file>", "Write to a file; #1 is the first pattern"),
        |set, value| {
            let file = Out::File(value.text()?);
            set.here
                .target_with(|target| target.output == Out::Unset)
                .output = file;
            Ok(())
        },
    ),
    flag(
        'O',
        "remote-name",
        "Write to a file named as in the URL",
        |set, on| {
            if on {
                set.here
                    .target_with(|target| target.output == Out::Unset)
                    .output = Out::Remote;
            }
        },
    ),
    flag(
        ' ',
        "remote-name-all",
        "As --remote-name, for all URLs",
        |set, on| {
            set.here.remote_name_all = on;
        },
    ),
    flag(
        'J',
        "remote-header-name",
        "Write to a file named by the server",
        |set, on| {
            set.here.remote_header_name = on;
        },
    ),
    flag(
        'R',
        "remote-time",
        "Give the file the time that the server says",
        |set, on| {
            set.here.remote_time = on;
        },
    ),
    value(
        ' ',
        "output-dir",
        ("<folder>", "Write files there"),
        |set, value| {
            set.here.output_dir = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        ' ',
        "create-dirs",
        "Make the folders for the output",
        |set, on| {
            set.here.create_dirs = on;
        },
    ),
    flag(
        ' ',
        "clobber",
        "Write over files that are there (default)",
        |set, on| {
            set.here.no_clobber = !on;
        },
    ),
    flag(
        ' ',
        "skip-existing",
        "Fetch nothing that is there",
        |set, on| {
            set.here.skip_existing = on;
        },
    ),
    flag(
        ' ',
        "remove-on-error",
        "Remove the file if it is not whole",
        |set, on| {
            set.here.remove_on_error = on;
        },
    ),
    value(
        ' ',
        "max-filesize",
        ("<bytes>", "Fetch nothing that is larger"),
        |set, value| {
            set.here.max_filesize = Some(value.size()?).filter(|size| *size > 0);
            Ok(())
        },
    ),
    flag('i', "show-headers", "Write the headers, too", |set, on| {
        set.here.include = on
    }),
    flag(' ', "include", "As --show-headers", |set, on| {
        set.here.include = on
    }),
    value(
        'D',
        "dump-header",
        ("<file>", "Write the headers to a file"),
        |set, value| {
            set.here.dump_header = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        'f',
        "fail",
        "Write nothing and fail if the server says so",
        |set, on| {
            fail(set, on, Fail::Quietly);
        },
    ),
    flag(
        ' ',
        "fail-with-body",
        "Fail if the server says so, and write the body",
        |set, on| {
            fail(set, on, Fail::WithBody);
        },
    ),
    value(
        'w',
        "write-out",
        ("<format>", "Print this at the end; see %{json}"),
        |set, value| {
            let text = String::from_utf8(value.or_file()?);
            set.here.write_out = Some(text.map_err(|_| value.complain("is not UTF-8"))?);
            Ok(())
        },
    ),
    flag(
        'N',
        "no-buffer",
        "Write what comes at once (default)",
        |_, _| {},
    ),
    flag(
        'g',
        "globoff",
        "Take {} and [] for what they are",
        |set, on| set.here.globoff = on,
    ),
];

/// The last one counts, and a change of mind is told.
fn fail(set: &mut Settings<'_>, on: bool, how: Fail) {
    let name = |fail| match fail {
        Fail::WithBody => "--fail-with-body",
        _ => "--fail",
    };
    let before = set.here.fail;
    set.here.fail = if on { how } else { Fail::No };
    if on && before != Fail::No && before != how {
        let warning = format!("{} deselects {} here", name(how), name(before));
        set.global.warnings.push(warning);
    }
}
