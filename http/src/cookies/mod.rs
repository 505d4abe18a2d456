//! Cookies: what servers ask a client to remember, and what it sends back (RFC 6265bis).
//!
//! The crate `cookie_store` reads a `Set-Cookie` line, and says whether a cookie matches a URL
//! and whether it is expired. Its store is not used: it forgets the order of creation, takes a
//! cookie of a host and one of its domain for the same, and keeps what has expired. So a
//! [`CookieJar`] is a list in order of creation here, and `set_cookie` and `rules` stand in front
//! of the crate with what it lets through.
//!
//! # Rules
//!
//! 1. A cookie without a domain is for one host only, and stays so in every file.
//! 2. A domain with one label is refused, but for `localhost`. The feature `psl` refuses those
//!    of the public suffix list, too, such as `co.uk`.
//! 3. What came over a plain connection is not secure, and replaces and hides nothing that is.
//!    Loopback counts as secure, as in browsers and curl.
//! 4. There is a limit on everything; the numbers stand where they are checked. What is too
//!    large or malformed is not kept, and the response is as good as without it.
//! 5. A cookie that came later from the same place takes the place of the earlier one in the
//!    order, too.
//!
//! `SameSite` and `Partitioned` are ignored, since there are no sites here that embed others.
//! The lifetime is not capped. Without the feature `cookies`, [`CookieJar`] is a type of which
//! there is no value, so that nothing else asks which features there are.

mod pair;
#[cfg(feature = "cookies")]
mod date;
#[cfg(feature = "cookies")]
mod cookie;
#[cfg(feature = "psl")]
mod suffix_list;
#[cfg(all(feature = "cookies", not(feature = "psl")))]
mod no_suffix_list;
#[cfg(feature = "cookies")]
mod rules;
#[cfg(feature = "cookies")]
mod set_cookie;
#[cfg(feature = "cookies")]
mod jar;
#[cfg(feature = "cookies")]
mod file;
#[cfg(feature = "cookies")]
mod netscape;
#[cfg(all(feature = "cookies", feature = "json"))]
mod json_lines;
#[cfg(not(feature = "cookies"))]
mod absent;
mod sending;

#[cfg(not(feature = "cookies"))]
use self::absent as jar;
#[cfg(all(feature = "cookies", not(feature = "psl")))]
use self::no_suffix_list as suffix_list;

#[cfg(feature = "cookies")]
pub use cookie::Cookie;
pub use jar::CookieJar;
pub(crate) use pair::append_pair;
pub(crate) use sending::{keep_cookies, with_cookies};
