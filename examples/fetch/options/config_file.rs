//! Options in a file, as `-K` reads them.
//!
//! A line has one option, with or without its dashes, and behind a space, `=` or `:` its
//! value, which may stand in quotes. `#` begins a comment.

use super::command_line::Parser;
use super::value::read_file;
use crate::failure::Failure;

/// Reads the options in a file; `-` is stdin.
pub(super) fn read(parser: &mut Parser, name: &str) -> Result<(), Failure> {
    let bytes = read_file(name)?;
    let text = String::from_utf8_lossy(&bytes);
    for (index, line) in text.lines().enumerate() {
        let Some((option, value)) = split(line) else {
            continue;
        };
        let given = read_line(parser, &option, value);
        given.map_err(|failure| {
            let message = format!("{name}:{}: {}", index + 1, failure.message);
            Failure::new(failure.code, message)
        })?;
    }
    Ok(())
}

fn read_line(parser: &mut Parser, option: &str, value: Option<String>) -> Result<(), Failure> {
    if option == "--url" || option == "url" {
        return parser.url(value.unwrap_or_default().as_bytes());
    }
    let dashed = match option.starts_with('-') {
        true => option.to_string(),
        false => format!("--{option}"),
    };
    let mut value = value.map(String::into_bytes);
    parser.option(dashed.as_bytes(), &mut || value.take())?;
    match value {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!("option {dashed}: takes no value"))),
    }
}

/// The option and its value, if the line has any.
fn split(line: &str) -> Option<(String, Option<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let is_end = |c: char| c.is_whitespace() || c == '=' || c == ':';
    let end = line.find(is_end).unwrap_or(line.len());
    let rest = line[end..].trim_start_matches(is_end);
    let value = match rest.strip_prefix('"') {
        Some(quoted) => Some(unquoted(quoted)),
        None => {
            let value = rest.split(char::is_whitespace).next().unwrap_or_default();
            (!value.is_empty()).then(|| value.to_string())
        }
    };
    Some((line[..end].to_string(), value))
}

/// Up to the closing quote, with `\"`, `\\`, `\t`, `\n`, `\r` and `\v` for what they stand for.
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(next) = characters.next() {
        match next {
            '"' => break,
            '\\' => plain.push(match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('v') => '\u{b}',
                Some(other) => other,
                None => '\\',
            }),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_option_and_a_value_in_many_spellings() {
        let value = |value: &str| Some(value.to_string());
        for (line, option, expected) in [
            ("--request PUT", "--request", value("PUT")),
            ("request=PUT", "request", value("PUT")),
            ("request : PUT # why", "request", value("PUT")),
            ("-X \"P \\\"U\\\"\\tT\" rest", "-X", value("P \"U\"\tT")),
            ("silent", "silent", None),
            ("url = http://h/?a=b", "url", value("http://h/?a=b")),
        ] {
            assert_eq!(split(line), Some((option.to_string(), expected)), "{line}");
        }
        assert_eq!(split("  # nothing"), None);
    }
}
