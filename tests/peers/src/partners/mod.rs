//! The other ends of the subjects' sockets, each in a process of its own on the other core.
//!
//! A partner reads its standard input, and ends when that ends: it cannot outlive the driver.

mod site;
mod answers;
mod canned;
mod nginx;
mod echo_load;

use crate::meters::prepare;

pub(crate) use self::site::{END, PAGES};

/// Plays the partner that the words name.
pub(crate) fn run(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words == ["nginx"] {
        return nginx::serve().map_err(|error| format!("the partner nginx: {error}"));
    }
    prepare();
    let played = match words[..] {
        ["canned", addresses] => canned::serve(number(addresses)?),
        ["echo-load", port, connections] => echo_load::run(number(port)?, number(connections)?),
        _ => return Err(format!("there is no partner {words:?}")),
    };
    played.map_err(|error| format!("the partner {}: {error}", words[0]))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number"))
}
