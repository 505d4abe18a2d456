//! `-F`: a form with texts and files, as `multipart/form-data`.
//!
//! The grammar is curl's: `name=text`, `name=<file` (a text in a file), `name=@file`,
//! `name=@one,two`, `name=(` and `=)` around parts of a part; behind any of them
//! `;type=`, `;filename=` and `;headers=`. What is between quotes may hold `,` and `;`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use super::media_type;
use super::source::Segment;
use crate::failure::Failure;
use crate::options::value::read_file;

/// A part of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormPart {
    /// Absent in a part of a part, or if none was given.
    name: Option<String>,
    content: Content,
    file_name: Option<String>,
    media_type: Option<String>,
    /// Further lines for the head of the part.
    headers: Vec<String>,
    /// Whether a `=)` is still to come.
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Bytes(Vec<u8>),
    File(String),
    Parts(Vec<FormPart>),
}

impl Default for Content {
    fn default() -> Self {
        Content::Bytes(Vec::new())
    }
}

/// Adds what `-F` says.
pub(crate) fn add(form: &mut Vec<FormPart>, text: &str) -> Result<(), Failure> {
    let (name, content) = split(text)?;
    let innermost = innermost(form);
    let mut reader = Reader { rest: content };
    if content.trim_end() == ")" && name.is_none() {
        return close(form);
    }
    let part = if let Some(rest) = content.strip_prefix('(') {
        reader.rest = rest;
        let mut part = reader.part(Delimiter::Nothing)?;
        part.content = Content::Parts(Vec::new());
        part.is_open = true;
        part
    } else if let Some(rest) = content.strip_prefix('@') {
        reader.rest = rest;
        reader.files()?
    } else if let Some(rest) = content.strip_prefix('<') {
        reader.rest = rest;
        let mut part = reader.part(Delimiter::Nothing)?;
        part.content = Content::Bytes(read_file(&part.text())?);
        part
    } else {
        reader.part(Delimiter::Nothing)?
    };
    innermost.push(FormPart { name, ..part });
    Ok(())
}

/// Adds what `--form-string` says: a text in which nothing has a meaning.
pub(crate) fn add_text(form: &mut Vec<FormPart>, text: &str) -> Result<(), Failure> {
    let (name, content) = split(text)?;
    let content = Content::Bytes(content.as_bytes().to_vec());
    innermost(form).push(FormPart {
        name,
        content,
        ..FormPart::default()
    });
    Ok(())
}

fn split(text: &str) -> Result<(Option<String>, &str), Failure> {
    let Some((name, content)) = text.split_once('=') else {
        return Err(Failure::usage(format!(
            "option -F: expected name=content: {text:?}"
        )));
    };
    Ok(((!name.is_empty()).then(|| name.to_string()), content))
}

/// Where the next part goes.
fn innermost(form: &mut Vec<FormPart>) -> &mut Vec<FormPart> {
    let is_open = form.last().is_some_and(|part| part.is_open);
    if !is_open {
        return form;
    }
    match form.last_mut().map(|part| &mut part.content) {
        Some(Content::Parts(parts)) => innermost(parts),
        _ => unreachable!("what is open has parts"),
    }
}

/// Ends the innermost part that is open.
fn close(form: &mut [FormPart]) -> Result<(), Failure> {
    let Some(last) = form.last_mut().filter(|part| part.is_open) else {
        return Err(Failure::usage("option -F: nothing to close by =)"));
    };
    match &mut last.content {
        Content::Parts(parts) if parts.last().is_some_and(|part| part.is_open) => close(parts),
        _ => {
            last.is_open = false;
            Ok(())
        }
    }
}

/// What ends a word, beside `;`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Nothing,
    Comma,
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// One file, or several, which are parts of a part then.
    fn files(&mut self) -> Result<FormPart, Failure> {
        let mut files = Vec::new();
        loop {
            let mut part = self.part(Delimiter::Comma)?;
            let path = part.text();
            let name = Path::new(&path)
                .file_name()
                .map(|name| name.to_string_lossy().into());
            part.file_name = part.file_name.or(name).or(Some(path.clone()));
            part.content = match path.as_str() {
                "-" => Content::Bytes(read_file("-")?),
                _ => Content::File(path),
            };
            files.push(part);
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        if files.len() == 1 {
            return Ok(files.remove(0));
        }
        let content = Content::Parts(files);
        Ok(FormPart {
            content,
            ..FormPart::default()
        })
    }

    /// A word and what is said about it.
    fn part(&mut self, until: Delimiter) -> Result<FormPart, Failure> {
        let word = self.word(until);
        let mut part = FormPart {
            content: Content::Bytes(word.into_bytes()),
            ..FormPart::default()
        };
        while let Some(rest) = self.rest.strip_prefix(';') {
            self.rest = rest.trim_start();
            let key = self
                .rest
                .split('=')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let known = matches!(key.as_str(), "type" | "filename" | "headers");
            if known {
                self.rest = &self.rest[key.len() + 1..];
            }
            let word = self.word(until);
            match key.as_str() {
                "type" => part.media_type = Some(word),
                "filename" => part.file_name = Some(word),
                "headers" => part.headers.extend(header_lines(&word)?),
                // A parameter of the type, such as its charset.
                _ => match &mut part.media_type {
                    Some(media_type) => *media_type += &format!(";{word}"),
                    None => {
                        let what = format!("option -F: unknown ;{word}");
                        return Err(Failure::usage(what));
                    }
                },
            }
        }
        Ok(part)
    }

    /// Up to a `;` or the delimiter. Between quotes, neither counts.
    fn word(&mut self, until: Delimiter) -> String {
        self.rest = self.rest.trim_start();
        if let Some((word, rest)) = self.rest.strip_prefix('"').and_then(quoted)
            && (rest.is_empty()
                || rest.starts_with(';')
                || (until == Delimiter::Comma && rest.starts_with(',')))
        {
            self.rest = rest;
            return word;
        }
        let is_end = |c: char| c == ';' || (until == Delimiter::Comma && c == ',');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let word = self.rest[..end].trim_end().to_string();
        self.rest = &self.rest[end..];
        word
    }
}

/// What stands before the closing quote, and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut characters = text.char_indices();
    while let Some((at, next)) = characters.next() {
        match next {
            '"' => return Some((word, text[at + 1..].trim_start())),
            '\\' if text[at + 1..].starts_with(['\\', '"']) => {
                word.extend(characters.next().map(|(_, escaped)| escaped));
            }
            other => word.push(other),
        }
    }
    None
}

fn header_lines(word: &str) -> Result<Vec<String>, Failure> {
    let Some(file) = word.strip_prefix('@') else {
        return Ok(vec![word.to_string()]);
    };
    let text = String::from_utf8_lossy(&read_file(file)?).into_owned();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_string).collect())
}

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
    /// What was read as a word.
    fn text(&self) -> String {
        match &self.content {
            Content::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }

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
        assert!(add(&mut Vec::new(), "=)").is_err());
    }

    #[test]
    fn no_name_is_a_name_too() {
        assert_eq!(sent(&["="]), "--B|Content-Disposition: form-data|||--B--|");
        assert!(add(&mut Vec::new(), "noequals").is_err());
    }
}
