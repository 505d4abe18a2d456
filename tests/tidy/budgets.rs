//! How long a file and a function may be, and what there may be only one of.

use crate::no_complaints;
use crate::source::{Source, end_of_block, library_sources, sources_in, words};

/// Lines that a file of a library may have without its tests.
const FILE_LINES: usize = 400;
/// Files that have more, how many, and why.
const LONG_FILES: [(&str, usize, &str); 0] = [];
/// Functions that have more than their budget, and why.
const LONG_FUNCTIONS: [(&str, &str, &str); 1] = [(
    "http/src/error/display.rs",
    "fmt",
    "one arm of a match for each error, and no steps to name",
)];
/// Lines that a function may have.
const FUNCTION_LINES: usize = 60;
/// Macros that the two libraries may have together.
const MACROS: usize = 3;
/// Where the one thread-local is.
const THREAD_LOCAL: &str = "runtime/src/event_loop/context.rs";

#[test]
fn a_file_of_a_library_has_at_most_400_lines_without_its_tests() {
    let mut complaints = Vec::new();
    for source in library_sources() {
        let exception = LONG_FILES.iter().find(|(path, ..)| *path == source.path);
        let limit = exception.map_or(FILE_LINES, |(_, limit, _)| *limit);
        if source.lines > limit {
            complaints.push(format!(
                "{}: {} lines, limit {limit}",
                source.path, source.lines
            ));
        } else if exception.is_some() && source.lines <= FILE_LINES {
            complaints.push(format!("{}: needs no exception any more", source.path));
        }
    }
    no_complaints("split the file where its story has two halves", &complaints);
}

#[test]
fn a_function_has_at_most_60_lines() {
    let mut complaints = Vec::new();
    let mut needed = Vec::new();
    for source in sources_in(&["runtime", "http", "examples", "tests"]) {
        for (at, name, lines) in functions(&source) {
            if lines <= FUNCTION_LINES {
                continue;
            }
            let mut exceptions = LONG_FUNCTIONS.iter();
            if exceptions.any(|(path, long, _)| *path == source.path && *long == name) {
                needed.push((source.path.clone(), name.to_string()));
            } else {
                let line = source.line_of(at);
                complaints.push(format!("{}:{line}: {name} has {lines} lines", source.path));
            }
        }
    }
    for (path, name, _) in LONG_FUNCTIONS {
        if !needed.contains(&(path.to_string(), name.to_string())) {
            complaints.push(format!("{path}: {name} needs no exception any more"));
        }
    }
    no_complaints("name the steps and call them", &complaints);
}

/// Where each function begins, its name and its number of lines.
fn functions(source: &Source) -> Vec<(usize, &str, usize)> {
    let code = &source.code;
    let mut all = Vec::new();
    for at in words(code, "fn") {
        let name = code[at + 2..].trim_start();
        let name = &name[..name
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(0)];
        let body = code[at..].find([';', '{']).map(|offset| at + offset);
        let Some(open) = body.filter(|&open| code.as_bytes()[open] == b'{') else {
            continue;
        };
        if !name.is_empty() {
            let lines = 1 + code[at..end_of_block(code, open)].matches('\n').count();
            all.push((at, name, lines));
        }
    }
    all
}

#[test]
fn the_libraries_have_one_thread_local_and_it_is_in_context() {
    let mut places = Vec::new();
    for source in library_sources() {
        for at in words(&source.code, "thread_local") {
            places.push(format!("{}:{}", source.path, source.line_of(at)));
        }
    }
    assert!(
        places.len() == 1 && places[0].starts_with(THREAD_LOCAL),
        "the only thread_local! is in {THREAD_LOCAL}, found: {places:?}"
    );
}

#[test]
fn the_libraries_have_at_most_3_macros() {
    let mut places = Vec::new();
    for source in library_sources() {
        for at in words(&source.code, "macro_rules") {
            places.push(format!("{}:{}", source.path, source.line_of(at)));
        }
    }
    assert!(
        places.len() <= MACROS,
        "a macro is for a table: {places:#?}"
    );
}

#[test]
fn a_folder_of_modules_has_a_front_page_and_no_file_beside_it() {
    let sources = sources_in(&["runtime/src", "http/src"]);
    let mut complaints = Vec::new();
    for source in &sources {
        let folder = format!("{}/", source.path.trim_end_matches(".rs"));
        if sources.iter().any(|other| other.path.starts_with(&folder)) {
            complaints.push(format!(
                "{} stands beside {folder}: make it {folder}mod.rs",
                source.path
            ));
        }
    }
    no_complaints("opening a folder shows its front page", &complaints);
}
