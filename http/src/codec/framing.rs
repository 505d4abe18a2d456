//! Decides where the body of a response ends.
//!
//! Two parties that disagree about this read each other's bodies as heads; most attacks on
//! HTTP/1.1 are such a disagreement. RFC 9112, section 6.3 therefore gives rules *in an
//! order*, and the code below follows it. In our words, for the receiver of a response:
//!
//! 1. No body, whatever the header says: answers to HEAD, and 1xx, 204, 304.
//! 2. No body, but a tunnel: 2xx to CONNECT.
//! 3. `Transfer-Encoding` and `Content-Length` together: the former decides, and something
//!    is foul. We read the chunks and never use the connection again; [`Tolerance`] can make
//!    an error of it.
//! 4. `Transfer-Encoding` alone: chunked must be the last coding. Anything but exactly
//!    one `chunked` is an error for us, unless the request has offered to take other codings
//!    off (in `TE`): those may stand before it, and without it the connection ends the body.
//!    The RFC would let us read an unknown coding to the end of the connection.
//! 5. An invalid `Content-Length` is an error, several different ones included. The same
//!    value several times counts once.
//! 6. A valid `Content-Length` is the length.
//! 7. (Irrelevant here: it is about requests.)
//! 8. Otherwise the body ends with the connection.
//!
//! # Whether the connection persists (section 9.3)
//!
//! `Connection: close` ends it. Without, HTTP/1.1 persists, and HTTP/1.0 only with
//! `Connection: keep-alive`. Rules 2, 3 and 8, and chunks in HTTP/1.0, end it in any case.
//!
//! [`Tolerance`]: super::Tolerance

use super::encode::Expected;
use super::limits::Limits;
use crate::error::{Error, Excerpt};
use crate::message::syntax::list_members;
use crate::message::{Method, ResponseHead, StatusCode, Version};

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// The body has this many bytes.
    Length(u64),
    /// The body is in the chunked coding.
    Chunked,
    /// The body ends with the connection.
    UntilClose,
}

/// What [`body_framing`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPlan {
    /// How the end of the body is found.
    pub framing: Framing,
    /// Whether the connection may carry another exchange after this one, as far as the
    /// head can tell.
    pub persistent: bool,
}

/// Decides how to read the body that follows a head, by the rules of the module.
///
/// # Errors
///
/// [`Error::BadTransferEncoding`], [`Error::BadContentLength`], [`Error::ConflictingFraming`].
pub fn body_framing(
    expected: &Expected,
    head: &ResponseHead,
    limits: &Limits,
) -> Result<BodyPlan, Error> {
    let persistent = may_persist(head);
    let (method, status) = (&expected.method, head.status());

    // Rule 1.
    let never_a_body = status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    if *method == Method::HEAD || never_a_body {
        return Ok(BodyPlan {
            framing: Framing::Empty,
            persistent,
        });
    }
    // Rule 2.
    if *method == Method::CONNECT && status.is_success() {
        return Ok(BodyPlan {
            framing: Framing::Empty,
            persistent: false,
        });
    }
    // Rules 3 and 4.
    let is_coded = head.header(TRANSFER_ENCODING).is_some();
    let length_beside_coding = is_coded && head.header(CONTENT_LENGTH).is_some();
    if length_beside_coding && !limits.tolerance.length_beside_coding {
        return Err(Error::ConflictingFraming);
    }
    let coded = match is_coded {
        true => transfer_framing(expected, head, limits)?,
        false => None,
    };
    if let Some(framing) = coded {
        let sound = !length_beside_coding && head.version() == Version::Http11;
        return Ok(BodyPlan {
            framing,
            persistent: persistent && sound && framing == Framing::Chunked,
        });
    }
    // Rules 5 and 6.
    if let Some(length) = content_length(head)? {
        return Ok(BodyPlan {
            framing: Framing::Length(length),
            persistent: persistent && !is_coded,
        });
    }
    // Rule 8.
    Ok(BodyPlan {
        framing: Framing::UntilClose,
        persistent: false,
    })
}

/// The names of the framing headers.
const TRANSFER_ENCODING: &str = "transfer-encoding";
const CONTENT_LENGTH: &str = "content-length";

/// What `Connection` and the version say about the connection.
fn may_persist(head: &ResponseHead) -> bool {
    let mut keep_alive = head.version() == Version::Http11;
    for value in head.headers_all("connection") {
        for option in list_members(value) {
            if option.eq_ignore_ascii_case(b"close") {
                return false;
            }
            keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
    keep_alive
}

/// What `Transfer-Encoding`, which is there, makes of the body, if it says anything. Empty list
/// members are skipped (RFC 9110, section 5.6.1.2).
fn transfer_framing(
    expected: &Expected,
    head: &ResponseHead,
    limits: &Limits,
) -> Result<Option<Framing>, Error> {
    let members = head.headers_all(TRANSFER_ENCODING).flat_map(list_members);
    let mut codings: Vec<&[u8]> = members.filter(|coding| !coding.is_empty()).collect();
    if limits.tolerance.redundant_codings {
        codings.retain(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        codings.dedup_by(|next, coding| is_chunked(next) && is_chunked(coding));
        if codings.is_empty() {
            return Ok(None);
        }
    }
    let (framing, others) = match &codings[..] {
        [others @ .., last] if is_chunked(last) => (Framing::Chunked, others),
        others => (Framing::UntilClose, others),
    };
    let is_sound = !codings.is_empty()
        && others.len() <= limits.codings
        && others.iter().all(|coding| expected.offers(coding));
    match is_sound {
        true => Ok(Some(framing)),
        false => Err(Error::BadTransferEncoding {
            value: all_values(head, TRANSFER_ENCODING),
        }),
    }
}

fn is_chunked(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"chunked")
}

/// The one length that all the fields agree on.
fn content_length(head: &ResponseHead) -> Result<Option<u64>, Error> {
    let mut agreed = None;
    for value in head.headers_all(CONTENT_LENGTH) {
        for member in list_members(value) {
            let length = parse_length(member);
            if length.is_none() || (agreed.is_some() && agreed != length) {
                return Err(Error::BadContentLength {
                    value: all_values(head, CONTENT_LENGTH),
                });
            }
            agreed = length;
        }
    }
    Ok(agreed)
}

/// Reads `1*DIGIT` below 2^63. Neither a sign nor white space nor another script's digits.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut length: u64 = 0;
    for &digit in digits {
        let value = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        length = length.checked_mul(10)?.checked_add(value)?;
    }
    (length < 1 << 63).then_some(length)
}

/// All values of a name for an error message.
fn all_values(head: &ResponseHead, name: &str) -> Excerpt {
    let values: Vec<&[u8]> = head.headers_all(name).collect();
    Excerpt::start_of(&values.join(&b", "[..]))
}
