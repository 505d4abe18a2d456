//! `-w`: a line about the transfer, in a form that the person chooses.
//!
//! `%{name}` is a variable, `%header{name}` a header of the last answer, `%%` a percent sign,
//! `\n`, `\r` and `\t` what they are everywhere. `%{json}` is all variables at once,
//! `%{stderr}` and `%{stdout}` say where what follows goes, `%output{file}` names a file, and
//! `%output{>>file}` one that is written on. `%{onerror}` ends a line about a success.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::messages::Messages;
use crate::record::Record;

/// Where a piece of the line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Stdout,
    Stderr,
    File(String),
    MoreOfFile(String),
}

/// Prints the line.
pub(crate) fn print(format: &str, record: &Record, messages: &Messages) -> Result<(), Failure> {
    let (pieces, unknown) = pieces(format, record);
    for name in unknown {
        messages.warn(&format!("unknown --write-out variable: '{name}'"));
    }
    for (place, text) in pieces {
        let failed = |name: &str, error: io::Error| Failure::writing(name, &error);
        match place {
            Place::Stdout => {
                let written = messages.aside(|| {
                    let mut stdout = io::stdout().lock();
                    let written = stdout.write_all(text.as_bytes());
                    written.and_then(|()| stdout.flush())
                });
                written.map_err(|error| failed("stdout", error))?;
            }
            Place::Stderr => messages.print(text.as_bytes()),
            Place::File(name) => {
                std::fs::write(&name, text).map_err(|error| failed(&name, error))?;
            }
            Place::MoreOfFile(name) => {
                let mut options = OpenOptions::new();
                let file = options.append(true).create(true).open(&name);
                let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
                written.map_err(|error| failed(&name, error))?;
            }
        }
    }
    Ok(())
}

/// The texts for each place, in order, and the names that mean nothing.
fn pieces(format: &str, record: &Record) -> (Vec<(Place, String)>, Vec<String>) {
    let variables = variables(record);
    let mut unknown = Vec::new();
    let mut pieces = vec![(Place::Stdout, String::new())];
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        let (before, special) = rest.split_at(at);
        let (_, text) = pieces.last_mut().expect("one is there");
        *text += before;
        if let Some((name, after)) = braced(special, "%{") {
            rest = after;
            match name {
                "stderr" => pieces.push((Place::Stderr, String::new())),
                "stdout" => pieces.push((Place::Stdout, String::new())),
                "onerror" if record.exit_code == 0 => return (pieces, unknown),
                "onerror" => {}
                "json" => {
                    let all = variables.iter().map(|(name, value)| (*name, value.json()));
                    *text += &Value::from_iter(all).to_string();
                }
                "header_json" => *text += &header_json(record),
                name => match variables.get(name) {
                    Some(value) => *text += &value.shown(),
                    None => unknown.push(name.to_string()),
                },
            }
        } else if let Some((name, after)) = braced(special, "%header{") {
            rest = after;
            *text += record.header(name).unwrap_or_default();
        } else if let Some((name, after)) = braced(special, "%output{") {
            rest = after;
            let place = match name.strip_prefix(">>") {
                Some(name) => Place::MoreOfFile(name.to_string()),
                None => Place::File(name.to_string()),
            };
            pieces.push((place, String::new()));
        } else {
            let (plain, length) = escape(special);
            *text += plain;
            rest = &special[length..];
        }
    }
    let (_, text) = pieces.last_mut().expect("one is there");
    *text += rest;
    (pieces, unknown)
}

/// What stands in the braces, and what is behind them.
fn braced<'t>(text: &'t str, start: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(start)?.split_once('}')
}

/// What a percent sign or a backslash with its successor stands for, and how long both are.
fn escape(text: &str) -> (&str, usize) {
    match text.as_bytes() {
        [b'%', b'%', ..] => ("%", 2),
        [b'\\', b'n', ..] => ("\n", 2),
        [b'\\', b'r', ..] => ("\r", 2),
        [b'\\', b't', ..] => ("\t", 2),
        _ => (&text[..1], 1),
    }
}

fn header_json(record: &Record) -> String {
    let mut headers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, value) in &record.headers {
        headers
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(value);
    }
    json!(headers).to_string()
}

/// The value of a variable: what it is, and so how it is shown.
enum Variable {
    Text(Option<String>),
    Number(u64),
    /// Three digits at least.
    Status(u16),
    Seconds(Duration),
}

