//! Who may use whom.
//!
//! In `lib.rs` and in every `mod.rs`, the `mod` lines stand in dependency order. So, for every
//! path in the code of a library:
//!
//! 1. `crate::x` is a module declared above the one that the file belongs to.
//! 2. `super::x` is a module declared above this one in the same list.
//! 3. An item that the parent only passes on (`pub use self::x::Item`) counts as its module.
//! 4. An item that is written in the parent itself is above nothing: a child may not use it,
//!    but for the exceptions listed here.
//! 5. Nobody reaches over the parent (`super::super`) or takes everything (`super::*`).
//!
//! A file may use its own submodules, and tests may use everything.

use std::collections::BTreeMap;

use crate::no_complaints;
use crate::source::{Source, library_sources, words};

/// Children that use what is written in their parent.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    (
        "runtime/src/event_loop/builder.rs",
        "EventLoop",
        "it makes the object",
    ),
    (
        "runtime/src/event_loop/guest.rs",
        "EventLoop",
        "it is another way to run the same object",
    ),
    (
        "runtime/src/event_loop/of_thread.rs",
        "EventLoop",
        "it finds the same object",
    ),
    (
        "runtime/src/event_loop/stats.rs",
        "EventLoop",
        "it shows the same object",
    ),
    (
        "runtime/src/event_loop/weak.rs",
        "EventLoop",
        "it leads back to the same object",
    ),
];

/// A list of `mod` lines, and what is passed on from them.
#[derive(Default)]
struct Folder {
    /// The modules in the order of declaration.
    modules: Vec<String>,
    /// Which module an item is passed on from.
    passed_on: BTreeMap<String, String>,
}

/// A path that begins with `crate` or `super`.
struct Reference {
    at: usize,
    root: &'static str,
    /// What comes behind the root.
    segment: String,
}

#[test]
fn a_module_uses_only_what_is_declared_above_it() {
    let sources = library_sources();
    let folders: BTreeMap<String, Folder> = sources
        .iter()
        .filter(|source| is_front(&source.path))
        .map(|source| (folder_of(&source.path).to_string(), read_folder(source)))
        .collect();
    let mut complaints = Vec::new();
    let mut used = Vec::new();
    for source in &sources {
        for reference in references(&source.code) {
            match judge(source, &reference, &folders) {
                Ok(()) => {}
                Err(_) if is_exception(source, &reference) => {
                    used.push((source.path.clone(), reference.segment));
                }
                Err(reason) => complaints.push(format!(
                    "{}:{}: {}::{} {reason}",
                    source.path,
                    source.line_of(reference.at),
                    reference.root,
                    reference.segment
                )),
            }
        }
    }
    for (path, name, _) in EXCEPTIONS {
        if !used.contains(&(path.to_string(), name.to_string())) {
            complaints.push(format!(
                "{path}: the exception for {name} is no longer needed"
            ));
        }
    }
    no_complaints("modules stand in dependency order", &complaints);
}

fn is_exception(source: &Source, reference: &Reference) -> bool {
    let mut exceptions = EXCEPTIONS.iter();
    reference.root == "super"
        && exceptions.any(|(path, name, _)| source.path == *path && reference.segment == *name)
}

/// Whether a file is the front page of its folder.
fn is_front(path: &str) -> bool {
    path.ends_with("/mod.rs") || path.ends_with("/lib.rs")
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The list that a file stands in, and its name there. `None` for `lib.rs`.
fn place_of(path: &str) -> Option<(&str, &str)> {
    let module = path.strip_suffix("/mod.rs").or(path.strip_suffix(".rs"))?;
    let place = module.rsplit_once('/')?;
    (place.1 != "lib").then_some(place)
}

/// Whether a file may contain a path.
fn judge(
    source: &Source,
    reference: &Reference,
    folders: &BTreeMap<String, Folder>,
) -> Result<(), String> {
    let Some((parent, own)) = place_of(&source.path) else {
        return Ok(());
    };
    let (list, own) = if reference.root == "super" {
        (parent, own)
    } else {
        let end = parent.find("/src").expect("libraries have a src") + "/src".len();
        let below = parent[end..].trim_start_matches('/').split('/').next();
        (
            &parent[..end],
            below.filter(|top| !top.is_empty()).unwrap_or(own),
        )
    };
    let folder = folders
        .get(list)
        .ok_or("is in a folder without a front page")?;
    let place = |name: &str| folder.modules.iter().position(|module| module == name);
    // A module and a function may have one name; the module is meant.
    let passed_on = folder.passed_on.get(&reference.segment);
    let target = place(&reference.segment).or_else(|| place(passed_on?));
    match (target, place(own)) {
        (Some(target), Some(own)) if target < own => Ok(()),
        (Some(target), Some(own)) if target == own => {
            Err("is its own module: say super or self".to_string())
        }
        (Some(_), Some(_)) => Err(format!("is not declared above {own} in {list}")),
        (None, _) => Err(format!(
            "is written in the front page of {list}, above nothing"
        )),
        (_, None) => Err(format!("is used by {own}, which {list} does not declare")),
    }
}

/// Reads the `mod` lines, and the `use` lines that begin with one of the modules.
fn read_folder(source: &Source) -> Folder {
    let mut folder = Folder::default();
    for at in words(&source.code, "mod") {
        if let Some(name) = source.code[at + 3..]
            .split(';')
            .next()
            .filter(|name| is_name(name.trim()))
        {
            folder.modules.push(name.trim().to_string());
        }
    }
    for at in words(&source.code, "use") {
        let path: String = source.code[at + 3..]
            .split(';')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let path = path.strip_prefix("self::").unwrap_or(&path);
        if let Some((module, items)) = path
            .split_once("::")
            .filter(|(module, _)| folder.modules.iter().any(|m| m == module))
        {
            for item in items.trim_matches(['{', '}']).split(',') {
                let name = item.rsplit("::").next().unwrap_or_default();
                folder
                    .passed_on
                    .insert(name.to_string(), module.to_string());
            }
        }
    }
    folder
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Every path that begins with `crate::` or `super::`; a group counts for each member.
fn references(code: &str) -> Vec<Reference> {
    let mut all = Vec::new();
    for root in ["crate", "super"] {
        for at in words(code, root) {
            let Some(path) = code[at + root.len()..].strip_prefix("::") else {
                continue;
            };
            all.extend(
                heads(path)
                    .into_iter()
                    .map(|segment| Reference { at, root, segment }),
            );
        }
    }
    all
}

/// The first segment of a path, or of every member of a group.
fn heads(path: &str) -> Vec<String> {
    let head = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'));
        text[..end.unwrap_or(text.len())].to_string()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![head(path)];
    };
    let (mut members, mut depth, mut start) = (Vec::new(), 1, 0);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && byte == b',') {
            members.push(head(&group[start..at]));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

#[test]
fn the_scanner_sees_every_member_of_a_group() {
    let seen = references("use crate::{a::X, b::{Y, Z}, c};\nuse super::d;\npub(crate) fn f() {}");
    let seen: Vec<_> = seen
        .iter()
        .map(|r| format!("{}::{}", r.root, r.segment))
        .collect();
    assert_eq!(seen, ["crate::a", "crate::b", "crate::c", "super::d"]);
}
