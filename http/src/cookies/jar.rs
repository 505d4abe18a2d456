//! The jar: cookies in the order of their creation.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use url::Url;

use super::cookie::Cookie;
use super::rules::{hides, is_trusted};
use super::set_cookie::{canonical, read};
use crate::error::{Error, Excerpt};
use crate::message::Fields;

/// `Set-Cookie` lines of a response that are looked at, as in curl.
const LINES: usize = 50;
/// Cookies of one host or domain, as in browsers.
const COOKIES_OF_DOMAIN: usize = 180;
/// Cookies of a jar.
const COOKIES: usize = 3300;
/// Cookies that are sent with one request, as in curl.
const SENT_COOKIES: usize = 150;
/// Bytes that are sent of them, as in curl.
const SENT_BYTES: usize = 8190;

/// A jar of cookies for the sessions of a thread.
///
/// Clones stand for the same jar. A session that has one in its
/// [`SessionConfig::cookies`](crate::SessionConfig::cookies) puts into it what servers set, and
/// sends what is in it. The aiohttp counterpart is `CookieJar(unsafe=True)`: addresses can have
/// cookies.
///
/// ```
/// use looplet_http::cookies::CookieJar;
/// use looplet_http::{Session, SessionConfig};
/// use url::Url;
///
/// let jar = CookieJar::new();
/// let url = Url::parse("https://www.a.example/dir/page").unwrap();
/// jar.set(&url, "id=7; Domain=a.example; Path=/; Max-Age=3600")?;
/// let sent = jar.cookies_for(&Url::parse("http://a.example/").unwrap());
/// assert_eq!((sent[0].name(), sent[0].value()), ("id", "7"));
///
/// let config = SessionConfig { cookies: Some(jar.clone()), ..SessionConfig::default() };
/// let session = Session::with(config);
/// # drop(session);
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CookieJar {
    /// The cookies, the first created first. No two are versions of the same.
    cookies: Rc<RefCell<Vec<Cookie>>>,
}

impl CookieJar {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a cookie as if `url` had sent this `Set-Cookie`. One that is expired removes the
    /// one whose version it is.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCookie`] with the rule that it breaks.
    pub fn set(&self, url: &Url, set_cookie: &str) -> Result<(), Error> {
        self.try_set(url, set_cookie.as_bytes())
            .map_err(|reason| Error::InvalidCookie {
                name: Excerpt::start_of(name_in(set_cookie).as_bytes()),
                reason,
            })
    }

    /// The cookies in the order of their creation, without those that are expired.
    pub fn cookies(&self) -> Vec<Cookie> {
        self.forget_expired();
        self.cookies.borrow().clone()
    }

    /// The cookies that would be sent to a URL, in the order in which they would be: those with
    /// longer paths first, and else the older ones first (RFC 6265, section 5.4). There are at
    /// most 150, and with their names and separators at most 8190 bytes.
    pub fn cookies_for(&self, url: &Url) -> Vec<Cookie> {
        let url = canonical(url);
        let cookies = self.cookies.borrow();
        let matching = cookies.iter().filter(|cookie| cookie.matches(&url));
        let mut matching: Vec<&Cookie> = matching.filter(|cookie| !cookie.is_expired()).collect();
        matching.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().len()));
        let mut bytes = 0;
        let fits = matching
            .into_iter()
            .take(SENT_COOKIES)
            .take_while(|cookie| {
                bytes += cookie.name().len() + cookie.value().len() + "=; ".len();
                bytes <= SENT_BYTES + "; ".len()
            });
        fits.cloned().collect()
    }

    /// The number of cookies, without those that are expired.
    pub fn len(&self) -> usize {
        self.forget_expired();
        self.cookies.borrow().len()
    }

    /// Whether there is no cookie.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all cookies.
    pub fn clear(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// Removes the cookie with this name, domain and path, if there is one, and says whether.
    pub fn remove(&self, cookie: &Cookie) -> bool {
        let mut cookies = self.cookies.borrow_mut();
        let before = cookies.len();
        cookies.retain(|kept| !kept.is_same_as(cookie));
        cookies.len() < before
    }

    /// The value of the header `Cookie` for a URL; `None` if there is nothing to send.
    pub(crate) fn header(&self, url: &Url) -> Option<String> {
        let cookies = self.cookies_for(url);
        let pairs = cookies.iter();
        let pairs = pairs.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what a server sent, as far as the rules allow.
    pub(crate) fn store(&self, url: &Url, fields: &Fields) {
        for line in fields.get_all("set-cookie").take(LINES) {
            // A cookie that is refused is no reason to refuse the response.
            let _ = self.try_set(url, line);
        }
    }

    fn try_set(&self, url: &Url, line: &[u8]) -> Result<(), &'static str> {
        let url = canonical(url);
        let cookie = read(line, &url)?;
        if !cookie.is_secure() && !is_trusted(&url) {
            let cookies = self.cookies.borrow();
            let mut secure = cookies.iter().filter(|old| old.is_secure());
            if secure.any(|old| hides(&cookie, old)) {
                return Err("it would hide a secure one, and came over a plain connection");
            }
        }
        self.put(cookie);
        Ok(())
    }

    /// Puts a cookie in the place of its earlier version, or behind all others.
    pub(super) fn put(&self, cookie: Cookie) {
        let mut cookies = self.cookies.borrow_mut();
        let earlier = cookies.iter().position(|old| old.is_same_as(&cookie));
        match earlier {
            Some(index) if cookie.is_expired() => drop(cookies.remove(index)),
            Some(index) => cookies[index] = cookie,
            None if cookie.is_expired() => {}
            None => {
                make_room(&mut cookies, cookie.domain());
                cookies.push(cookie);
            }
        }
    }

    fn forget_expired(&self) {
        self.cookies
            .borrow_mut()
            .retain(|cookie| !cookie.is_expired());
    }
}

/// Removes what is too much if one more comes for a domain: what is expired, and else the oldest
/// that is not secure, and else the oldest.
fn make_room(cookies: &mut Vec<Cookie>, domain: &str) {
    let of_domain = |cookie: &Cookie| cookie.domain() == domain;
    let count = cookies.iter().filter(|cookie| of_domain(cookie)).count();
    if count < COOKIES_OF_DOMAIN && cookies.len() < COOKIES {
        return;
    }
    cookies.retain(|cookie| !cookie.is_expired());
    let count = cookies.iter().filter(|cookie| of_domain(cookie)).count();
    if count >= COOKIES_OF_DOMAIN {
        remove_oldest(cookies, of_domain);
    } else if cookies.len() >= COOKIES {
        remove_oldest(cookies, |_| true);
    }
}

fn remove_oldest(cookies: &mut Vec<Cookie>, among: impl Fn(&Cookie) -> bool) {
    let plain = |cookie: &Cookie| among(cookie) && !cookie.is_secure();
    let oldest = cookies.iter().position(plain);
    let oldest = oldest.or_else(|| cookies.iter().position(&among));
    if let Some(index) = oldest {
        cookies.remove(index);
    }
}

/// The name in a line that is refused, without its value.
fn name_in(line: &str) -> &str {
    let end = line.find(['=', ';']).unwrap_or(line.len());
    line[..end].trim()
}

impl fmt::Debug for CookieJar {
    /// Shows how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieJar")
            .field("cookies", &self.cookies.borrow().len())
            .finish()
    }
}
