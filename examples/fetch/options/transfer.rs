//! Options about redirects, times, rates, and trying again.

use super::table::{Opt, flag, value};

pub(super) const OPTIONS: &[Opt] = &[
    flag('L', "location", "Follow redirects", |set, on| {
        set.here.location = on
    }),
    flag(
        ' ',
        "location-trusted",
        "As --location, and send credentials everywhere",
        |set, on| {
            set.here.location = on;
            set.here.location_trusted = on;
        },
    ),
    value(
        ' ',
        "max-redirs",
        (
            "<number>",
            "Follow no more redirects than that; -1 is any number",
        ),
        |set, value| {
            set.here.max_redirs = Some(match value.bytes {
                b"-1" => u64::MAX,
                _ => value.number()?,
            });
            Ok(())
        },
    ),
    flag(' ', "post301", "Stay with POST after a 301", |set, on| {
        set.here.post301 = on
    }),
    flag(' ', "post302", "Stay with POST after a 302", |set, on| {
        set.here.post302 = on
    }),
    flag(' ', "post303", "Stay with POST after a 303", |set, on| {
        set.here.post303 = on
    }),
    value(
        ' ',
        "proto",
        ("<protocols>", "Use only these protocols"),
        |set, value| {
            set.here.proto = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "proto-redir",
        ("<protocols>", "Redirect only to these protocols"),
        |set, value| {
            set.here.proto_redir = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "proto-default",
        ("<protocol>", "For a URL without one"),
        |set, value| {
            set.here.proto_default = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "connect-timeout",
        ("<seconds>", "How long connecting may take"),
        |set, value| {
            set.here.connect_timeout = Some(value.seconds()?);
            Ok(())
        },
    ),
    value(
        'm',
        "max-time",
        ("<seconds>", "How long all may take"),
        |set, value| {
            set.here.max_time = Some(value.seconds()?);
            Ok(())
        },
    ),
    value(
        'Y',
        "speed-limit",
        ("<bytes>", "Give up below that many bytes a second"),
        |set, value| {
            set.here.speed_limit = Some(value.number()?);
            Ok(())
        },
    ),
    value(
        'y',
        "speed-time",
        ("<seconds>", "How long --speed-limit is to be kept; 30"),
        |set, value| {
            set.here.speed_time = Some(value.seconds()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "limit-rate",
        ("<bytes>", "Be no faster than that many bytes a second"),
        |set, value| {
            set.here.limit_rate = Some(value.size()?).filter(|rate| *rate > 0);
            Ok(())
        },
    ),
    value(
        ' ',
        "retry",
        ("<number>", "Try again after errors that may pass"),
        |set, value| {
            set.here.retry = value.number()?;
            Ok(())
        },
    ),
    value(
        ' ',
        "retry-delay",
        ("<seconds>", "Wait that long in between"),
        |set, value| {
            set.here.retry_delay = Some(value.seconds()?).filter(|delay| !delay.is_zero());
            Ok(())
        },
    ),
    value(
        ' ',
        "retry-max-time",
        ("<seconds>", "Try again for no longer than that"),
        |set, value| {
            set.here.retry_max_time = Some(value.seconds()?).filter(|time| !time.is_zero());
            Ok(())
        },
    ),
    flag(
        ' ',
        "retry-connrefused",
        "Try again where nobody listens",
        |set, on| {
            set.here.retry_connrefused = on;
        },
    ),
    flag(
        ' ',
        "retry-all-errors",
        "Try again after any error",
        |set, on| {
            set.here.retry_all_errors = on;
        },
    ),
];
