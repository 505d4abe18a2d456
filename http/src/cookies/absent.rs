//! Stands for the jar where cookies are not compiled in: there is none.

use url::Url;

use crate::message::Fields;

/// Without the feature `cookies` there is no jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieJar {}

impl CookieJar {
    /// What to send.
    pub(crate) fn header(&self, _url: &Url) -> Option<String> {
        match *self {}
    }

    /// Keeps what a server sent.
    pub(crate) fn store(&self, _url: &Url, _fields: &Fields) {
        match *self {}
    }
}
