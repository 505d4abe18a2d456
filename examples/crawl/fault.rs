//! What is wrong with a page.

use looplet_http::Error;

/// Why a page is no article. It concerns that page alone; the crawl goes on.
pub(crate) struct Fault {
    /// The row of the report that it belongs to.
    pub(crate) kind: String,
    /// What to say about it.
    pub(crate) text: String,
    /// Whether it may be gone another time.
    pub(crate) is_passing: bool,
}

impl Fault {
    /// A fault that stays.
    pub(crate) fn lasting(kind: &str) -> Self {
        Self {
            kind: kind.to_string(),
            text: kind.to_string(),
            is_passing: false,
        }
    }

    /// A fault that has to do with the moment.
    pub(crate) fn passing(kind: &str) -> Self {
        Self {
            is_passing: true,
            ..Self::lasting(kind)
        }
    }
}

/// What went wrong on the way.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self {
            kind: kind_of(&error),
            text: error.to_string(),
            is_passing: is_passing(&error),
        }
    }
}

fn is_passing(error: &Error) -> bool {
    match error {
        Error::Status { code, .. } => matches!(code, 408 | 429 | 500..),
        Error::Timeout { .. }
        | Error::Resolve { .. }
        | Error::Connect { .. }
        | Error::Io { .. }
        | Error::TooSlow { .. }
        | Error::EmptyReply
        | Error::HeadTruncated { .. }
        | Error::BodyTruncated { .. }
        | Error::ChunkedTruncated { .. } => true,
        _ => false,
    }
}

fn kind_of(error: &Error) -> String {
    match error {
        Error::Status { code, .. } => {
            let reason = looplet_http::StatusCode::new(*code).and_then(|s| s.canonical_reason());
            format!("{code} {}", reason.unwrap_or("(no such status)"))
        }
        Error::Timeout { phase, .. } => format!("timeout ({phase:?})"),
        Error::Resolve { .. } => "name not found".to_string(),
        Error::Connect { .. } => "cannot connect".to_string(),
        Error::Io { kind, .. } => format!("connection: {kind}"),
        Error::EmptyReply => "no answer".to_string(),
        Error::BodyTruncated { .. } | Error::ChunkedTruncated { .. } => "body cut off".to_string(),
        Error::BodyTooLarge { .. } => "page too large".to_string(),
        Error::HeadTooLarge { .. } | Error::TooManyHeaders { .. } => "head too large".to_string(),
        Error::BadRedirect { .. } => "bad redirect".to_string(),
        Error::UnsupportedScheme { scheme } => format!("{scheme} not supported"),
        _ => "not proper HTTP".to_string(),
    }
}
