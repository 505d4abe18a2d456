//! `-F`: a form with texts and files. How it is sent is in `multipart`.
//!
//! The grammar is curl's: `name=text`, `name=<file` (a text in a file), `name=@file`,
//! `name=@one,two`, `name=(` and `=)` around parts of a part; behind any of them
//! `;type=`, `;filename=` and `;headers=`. What is between quotes may hold `,` and `;`.

use std::path::Path;

use crate::failure::Failure;
use crate::options::value::read_file;

/// A part of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormPart {
    /// Absent in a part of a part, or if none was given.
    pub(super) name: Option<String>,
    pub(super) content: Content,
    pub(super) file_name: Option<String>,
    pub(super) media_type: Option<String>,
    /// Further lines for the head of the part.
    pub(super) headers: Vec<String>,
    /// Whether a `=)` is still to come.
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
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

impl FormPart {
    /// What was read as a word.
    fn text(&self) -> String {
        match &self.content {
            Content::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_is_refused() {
        for bad in ["noequals", "=)", "a=b;what=x"] {
            assert!(add(&mut Vec::new(), bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn between_quotes_nothing_has_a_meaning() {
        let mut form = Vec::new();
        add(&mut form, r#"f=@"a,b;c\"d\\e";filename="x;y""#).expect("a valid part");
        let expected = FormPart {
            name: Some("f".to_string()),
            content: Content::File(r#"a,b;c"d\e"#.to_string()),
            file_name: Some("x;y".to_string()),
            ..FormPart::default()
        };
        assert_eq!(form, [expected]);
    }
}
