//! What a program may give where a URL is wanted.

use url::Url;

use crate::error::Error;
use crate::message::host_of;

/// Something that is a URL, or text that should be one.
pub trait IntoUrl {
    /// Returns the URL.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUrl`] or [`Error::UnsupportedScheme`].
    fn into_url(self) -> Result<Url, Error>;
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
        let invalid = |error: url::ParseError| Error::InvalidUrl {
            url: without_userinfo(self),
            reason: error.to_string(),
        };
        Url::parse(self).map_err(invalid)?.into_url()
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
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
