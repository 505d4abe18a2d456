//! The architecture of the workspace, as tests.
//!
//! Each test states a rule, and each failure names the file, the line and what to do. A rule
//! that has exceptions lists them with a reason; an exception that is no longer needed is a
//! failure too, so that the lists only shrink by themselves.
//!
//! * `layers`: who may use whom;
//! * `budgets`: how long a file and a function may be, and what there may be only one of;
//! * `words`: what may not stand in a source;
//! * `map`: whether the texts name what exists.

mod source;
mod layers;
mod budgets;
mod words;
mod map;

/// Fails with all complaints, one on a line.
fn no_complaints(rule: &str, complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{rule}:\n  {}\n",
        complaints.join("\n  ")
    );
}
