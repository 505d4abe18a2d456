//! Whether the map of the code in README.md names what exists, and all of it.
//!
//! The map is the section `## Code map`: a list in which each item begins with paths in
//! backticks, then a colon or a dash, then what is there.

use std::collections::BTreeSet;
use std::fs;

use crate::no_complaints;
use crate::source::{root, sources_in};

#[test]
fn the_code_map_names_every_module_and_nothing_else() {
    let named = mapped_paths();
    let modules = modules();
    let mut complaints = Vec::new();
    for path in modules.difference(&named) {
        complaints.push(format!("README.md: the code map lacks `{path}`"));
    }
    for path in &named {
        let found = root().join(path);
        if !found.exists() || found.is_dir() != path.ends_with('/') {
            complaints.push(format!(
                "README.md: the code map names `{path}`, which is not there"
            ));
        }
    }
    no_complaints("the code map is the tree", &complaints);
}

/// The paths that the list items of the section begin with.
fn mapped_paths() -> BTreeSet<String> {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md is missing");
    let section = readme
        .lines()
        .skip_while(|line| *line != "## Code map")
        .skip(1);
    let section: Vec<&str> = section
        .take_while(|line| !line.starts_with("## "))
        .collect();
    assert!(
        !section.is_empty(),
        "README.md has no section `## Code map`"
    );
    let items = section
        .iter()
        .filter_map(|line| line.trim_start().strip_prefix("- `"));
    let paths = items.flat_map(|item| {
        let end = item.find("`:").or(item.find(" — "));
        let item = &item[..end.unwrap_or(item.len())];
        item.split('`')
            .step_by(2)
            .map(str::to_string)
            .collect::<Vec<_>>()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

/// The modules right below the root of each library, as the map names them.
fn modules() -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for crate_folder in ["runtime/src/", "http/src/"] {
        for source in sources_in(&[crate_folder]) {
            let below = &source.path[crate_folder.len()..];
            modules.insert(match below.split_once('/') {
                Some((folder, _)) => format!("{crate_folder}{folder}/"),
                None => source.path.clone(),
            });
        }
    }
    modules
}
