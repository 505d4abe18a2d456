//! URLs that stand for several: `{one,two}`, `[1-9]`, `[001-100:10]`, `[a-z]`.
//!
//! A pattern is read once and knows how many URLs it stands for; each is made when its turn
//! comes, so that `[1-1000000]` costs nothing. The last pattern changes fastest. A pattern may
//! have a name, `[<page>1-9]`, and an output file may say `#<page>` or, by number, `#1`.

/// A URL with patterns in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Pattern {
        name: Option<String>,
        values: Values,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    List(Vec<String>),
    Letters {
        first: u8,
        step: u64,
        count: u64,
    },
    Numbers {
        first: u64,
        step: u64,
        count: u64,
        width: usize,
    },
}

/// One URL, and what its patterns stand for in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    pub(crate) text: String,
    /// In the order of the patterns.
    pub(crate) values: Vec<(Option<String>, String)>,
}

impl Glob {
    /// A text without patterns.
    pub(crate) fn literal(text: &str) -> Self {
        let parts = vec![Part::Literal(text.to_string())];
        Self { parts }
    }

    /// Reads a pattern. The error is a text with the column, counted from one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let mut parts = Vec::new();
        let mut literal = String::new();
        while let Some(next) = reader.peek() {
            if next == '{' || (next == '[' && reader.is_range()) {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(if next == '{' {
                    reader.list()?
                } else {
                    reader.range()?
                });
            } else if next == '}' || (next == ']' && !reader.closes_brackets(&literal)) {
                return Err(reader.complain(&format!("unmatched '{next}'")));
            } else {
                literal.push(reader.unescaped());
            }
        }
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let glob = Self { parts };
        match glob.checked_count() {
            Some(_) => Ok(glob),
            None => Err(format!("{text:?} stands for too many URLs")),
        }
    }

    fn checked_count(&self) -> Option<u64> {
        let mut counts = self.parts.iter().map(Part::count);
        counts.try_fold(1u64, |all, count| all.checked_mul(count))
    }

    /// How many URLs it stands for.
    pub(crate) fn count(&self) -> u64 {
        self.checked_count().expect("`parse` has counted them")
    }

    /// Makes the URL with that number, counted from zero.
    pub(crate) fn nth(&self, mut index: u64) -> Expansion {
        let mut chosen = Vec::new();
        for part in self.parts.iter().rev() {
            chosen.push(part.value(index % part.count()));
            index /= part.count();
        }
        let mut expansion = Expansion::default();
        for (part, value) in self.parts.iter().zip(chosen.into_iter().rev()) {
            expansion.text += &value;
            if let Part::Pattern { name, .. } = part {
                expansion.values.push((name.clone(), value));
            }
        }
        expansion
    }
}

impl Part {
    fn count(&self) -> u64 {
        match self {
            Part::Literal(_) => 1,
            Part::Pattern { values, .. } => match values {
                Values::List(list) => list.len() as u64,
                Values::Letters { count, .. } | Values::Numbers { count, .. } => *count,
            },
        }
    }

    fn value(&self, index: u64) -> String {
        match self {
            Part::Literal(text) => text.clone(),
            Part::Pattern { values, .. } => match values {
                Values::List(list) => list[index as usize].clone(),
                Values::Letters { first, step, .. } => {
                    char::from(first + (index * step) as u8).to_string()
                }
                Values::Numbers {
                    first, step, width, ..
                } => {
                    format!("{:0width$}", first + index * step, width = *width)
                }
            },
        }
    }
}

/// A place in a pattern.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The next character, or the one behind a backslash that takes its meaning away.
    fn unescaped(&mut self) -> char {
        let next = self.take().unwrap_or_default();
        match self.peek() {
            Some(special) if next == '\\' && "{}[],".contains(special) => {
                self.take().unwrap_or_default()
            }
            _ => next,
        }
    }

    fn complain(&self, what: &str) -> String {
        format!("{what} in URL position {}: {}", self.at + 1, self.text)
    }

    /// Whether the bracket here begins a range: `[]` and `[::1]` are part of the URL.
    fn is_range(&self) -> bool {
        let inside = self.rest()[1..].split(']').next().unwrap_or_default();
        let is_address = inside.contains(':')
            && inside
                .split('%')
                .next()
                .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
        !inside.is_empty() && !is_address
    }

    /// Whether the bracket here ends one that stands in the literal.
    fn closes_brackets(&self, literal: &str) -> bool {
        literal.matches('[').count() > literal.matches(']').count()
    }

    /// `<name>`, if there is one.
    fn name(&mut self) -> Option<String> {
        let (name, _) = self.rest().strip_prefix('<')?.split_once('>')?;
        self.at += name.len() + 2;
        Some(name.to_string())
    }

    fn list(&mut self) -> Result<Part, String> {
        self.take();
        let name = self.name();
        let mut values = vec![String::new()];
        loop {
            match self.peek() {
                None => return Err(self.complain("unmatched brace")),
                Some('{' | '[') => return Err(self.complain("nested brace")),
                Some(']') => return Err(self.complain("unexpected close bracket")),
                Some('}') => break,
                Some(',') => {
                    self.take();
                    values.push(String::new());
                }
                Some(_) => {
                    let next = self.unescaped();
                    values.last_mut().expect("one is there").push(next);
                }
            }
        }
        self.take();
        if values == [""] {
            return Err(self.complain("empty string within braces"));
        }
        let values = Values::List(values);
        Ok(Part::Pattern { name, values })
    }

    fn range(&mut self) -> Result<Part, String> {
        self.take();
        let name = self.name();
        let Some((inside, _)) = self.rest().split_once(']') else {
            return Err(self.complain("bad range"));
        };
        let Some(values) = letters(inside).or_else(|| numbers(inside)) else {
            return Err(self.complain("bad range"));
        };
        self.at += inside.len() + 1;
        Ok(Part::Pattern { name, values })
    }
}

