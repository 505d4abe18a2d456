//! What was asked of the site, by the first part of the path: who was polite, who came twice.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The requests so far.
#[derive(Default)]
pub(crate) struct Stats {
    /// By the first part of their path.
    folders: RefCell<BTreeMap<String, Folder>>,
}

/// The requests below one first part of a path.
#[derive(Default)]
struct Folder {
    /// How many there were.
    requests: usize,
    /// What they asked for.
    paths: BTreeSet<String>,
    /// How many are being answered.
    now: usize,
    /// How many were being answered at the same time, at most.
    at_once: usize,
}

impl Stats {
    /// Counts a request, which is being answered until the visit is dropped.
    pub(crate) fn enter(&self, path: &str) -> Visit<'_> {
        let name = path.split('/').nth(1).unwrap_or_default().to_string();
        let mut folders = self.folders.borrow_mut();
        let folder = folders.entry(name.clone()).or_default();
        folder.requests += 1;
        folder.paths.insert(path.to_string());
        folder.now += 1;
        folder.at_once = folder.at_once.max(folder.now);
        Visit { stats: self, name }
    }

    /// All of it.
    pub(crate) fn to_json(&self) -> Value {
        let folders = self.folders.borrow();
        let rows = folders.iter().map(|(name, folder)| {
            let (requests, paths, at_once) = (folder.requests, folder.paths.len(), folder.at_once);
            let row = json!({"requests": requests, "paths": paths, "at_once": at_once});
            (name.clone(), row)
        });
        Value::Object(rows.collect())
    }
}

/// A request that is being answered.
pub(crate) struct Visit<'a> {
    /// Where it is counted.
    stats: &'a Stats,
    /// The first part of its path.
    name: String,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if let Some(folder) = self.stats.folders.borrow_mut().get_mut(&self.name) {
            folder.now -= 1;
        }
    }
}
