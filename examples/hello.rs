//! Prints a line.
fn main() {}