impl Variable {
    fn shown(&self) -> String {
        match self {
            Variable::Text(text) => text.clone().unwrap_or_default(),
            Variable::Number(number) => number.to_string(),
            Variable::Status(status) => format!("{status:03}"),
            Variable::Seconds(time) => format!("{:.6}", time.as_secs_f64()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Variable::Text(text) => json!(text),
            Variable::Number(number) => json!(number),
            Variable::Status(status) => json!(status),
            Variable::Seconds(time) => json!(time.as_micros() as f64 / 1e6),
        }
    }
}

/// All variables under curl's names.
fn variables(record: &Record) -> BTreeMap<&'static str, Variable> {
    let mut all: BTreeMap<_, _> = texts(record)
        .map(|(name, text)| (name, Variable::Text(text)))
        .into();
    all.extend(numbers(record).map(|(name, number)| (name, Variable::Number(number))));
    all.extend(
        [
            ("http_code", record.status),
            ("http_connect", record.connect_status),
            ("response_code", record.status),
        ]
        .map(|(name, status)| (name, Variable::Status(status))),
    );
    let times = &record.times;
    all.extend(
        [
            ("time_appconnect", times.app_connect),
            ("time_connect", times.connect),
            ("time_namelookup", times.name_lookup),
            ("time_pretransfer", times.pre_transfer),
            ("time_redirect", times.redirect),
            ("time_starttransfer", times.start_transfer),
            ("time_total", times.total),
        ]
        .map(|(name, time)| (name, Variable::Seconds(time))),
    );
    all
}

fn texts(record: &Record) -> [(&'static str, Option<String>); 13] {
    let ip = |address: Option<SocketAddr>| address.map(|address| address.ip().to_string());
    [
        (
            "content_type",
            record.header("Content-Type").map(str::to_string),
        ),
        ("errormsg", record.error.clone()),
        ("filename_effective", record.file.clone()),
        ("http_version", Some(record.version.to_string())),
        ("local_ip", ip(record.local)),
        ("method", Some(record.method.clone())),
        ("redirect_url", record.redirect_url.clone()),
        ("referer", record.referer.clone()),
        ("remote_ip", ip(record.peer)),
        ("scheme", Some(record.scheme.to_string())),
        ("url", Some(record.url.clone())),
        ("url_effective", Some(record.effective_url.clone())),
        (
            "curl_version",
            Some(format!("looplet-http/{}", env!("CARGO_PKG_VERSION"))),
        ),
    ]
}

fn numbers(record: &Record) -> [(&'static str, u64); 14] {
    let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port().into());
    [
        ("exitcode", record.exit_code.into()),
        ("local_port", port(record.local)),
        ("num_connects", record.connections),
        ("num_headers", record.headers.len() as u64),
        ("num_redirects", record.redirects),
        ("num_retries", record.retries),
        ("remote_port", port(record.peer)),
        ("size_download", record.downloaded),
        ("size_header", record.header_bytes),
        ("size_request", record.request_bytes),
        ("size_upload", record.uploaded),
        ("speed_download", record.speed(record.downloaded)),
        ("speed_upload", record.speed(record.uploaded)),
        ("urlnum", record.number as u64),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn record() -> Record {
        let mut record = Record::new(1, "http://h/", Instant::now());
        record.status = 200;
        record.headers = vec![("X-Tag".to_string(), "one".to_string())];
        record.times.total = Duration::from_millis(1500);
        record.downloaded = 3000;
        record
    }

    fn text(format: &str) -> String {
        pieces(format, &record()).0.remove(0).1
    }

    #[test]
    fn variables_headers_and_escapes_are_filled_in() {
        let format = r"%{http_code} %header{x-tag} 100%% %{time_total} %{speed_download}\t\q\n";
        assert_eq!(text(format), "200 one 100% 1.500000 2000\t\\q\n");
        assert_eq!(
            text("%{redirect_url}|%header{none}|%{unknown}|%x%"),
            "|||%x%"
        );
    }

    #[test]
    fn json_has_all_variables() {
        let json: Value = serde_json::from_str(&text("%{json}")).expect("valid JSON");
        assert_eq!(
            (&json["http_code"], &json["urlnum"]),
            (&json!(200), &json!(1))
        );
        assert_eq!(text("%{header_json}"), r#"{"x-tag":["one"]}"#);
    }

    #[test]
    fn pieces_have_places() {
        let (pieces, _) = pieces("a%{stderr}b%output{f}c%output{>>g}d%{onerror}e", &record());
        let file = Place::File("f".to_string());
        let more = Place::MoreOfFile("g".to_string());
        let expected = [
            (Place::Stdout, "a".to_string()),
            (Place::Stderr, "b".to_string()),
            (file, "c".to_string()),
            (more, "d".to_string()),
        ];
        assert_eq!(pieces, expected);
    }
}
