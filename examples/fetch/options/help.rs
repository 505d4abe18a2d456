//! What `--help` and `--version` print.

use super::table::{Opt, all};

/// What this build can do, in curl's words. `--version` prints it, and programs look there.
const FEATURES: &str = "brotli cookies crypto digest HTTPS-proxy IDN IPv6 Largefile libz Mime proxy PSL SSL UnixSockets zstd";

pub(crate) fn help() -> String {
    let mut text = "Usage: fetch [options...] <url>\n".to_string();
    let mut options: Vec<&Opt> = all().collect();
    options.sort_by_key(|opt| opt.name);
    for opt in options {
        let letter = match opt.letter {
            ' ' => "    ".to_string(),
            letter => format!("-{letter}, "),
        };
        let long = format!("--{} {}", opt.name, opt.argument);
        text += &format!(" {letter}{:<32} {}\n", long.trim_end(), opt.help);
    }
    text
}

pub(crate) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("fetch {version} looplet-http/{version}\nProtocols: http https\nFeatures: {FEATURES}\n")
}
