//! A form in the shape in which it is sent: `multipart/form-data` (RFC 7578).
//!
//! The library has one, too ([`Multipart`](looplet_http::Multipart)). This one has what curl's
//! has beyond that: parts in parts, headers of parts, boundaries in curl's form.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::form::{Content, FormPart};
use super::media_type;
use super::source::Segment;

/// A form in the shape in which it is sent.
pub(crate) struct Encoded {
    pub(crate) boundary: String,
    pub(crate) segments: Vec<Segment>,
}

/// How names are made safe.
#[derive(Clone, Copy)]
pub(crate) enum Escape {
    /// `"` becomes `%22`, as in browsers.
    Percent,
    /// `"` becomes `\"`.
    Backslash,
}

/// Puts a form together. Files are not read yet.
pub(crate) fn encode(form: &[FormPart], escape: Escape) -> Encoded {
    let mut encoded = Encoded {
        boundary: boundary(),
        segments: Vec::new(),
    };
    for part in form {
        encoded.push(part, "form-data", escape);
    }
    encoded.push_text(&format!("--{}--\r\n", encoded.boundary.clone()));
    encoded
}

impl Encoded {
    fn push_text(&mut self, text: &str) {
        match self.segments.last_mut() {
            Some(Segment::Bytes(bytes)) => bytes.extend_from_slice(text.as_bytes()),
            _ => self.segments.push(Segment::Bytes(text.as_bytes().to_vec())),
        }
    }

    fn push(&mut self, part: &FormPart, disposition: &str, escape: Escape) {
        let mut head = format!("--{}\r\nContent-Disposition: {disposition}", self.boundary);
        let names = [("name", &part.name), ("filename", &part.file_name)];
        for (key, name) in names {
            if let Some(name) = name {
                head += &format!("; {key}=\"{}\"", escaped(name, escape));
            }
        }
        let nested = match &part.content {
            Content::Parts(_) => Some(boundary()),
            _ => None,
        };
        if let Some(media_type) = part.announced_type(nested.as_deref()) {
            head += &format!("\r\nContent-Type: {media_type}");
        }
        for line in &part.headers {
            head += &format!("\r\n{line}");
        }
        self.push_text(&format!("{head}\r\n\r\n"));
        match (&part.content, nested) {
            (Content::Parts(parts), Some(nested)) => {
                let outer = std::mem::replace(&mut self.boundary, nested);
                parts
                    .iter()
                    .for_each(|part| self.push(part, "attachment", escape));
                self.push_text(&format!("--{}--\r\n", self.boundary.clone()));
                self.boundary = outer;
            }
            (Content::File(path), _) => self.segments.push(Segment::file(path)),
            (Content::Bytes(bytes), _) => match self.segments.last_mut() {
                Some(Segment::Bytes(before)) => before.extend_from_slice(bytes),
                _ => self.segments.push(Segment::Bytes(bytes.clone())),
            },
            (Content::Parts(_), None) => unreachable!("parts have a boundary"),
        }
        self.push_text("\r\n");
    }
}

impl FormPart {
    fn announced_type(&self, nested: Option<&str>) -> Option<String> {
        if let Some(boundary) = nested {
            let media_type = self.media_type.as_deref().unwrap_or("multipart/mixed");
            return Some(format!("{media_type}; boundary={boundary}"));
        }
        if self.media_type.is_some() {
            return self.media_type.clone();
        }
        let path = match &self.content {
            Content::File(path) => Some(path.as_str()),
            _ => None,
        };
        let mut names = [self.file_name.as_deref(), path].into_iter().flatten();
        let known = names.find_map(media_type::of_name);
        let is_file = self.file_name.is_some();
        known
            .or(is_file.then_some("application/octet-stream"))
            .map(str::to_string)
    }
}

fn escaped(name: &str, escape: Escape) -> String {
    match escape {
        Escape::Percent => name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A"),
        Escape::Backslash => name.replace('\\', "\\\\").replace('"', "\\\""),
    }
}

/// curl's form: dashes, and 22 letters and digits that nobody can foresee.
fn boundary() -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut boundary = "-".repeat(24);
    for _ in 0..22 {
        let random = RandomState::new().build_hasher().finish();
        let letter = LETTERS[(random % LETTERS.len() as u64) as usize];
        boundary.push(char::from(letter));
    }
    boundary
}

#[cfg(test)]
mod tests {
    use super::super::form::add;
    use super::*;

    /// What is sent for some `-F`, with `B` for the boundary.
    fn sent(forms: &[&str]) -> String {
        let mut form = Vec::new();
        for text in forms {
            add(&mut form, text).expect("a valid part");
        }
        let encoded = encode(&form, Escape::Percent);
        let text = encoded.segments.iter().map(|segment| match segment {
            Segment::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Segment::File { path, .. } => format!("<{path}>"),
            Segment::Stdin => "<stdin>".to_string(),
        });
        text.collect::<String>()
            .replace(&encoded.boundary, "B")
            .replace("\r\n", "|")
    }

    #[test]
    fn texts_have_names_and_may_have_types() {
        assert_eq!(
            sent(&["a=b", "c= <x>;type=text/html;charset=u"]),
            "--B|Content-Disposition: form-data; name=\"a\"||b|--B|Content-Disposition: form-data; \
             name=\"c\"|Content-Type: text/html;charset=u||<x>|--B--|"
        );
    }

    #[test]
    fn files_have_names_and_types_by_their_names() {
        assert_eq!(
            sent(&["f=@dir/x.txt", "g=@y;filename=\"z;,\\\".q\";type=m/n"]),
            "--B|Content-Disposition: form-data; name=\"f\"; filename=\"x.txt\"|Content-Type: \
             text/plain||<dir/x.txt>|--B|Content-Disposition: form-data; name=\"g\"; \
             filename=\"z;,%22.q\"|Content-Type: m/n||<y>|--B--|"
        );
    }

    #[test]
    fn several_files_are_parts_of_a_part() {
        let sent = sent(&["f=@a.txt,b.gif"]);
        assert!(
            sent.contains("name=\"f\"|Content-Type: multipart/mixed; boundary="),
            "{sent}"
        );
        assert!(sent.contains("attachment; filename=\"b.gif\"|Content-Type: image/gif||<b.gif>|"));
    }

    #[test]
    fn parts_of_a_part_are_opened_and_closed() {
        let sent = sent(&["p=(;type=multipart/alternative", "=x", "=)", "a=b"]);
        assert!(sent.contains("name=\"p\"|Content-Type: multipart/alternative; boundary="));
        assert!(
            sent.ends_with("|--B|Content-Disposition: form-data; name=\"a\"||b|--B--|"),
            "{sent}"
        );
    }

    #[test]
    fn no_name_is_a_name_too() {
        assert_eq!(sent(&["="]), "--B|Content-Disposition: form-data|||--B--|");
    }
}
