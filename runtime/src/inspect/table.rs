//! The table of tasks.

use super::text::plain;
use crate::event_loop::{EventLoop, Graph, Node};

const HEAD: [&str; 6] = [
    "task id",
    "task name",
    "coroutine",
    "spawned at",
    "waits for",
    "awaited by",
];

type Row = [String; HEAD.len()];

/// Returns a table of the tasks of a loop that have not ended, in the order in which they were
/// spawned.
///
/// A task that does not wait has a dash where others say what they wait for. Who holds a lock
/// counts as awaited by those who wait for it. The words and the widths are for people and may
/// change. The asyncio counterpart is `python -m asyncio ps`.
///
/// ```
/// use looplet::{get_running_loop, inspect, run};
///
/// run(async {
///     let table = inspect::ps(&get_running_loop());
///     assert!(table.starts_with("task id"));
///     assert_eq!(table.lines().count(), 3);
/// });
/// ```
pub fn ps(event_loop: &EventLoop) -> String {
    let graph = Graph::of(event_loop.core());
    let rows = rows(&graph);
    let heads = HEAD.map(String::from);
    let all = || [&heads].into_iter().chain(&rows);
    let widths: [usize; HEAD.len()] =
        std::array::from_fn(|at| all().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = line(&heads, &widths);
    let whole = widths.iter().sum::<usize>() + GAP * (HEAD.len() - 1);
    text.push_str(&"-".repeat(whole));
    text.push('\n');
    text.extend(rows.iter().map(|row| line(row, &widths)));
    text
}

/// Blanks between two columns.
const GAP: usize = 2;

fn rows(graph: &Graph) -> Vec<Row> {
    let nodes = graph.nodes();
    let mut awaiters = vec![Vec::new(); nodes.len()];
    for node in nodes {
        for &place in &node.decided_by {
            awaiters[place].push(plain(&node.task.name));
        }
    }
    let rows = nodes.iter().zip(awaiters);
    rows.map(|(node, awaiters)| row(node, &awaiters)).collect()
}

fn row(node: &Node, awaiters: &[String]) -> Row {
    let task = &node.task;
    let dash = || "-".to_string();
    let awaited_by = awaiters.join(", ");
    [
        format!("{:#x}", node.ticket.word()),
        plain(&task.name),
        task.coroutine.to_string(),
        format!("{}:{}", task.site.file(), task.site.line()),
        task.waits_for.as_deref().map_or_else(dash, plain),
        Some(awaited_by)
            .filter(|names| !names.is_empty())
            .unwrap_or_else(dash),
    ]
}

fn line(row: &Row, widths: &[usize; HEAD.len()]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line.push_str(&format!("{cell:<width$}{:GAP$}", ""));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}
