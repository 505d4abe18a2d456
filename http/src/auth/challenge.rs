//! What a server or a proxy wants: the values of `WWW-Authenticate` and `Proxy-Authenticate`.
//!
//! ```text
//! challenges = [ challenge *( OWS "," OWS challenge ) ]            RFC 9110, section 11.6.1
//! challenge  = scheme [ 1*SP ( token68 / [ parameter *( OWS "," OWS parameter ) ] ) ]
//! parameter  = token BWS "=" BWS ( token / quoted-string )         section 11.2
//! token68    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
//! ```
//!
//! The comma separates both challenges and parameters. A name with a `=` behind it is a
//! parameter of the challenge before it, and one without begins a challenge.
//!
//! # Rules
//!
//! 1. Members of a list may be empty (section 5.6.1).
//! 2. Of a parameter that is given twice, the last counts, as in curl.
//! 3. Names are compared without regard to case.

use std::fmt;

use crate::error::{Error, Excerpt};
use crate::message::syntax::{is_ows, is_token_byte, is_value_byte};

/// One way to authenticate that a server or a proxy offers.
///
/// ```
/// use looplet_http::auth::Challenge;
///
/// let offered = Challenge::parse(br#"Negotiate, Digest realm="a \"b\"", nonce=1, Basic realm=x"#)?;
/// let schemes: Vec<&str> = offered.iter().map(Challenge::scheme).collect();
/// assert_eq!(schemes, ["Negotiate", "Digest", "Basic"]);
/// assert_eq!(offered[1].parameter("REALM"), Some(&br#"a "b""#[..]));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token68: Option<String>,
    /// Names and values, without quotes and escapes, in order.
    parameters: Vec<(String, Vec<u8>)>,
}

impl Challenge {
    /// Reads the value of one field.
    ///
    /// # Errors
    ///
    /// [`Error::BadChallenge`] with the place of the fault.
    pub fn parse(value: &[u8]) -> Result<Vec<Self>, Error> {
        let mut reader = Reader { value, at: 0 };
        let mut challenges: Vec<Challenge> = Vec::new();
        while reader.skip_commas() {
            let name = reader.token("a scheme or the name of a parameter is expected")?;
            match challenges.last_mut() {
                _ if !reader.is_at_equals() => challenges.push(reader.challenge(name)?),
                Some(challenge) if challenge.token68.is_none() => {
                    let value = reader.value_of_parameter()?;
                    challenge.parameters.push((name, value));
                }
                _ => return Err(reader.error("a parameter has no scheme before it")),
            }
            reader.expect_comma()?;
        }
        Ok(challenges)
    }

    /// The name of the scheme as it was sent.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether this is the name of the scheme.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// What some schemes have in place of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    /// The value of a parameter, without quotes and escapes; the last if there are several.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let mut parameters = self.parameters.iter().rev();
        let found = parameters.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &value[..])
    }

    /// All parameters in order: name as received, value without quotes and escapes.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let parameters = self.parameters.iter();
        parameters.map(|(name, value)| (name.as_str(), &value[..]))
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scheme)?;
        if let Some(token) = &self.token68 {
            write!(f, " {token}")?;
        }
        for (name, value) in &self.parameters {
            write!(f, " {name}={}", Excerpt::start_of(value))?;
        }
        Ok(())
    }
}

/// A value, and how far it was read.
struct Reader<'v> {
    value: &'v [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self, reason: &'static str) -> Error {
        let challenge = Excerpt::around(self.value, self.at);
        Error::BadChallenge { challenge, reason }
    }

    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        self.take_while(is_ows);
    }

    /// Goes to the next member of the list. `false` if there is none.
    fn skip_commas(&mut self) -> bool {
        self.take_while(|byte| is_ows(byte) || byte == b',');
        self.peek().is_some()
    }

    fn expect_comma(&mut self) -> Result<(), Error> {
        self.skip_space();
        match self.peek() {
            None | Some(b',') => Ok(()),
            Some(_) => Err(self.error("a comma is expected")),
        }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &[u8] {
        let rest = &self.value[self.at..];
        let count = rest.iter().position(|&byte| !wanted(byte));
        let taken = &rest[..count.unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn token(&mut self, expected: &'static str) -> Result<String, Error> {
        match self.take_while(is_token_byte) {
            [] => Err(self.error(expected)),
            token => Ok(text(token)),
        }
    }

    /// Whether a parameter goes on here.
    fn is_at_equals(&self) -> bool {
        let mut rest = self.value[self.at..].iter();
        rest.find(|byte| !is_ows(**byte)) == Some(&b'=')
    }

    /// Reads what comes right behind a scheme: a token68, one parameter, or nothing.
    fn challenge(&mut self, scheme: String) -> Result<Challenge, Error> {
        if !matches!(self.peek(), None | Some(b',' | b' ' | b'\t')) {
            return Err(self.error("this cannot stand behind a scheme"));
        }
        let token68 = self.token68();
        let mut parameters = Vec::new();
        self.skip_space();
        if token68.is_none() && !matches!(self.peek(), None | Some(b',')) {
            let name = self.token("the name of a parameter is expected")?;
            parameters.push((name, self.value_of_parameter()?));
        }
        Ok(Challenge {
            scheme,
            token68,
            parameters,
        })
    }

    /// Reads a token68, if what comes next is one and nothing else.
    fn token68(&mut self) -> Option<String> {
        let start = self.at;
        self.skip_space();
        let is_own = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let mut token = self.take_while(is_own).to_vec();
        let is_empty = token.is_empty();
        token.extend(self.take_while(|byte| byte == b'='));
        let after = self.at;
        self.skip_space();
        match self.peek() {
            None | Some(b',') if !is_empty && after > start => {
                self.at = after;
                Some(text(&token))
            }
            _ => {
                self.at = start;
                None
            }
        }
    }

    /// Reads a `=` and the value behind it.
    fn value_of_parameter(&mut self) -> Result<Vec<u8>, Error> {
        self.skip_space();
        if self.peek() != Some(b'=') {
            return Err(self.error("a parameter has no value"));
        }
        self.at += 1;
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.quoted(),
            _ => Ok(self.token("a value is expected")?.into_bytes()),
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, Error> {
        let opened = self.at;
        let mut value = Vec::new();
        loop {
            self.at += 1;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 1,
                _ => {}
            }
            match self.peek() {
                Some(byte) if is_value_byte(byte) => value.push(byte),
                Some(_) => return Err(self.error("a control byte")),
                None => {
                    self.at = opened;
                    return Err(self.error("a quote is not closed"));
                }
            }
        }
        self.at += 1;
        Ok(value)
    }
}

/// Tokens are ASCII.
fn text(token: &[u8]) -> String {
    String::from_utf8_lossy(token).into_owned()
}
