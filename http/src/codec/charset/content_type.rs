//! What `Content-Type` says about a text (RFC 9110, section 8.3.1).

use crate::message::syntax::trim_ows;

/// The value of the first parameter `charset`, without quotes.
pub(super) fn charset_of(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        let is_charset = trim_ows(name.as_bytes()).eq_ignore_ascii_case(b"charset");
        is_charset.then(|| value.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_found_in_every_spelling() {
        for (content_type, expected) in [
            ("text/html", None),
            ("text/html; charset", None),
            ("charset=gbk", None),
            ("text/html;charset=GBK", Some("gbk")),
            ("text/html; CHARSET = \"utf-8\" ; x=y", Some("utf-8")),
            ("text/html; x-charset=a; charset=b; charset=c", Some("b")),
        ] {
            assert_eq!(
                charset_of(content_type).as_deref(),
                expected,
                "{content_type}"
            );
        }
    }
}
