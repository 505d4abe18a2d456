//! What a program may give where a URL is wanted.

use std::cell::RefCell;

use url::{Position, Url};

use crate::error::Error;
use crate::message::{host_of, scheme_of};

/// Something that is a URL, or text that should be one.
pub trait IntoUrl: Sized {
    /// Returns the URL.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUrl`] or [`Error::UnsupportedScheme`].
    fn into_url(self) -> Result<Url, Error>;

    /// The same, where `last` is known.
    #[doc(hidden)]
    fn into_url_after(self, _last: &LastUrl) -> Result<Url, Error> {
        self.into_url()
    }
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url, Error> {
        host_of(&self)?;
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url, Error> {
        self.clone().into_url()
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url, Error> {
        checked(Url::parse(self), self)
    }

    fn into_url_after(self, last: &LastUrl) -> Result<Url, Error> {
        checked(last.parse(self), self)
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
    }

    fn into_url_after(self, last: &LastUrl) -> Result<Url, Error> {
        self.as_str().into_url_after(last)
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
    }

    fn into_url_after(self, last: &LastUrl) -> Result<Url, Error> {
        self.as_str().into_url_after(last)
    }
}

fn checked(parsed: Result<Url, url::ParseError>, text: &str) -> Result<Url, Error> {
    let invalid = |error: url::ParseError| Error::InvalidUrl {
        url: without_userinfo(text),
        reason: error.to_string(),
    };
    parsed.map_err(invalid)?.into_url()
}

/// The URL that a session has parsed as a whole last. Pages are fetched from one server in rows:
/// text that begins with the same scheme, host and port is parsed from there on, which is a quarter
/// of the work. What comes of it is the same.
#[derive(Debug, Default)]
pub struct LastUrl(RefCell<Option<Url>>);

impl LastUrl {
    fn parse(&self, text: &str) -> Result<Url, url::ParseError> {
        let mut last = self.0.borrow_mut();
        if let Some(known) = &*last
            && let Some(path) = path_behind(known, text)
        {
            return Url::options().base_url(Some(known)).parse(path);
        }
        let url = Url::parse(text)?;
        // Passwords are not kept, nor what will be refused.
        if scheme_of(&url).is_ok() && !url.authority().contains('@') {
            *last = Some(url.clone());
        }
        Ok(url)
    }
}

/// What stands in `text` behind the scheme, host and port of `last`, if it is a path.
fn path_behind<'t>(last: &Url, text: &'t str) -> Option<&'t str> {
    let path = text.strip_prefix(&last[..Position::BeforePath])?;
    // In a URL that stands alone, two slashes behind the host are a path; by themselves they are
    // another host. A backslash counts as a slash, and white space is skipped.
    match path.as_bytes() {
        [b'/', b'/' | b'\\' | b'\t' | b'\n' | b'\r', ..] => None,
        [b'/', ..] => Some(path),
        _ => None,
    }
}

/// Text that is no URL as it may be shown. Where user and password end is a guess in such
/// text, so everything up to the last `@` is taken for them.
fn without_userinfo(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else {
        return text.to_string();
    };
    let scheme = before.find("//").map_or("", |at| &before[..at + 2]);
    format!("{scheme}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_known_origin_is_parsed_as_if_it_stood_in_a_whole_url() {
        let origins = [
            "http://a.example",
            "http://a.example:8080",
            "https://127.0.0.1",
            "https://[::1]:8443",
            "http://a",
            "http://a.example.",
            "http://xn--bcher-kva.example",
            "mailto:",
            "file://",
        ];
        let pieces = [
            "", "/", "//", "\\", "\t", "\n", "\r", " ", "?", "#", ":", ":80", "@", ".", "..",
            "%2e", "b", ".example", "x y", "ü", "\u{1}", "&", "'",
        ];
        for known in [
            "http://a.example",
            "https://127.0.0.1",
            "mailto:x",
            "file:///x",
        ] {
            let last = LastUrl::default();
            for origin in origins {
                for (first, second) in pieces.iter().flat_map(|one| pieces.map(|two| (one, two))) {
                    last.parse(known).unwrap();
                    let text = format!("{origin}{first}{second}/b");
                    assert_eq!(last.parse(&text), Url::parse(&text), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_url_with_a_password_is_not_kept() {
        let last = LastUrl::default();
        last.parse("http://me:secret@a.example/").unwrap();
        assert_eq!(last.0.take(), None);
    }

    #[test]
    fn what_is_no_url_changes_nothing() {
        let last = LastUrl::default();
        let url = last.parse("http://a.example/x").unwrap();
        assert_eq!(
            last.parse("http://a.example:99999/"),
            Err(url::ParseError::InvalidPort)
        );
        last.parse("http://a.example/y").unwrap();
        assert_eq!(last.0.take(), Some(url));
    }
}
