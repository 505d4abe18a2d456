//! The sources of the workspace as the rules look at them.
//!
//! A rule about words must not trip over prose, and a rule about prose not over strings. So
//! every file is kept in three versions of the same shape, in which what does not count is
//! blank: as it is, without literals, and the bare code. The scanner knows comments, strings
//! and characters, and nothing else of Rust; that is enough, and needs no dependency.

use std::fs;
use std::path::{Path, PathBuf};

/// One file, in three versions with the same lines.
pub(crate) struct Source {
    /// Where it is, from the root of the workspace, with `/`.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// Without what stands in literals.
    pub(crate) prose: String,
    /// Without literals, comments, and what is under `#[cfg(test)]`.
    pub(crate) code: String,
    /// Lines that are not under `#[cfg(test)]`.
    pub(crate) lines: usize,
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads every `.rs` file in `folders`, in the order of their paths.
pub(crate) fn sources_in(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    assert!(!files.is_empty(), "no sources in {folders:?}");
    files.iter().map(|file| Source::read(file)).collect()
}

/// The sources of the two libraries, without their tests and benches.
pub(crate) fn library_sources() -> Vec<Source> {
    sources_in(&["runtime/src", "http/src"])
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn read(file: &Path) -> Self {
        let relative = file.strip_prefix(root()).expect("it was found there");
        let text = fs::read_to_string(file).expect("a source is text");
        Self::new(&relative.to_string_lossy().replace('\\', "/"), text)
    }

    pub(crate) fn new(path: &str, text: String) -> Self {
        let prose = blank(&text, &[Kind::Literal]);
        let code = blank(&text, &[Kind::Literal, Kind::Comment]);
        let tests = test_ranges(&code);
        let in_tests: usize = tests
            .iter()
            .map(|&(start, end)| 1 + code[start..end].matches('\n').count())
            .sum();
        let mut bare = code.into_bytes();
        for &(start, end) in &tests {
            blank_out(&mut bare[start..end]);
        }
        Self {
            path: path.to_string(),
            lines: text.lines().count() - in_tests,
            code: String::from_utf8(bare).expect("blanks are ASCII"),
            text,
            prose,
        }
    }

    /// The number of the line at a place in any of the versions.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
    }
}

/// The places where `word` stands in `text` as a word of its own.
pub(crate) fn words(text: &str, word: &str) -> Vec<usize> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let bytes = text.as_bytes();
    let found = text.match_indices(word).map(|(at, _)| at);
    found
        .filter(|&at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            !is_part(before) && !is_part(bytes.get(at + word.len()))
        })
        .collect()
}

/// The end of the block that begins with the brace at `open`, behind its closing brace.
pub(crate) fn end_of_block(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// From where to where things are under `#[cfg(test)]`.
fn test_ranges(code: &str) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(test)]") {
        let after = start + code[start..].find([';', '{']).unwrap_or(0);
        let end = match code.as_bytes()[after] {
            b'{' => end_of_block(code, after),
            _ => after + 1,
        };
        if ranges.last().is_none_or(|last| last.1 <= start) {
            ranges.push((start, end));
        }
    }
    ranges
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Comment,
    Literal,
}

/// A copy of `text` with blanks for everything of `kinds`. Lines stay lines.
fn blank(text: &str, kinds: &[Kind]) -> String {
    let mut copy = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        match piece_at(text.as_bytes(), at) {
            Some((kind, end)) => {
                if kinds.contains(&kind) {
                    blank_out(&mut copy[at..end]);
                }
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(copy).expect("whole pieces are blanked")
}

fn blank_out(bytes: &mut [u8]) {
    bytes
        .iter_mut()
        .filter(|byte| **byte != b'\n')
        .for_each(|byte| *byte = b' ');
}

/// The comment or literal that begins at `at`, and where it ends.
fn piece_at(text: &[u8], at: usize) -> Option<(Kind, usize)> {
    let rest = &text[at..];
    let after_name = at > 0 && (text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_');
    let length = match rest {
        [b'/', b'/', ..] => return Some((Kind::Comment, at + until(rest, b"\n"))),
        [b'/', b'*', ..] => return Some((Kind::Comment, at + until(rest, b"*/") + 2)),
        [b'"', ..] => quoted(rest),
        [b'r', b'"' | b'#', ..] if !after_name => raw(rest)?,
        [b'b', b'r', b'"' | b'#', ..] if !after_name => 1 + raw(&rest[1..])?,
        [b'\'', b'\\', ..] => quoted(rest),
        // A lifetime has no second quote behind its first character.
        [b'\'', first, ..] => {
            let width = std::str::from_utf8(&rest[1..rest.len().min(5)])
                .map_or(1, |text| text.chars().next().map_or(1, char::len_utf8));
            let width = if first.is_ascii() { 1 } else { width };
            (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)?
        }
        _ => return None,
    };
    Some((Kind::Literal, (at + length).min(text.len())))
}

fn until(text: &[u8], end: &[u8]) -> usize {
    let found = text.windows(end.len()).position(|window| window == end);
    found.unwrap_or(text.len() - end.len().min(text.len()))
}

/// The length of a quoted literal with its quotes.
fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != text[0] {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of a raw string; `None` if this is a raw name.
fn raw(text: &[u8]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|&&byte| byte == b'#').count();
    (text.get(1 + hashes) == Some(&b'"')).then_some(())?;
    let end = [&b"\""[..], &b"#".repeat(hashes)].concat();
    let start = 2 + hashes;
    Some(start + until(&text[start..], &end) + end.len())
}

#[test]
fn the_scanner_tells_code_from_comments_literals_and_tests() {
    let text = "//! doc\nlet a = \"// x\"; // y\nlet b = '\"'; let c: &'a str = r#\"{\"#;\n\
                #[cfg(test)]\nmod tests {\n    fn f() {}\n}\nfn g() {}\n";
    let source = Source::new("x.rs", text.to_string());
    assert_eq!(
        source.code.lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "",
            "let a =       ;",
            "let b =    ; let c: &'a str =       ;",
            "",
            "",
            "",
            "",
            "fn g() {}"
        ]
    );
    assert!(source.prose.contains("// y") && !source.prose.contains("// x"));
    assert_eq!(source.lines, 4);
}