/// `a-z` or `a-z:2`.
fn letters(text: &str) -> Option<Values> {
    let (range, step) = with_step(text)?;
    let &[first, b'-', last] = range.as_bytes() else {
        return None;
    };
    let one_case = (first.is_ascii_lowercase() && last.is_ascii_lowercase())
        || (first.is_ascii_uppercase() && last.is_ascii_uppercase());
    if !one_case || first > last {
        return None;
    }
    let count = u64::from(last - first) / step + 1;
    Some(Values::Letters { first, step, count })
}

/// `1-9`, `001-100` or `1-99:10`.
fn numbers(text: &str) -> Option<Values> {
    let (range, step) = with_step(text)?;
    let (from, to) = range.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(from) || !digits(to) {
        return None;
    }
    let (first, last): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let count = (last.checked_sub(first)? / step).checked_add(1)?;
    let width = if from.starts_with('0') { from.len() } else { 0 };
    Some(Values::Numbers {
        first,
        step,
        count,
        width,
    })
}

fn with_step(text: &str) -> Option<(&str, u64)> {
    match text.split_once(':') {
        Some((range, step)) => Some((range, step.parse().ok().filter(|step| *step > 0)?)),
        None => Some((text, 1)),
    }
}

/// Puts what the patterns stand for into the name of an output file. What names no pattern
/// stays as it is.
pub(crate) fn fill(template: &str, values: &[(Option<String>, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('#') {
        filled += before;
        let (value, length) = reference(after, values).unwrap_or(("#", 0));
        filled += value;
        rest = &after[length..];
    }
    filled + rest
}

/// What `1` or `<name>` at the start of a text refers to, and how long that is.
fn reference<'v>(text: &str, values: &'v [(Option<String>, String)]) -> Option<(&'v str, usize)> {
    if let Some(named) = text.strip_prefix('<') {
        let (wanted, _) = named.split_once('>')?;
        let found = values
            .iter()
            .find(|(name, _)| name.as_deref() == Some(wanted));
        return found.map(|(_, value)| (value.as_str(), wanted.len() + 2));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = text[..digits].parse().ok()?;
    let (_, value) = values.get(number.checked_sub(1)?)?;
    Some((value, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pattern: &str) -> Vec<String> {
        let glob = Glob::parse(pattern).expect("a valid pattern");
        (0..glob.count())
            .map(|index| glob.nth(index).text)
            .collect()
    }

    #[test]
    fn the_last_pattern_changes_fastest() {
        assert_eq!(all("{a,b}[1-2]"), ["a1", "a2", "b1", "b2"]);
    }

    #[test]
    fn ranges_have_steps_and_leading_zeros() {
        assert_eq!(all("[08-12:2]"), ["08", "10", "12"]);
        assert_eq!(all("[a-g:3]"), ["a", "d", "g"]);
        assert_eq!(all("[5-5]"), ["5"]);
    }

    #[test]
    fn brackets_of_an_address_and_empty_ones_are_part_of_the_url() {
        assert_eq!(
            all("http://[::1]/[]/[1-2]"),
            ["http://[::1]/[]/1", "http://[::1]/[]/2"]
        );
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert_eq!(all(r"\{a\}\[1-2\]"), ["{a}[1-2]"]);
        assert_eq!(all(r"{a\,b,c}"), ["a,b", "c"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_place() {
        for bad in [
            "{a", "a}", "[9-1]", "[1-9:0]", "{}", "[a-Z]", "{a{b}}", "a]", "[1-",
        ] {
            assert!(Glob::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Glob::parse("ab}"),
            Err("unmatched '}' in URL position 3: ab}".to_string())
        );
        assert!(Glob::parse("[0-99999999999][0-99999999999]").is_err());
    }

    #[test]
    fn names_and_numbers_refer_to_patterns() {
        let glob = Glob::parse("{<word>x,y}[1-2]").expect("a valid pattern");
        let values = glob.nth(3).values;
        assert_eq!(
            fill("f-#1-#2-#<word>-#3-#0-#<other>#", &values),
            "f-y-2-y-#3-#0-#<other>#"
        );
    }
}
