//! Cookies as JSON, an object a line, the oldest first: features `cookies` and `json`.
//!
//! The keys are `name`, `value`, `domain`, `host_only`, `path`, `secure`, `http_only`, and
//! `expires` in seconds since 1970, or `null` for the end of the session. A flag that is
//! missing is false, except `host_only`, which must be said. Other keys are ignored.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::cookie::{Cookie, Parts};
use super::file::{self, Format};
use super::jar::CookieJar;

const FORMAT: Format = Format {
    read,
    newest_first: false,
};

impl CookieJar {
    /// Adds the cookies of a file with an object a line; otherwise as [`load`](Self::load).
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_json(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.take_file(path.as_ref(), &FORMAT)
    }

    /// Writes all cookies to a file with an object a line; otherwise as [`save`](Self::save).
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub fn save_json(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let lines = self.cookies().into_iter().map(|cookie| {
            let object = json!({
                "name": cookie.name(),
                "value": cookie.value(),
                "domain": cookie.domain(),
                "host_only": cookie.is_host_only(),
                "path": cookie.path(),
                "secure": cookie.is_secure(),
                "http_only": cookie.is_http_only(),
                "expires": cookie.expires_at(),
            });
            format!("{object}\n")
        });
        file::write(path.as_ref(), &lines.collect::<String>())
    }
}

fn read(line: &str) -> Result<Option<Cookie>, String> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let object: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let cookie = Cookie::from_parts(&Parts {
        name: text(&object, "name")?,
        value: text(&object, "value")?,
        domain: text(&object, "domain")?,
        host_only: flag(&object, "host_only")?.ok_or("there is no `host_only`")?,
        path: text(&object, "path")?,
        secure: flag(&object, "secure")?.unwrap_or(false),
        http_only: flag(&object, "http_only")?.unwrap_or(false),
        expires: seconds(&object, "expires")?,
    });
    Ok(Some(cookie?))
}

fn text<'o>(object: &'o Value, key: &str) -> Result<&'o str, String> {
    let text = object.get(key).and_then(Value::as_str);
    text.ok_or_else(|| format!("`{key}` is no text"))
}

fn flag(object: &Value, key: &str) -> Result<Option<bool>, String> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(format!("`{key}` is neither true nor false")),
    }
}

fn seconds(object: &Value, key: &str) -> Result<Option<i64>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(format!("`{key}` is no whole number of seconds")),
        },
    }
}
