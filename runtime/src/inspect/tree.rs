//! The drawing of who awaits whom.
//!
//! A task that several await is drawn in full where it comes first, and named in the other
//! places: else a program of thirty layers of two tasks would be a billion lines. Below a hundred
//! tasks nothing is drawn: each line is as long as its place is deep.

use std::error::Error;
use std::fmt;

use super::text::plain;
use crate::event_loop::{DEEPEST, EventLoop, Graph, Node};

/// Returns a drawing of the tasks of a loop: below each one, those that it awaits.
///
/// Who waits for a lock counts as awaiting who holds it. The drawing is for people and may
/// change. The asyncio counterpart is `python -m asyncio pstree`.
///
/// # Errors
///
/// [`AwaitCycle`] if tasks wait for each other in a circle, which no tree can show.
///
/// ```
/// use looplet::{create_task, get_running_loop, inspect, run};
///
/// let tree = run(async {
///     let look = async { inspect::pstree(&get_running_loop()) };
///     create_task(look).await.expect("nobody waits for themselves")
/// });
/// assert!(tree.starts_with("└── (T) Task-1\n"));
/// assert!(tree.contains("\n        └── (T) Task-2\n"));
/// ```
pub fn pstree(event_loop: &EventLoop) -> Result<String, AwaitCycle> {
    let graph = Graph::of(event_loop.core());
    let nodes = graph.nodes();
    let cycle = graph.cycle();
    if !cycle.is_empty() {
        let name = |place: usize| nodes[place].task.name.clone();
        let names = cycle.into_iter().map(name).collect();
        return Err(AwaitCycle { names });
    }
    Ok(draw(nodes))
}

/// A task that is to be drawn.
struct Branch {
    place: usize,
    /// How many tasks are above it.
    depth: usize,
    /// What stands before it in its line, and in those of its own branches.
    indent: String,
    /// Whether it is the last at its place.
    last: bool,
}

fn draw(nodes: &[Node]) -> String {
    let mut awaited = vec![false; nodes.len()];
    for &place in nodes.iter().flat_map(|node| &node.decided_by) {
        awaited[place] = true;
    }
    let roots: Vec<usize> = (0..nodes.len()).filter(|place| !awaited[*place]).collect();
    let (mut text, mut drawn) = (String::new(), vec![false; nodes.len()]);
    let mut left = branches(&roots, 0, "");
    while let Some(branch) = left.pop() {
        let node = &nodes[branch.place];
        let (turn, bar) = if branch.last {
            ("└──", "    ")
        } else {
            ("├──", "│   ")
        };
        let name = plain(&node.task.name);
        let note = match (drawn[branch.place], branch.depth) {
            (true, _) => " (drawn above)",
            (false, DEEPEST) => " (too deep to be drawn)",
            (false, _) => "",
        };
        text.push_str(&format!("{}{turn} (T) {name}{note}\n", branch.indent));
        if note.is_empty() {
            drawn[branch.place] = true;
            let indent = format!("{}{bar}", branch.indent);
            text.push_str(&format!("{indent}└──  {}\n", frame(node)));
            let below = format!("{indent}    ");
            left.extend(branches(&node.decided_by, branch.depth + 1, &below));
        }
    }
    text
}

/// The branches for some tasks, the first one last.
fn branches(places: &[usize], depth: usize, indent: &str) -> Vec<Branch> {
    let branch = |(left, place): (usize, &usize)| Branch {
        place: *place,
        depth,
        indent: indent.to_string(),
        last: left == 0,
    };
    places.iter().rev().enumerate().map(branch).collect()
}

/// What a task runs, and what it waits for if that is no task.
fn frame(node: &Node) -> String {
    let task = &node.task;
    let (file, line) = (task.site.file(), task.site.line());
    let frame = format!("{} {file}:{line}", task.coroutine);
    match &task.waits_for {
        Some(thing) => format!("{frame}, waits for {}", plain(thing)),
        None => frame,
    }
}

/// Tasks wait for each other in a circle, so there is no tree of them.
///
/// asyncio's `pstree` prints the same words.
///
/// ```
/// use looplet::inspect::AwaitCycle;
///
/// let names = vec!["A".to_string(), "B".to_string()];
/// let text = AwaitCycle { names }.to_string();
/// assert!(text.ends_with("cycle: A → B → A"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitCycle {
    /// The names of the tasks: each waits for the next, and the last for the first.
    pub names: Vec<String>,
}

impl fmt::Display for AwaitCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("await-graph contains cycles - cannot print a tree!\n\ncycle: ")?;
        for name in &self.names {
            write!(f, "{} → ", plain(name))?;
        }
        f.write_str(&self.names.first().map_or(String::new(), |name| plain(name)))
    }
}

impl Error for AwaitCycle {}
