//! The task graph: who waits for what, and for whom.
//!
//! It is made when somebody asks: for the report of a deadlock, at the end of a loop that still
//! has tasks, and by a program that wants to look. Until then it exists only as the notes that
//! leaves leave behind.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use super::context::find_loop;
use super::core::Core;
use super::tasks::Coroutine;
use super::ticket::{TaskId, Ticket};
use crate::error::{Deadlock, WaitingTask};

/// The tasks of a loop that have not ended, and what they wait for.
pub(crate) struct Graph {
    nodes: Vec<Node>,
}

/// How many tasks that await each other are drawn below one another: every line of a drawing is
/// as long as its place is deep.
pub(crate) const DEEPEST: usize = 100;

/// A task of the graph.
pub(crate) struct Node {
    pub(crate) task: WaitingTask,
    pub(crate) ticket: Ticket,
    /// The places of the nodes that can end its wait, as far as they are known.
    pub(crate) decided_by: Vec<usize>,
}

impl Graph {
    pub(crate) fn of(core: &Core) -> Self {
        let all = core.tasks.all_with_ids();
        let places: HashMap<TaskId, usize> = all
            .iter()
            .enumerate()
            .map(|(place, (id, _))| (*id, place))
            .collect();
        let node = |(id, coroutine): (TaskId, Rc<dyn Coroutine>)| Node {
            task: describe(core, id, &*coroutine),
            ticket: Ticket::new(core.number, id),
            decided_by: deciders(core, id, &places),
        };
        Self {
            nodes: all.into_iter().map(node).collect(),
        }
    }

    /// The tasks, in the order in which they were spawned.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn into_deadlock(self) -> Deadlock {
        let cycle = self.cycle();
        Deadlock {
            tasks: self.into_tasks(),
            cycle,
        }
    }

    pub(crate) fn into_tasks(self) -> Vec<WaitingTask> {
        self.nodes.into_iter().map(|node| node.task).collect()
    }

    /// The places of tasks of which each waits for the next, and the last for the first.
    pub(crate) fn cycle(&self) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        (0..self.nodes.len())
            .find_map(|start| self.cycle_from(start, &mut seen))
            .unwrap_or_default()
    }

    /// Follows who waits for whom, to the depth first. What was seen before leads to no circle.
    fn cycle_from(&self, start: usize, seen: &mut [bool]) -> Option<Vec<usize>> {
        // The way from the start, and who is still to be looked at from each place on it.
        let mut path = Vec::new();
        let mut on_path = HashSet::new();
        let mut next = Some(start);
        loop {
            if let Some(place) = next
                && on_path.contains(&place)
            {
                let circle = path.iter().map(|(place, _)| *place);
                return Some(circle.skip_while(|it| *it != place).collect());
            }
            if let Some(place) = next.filter(|place| !std::mem::replace(&mut seen[*place], true)) {
                on_path.insert(place);
                path.push((place, self.nodes[place].decided_by.iter()));
            }
            let (place, left) = path.last_mut()?;
            next = left.next().copied();
            if next.is_none() {
                on_path.remove(place);
                path.pop();
            }
        }
    }

    /// Writes a task and, below it, whoever awaits it, as asyncio's `format_call_graph` does.
    pub(crate) fn format(&self, ticket: Ticket) -> String {
        let mut text = String::new();
        let place = self.nodes.iter().position(|node| node.ticket == ticket);
        if let Some(place) = place {
            let mut written = vec![false; self.nodes.len()];
            self.write(place, 0, &mut written, &mut text);
        }
        text
    }

    /// Whoever awaits a task is written once, lest layers of tasks become a text without end.
    fn write(&self, place: usize, depth: usize, written: &mut [bool], text: &mut String) {
        let Node { task, ticket, .. } = &self.nodes[place];
        let indent = "  ".repeat(2 * depth);
        let mut line = |line: String| {
            text.push_str(&indent);
            text.push_str(&line);
            text.push('\n');
        };
        line(format!(
            "* Task(name='{}', id={:#x})",
            task.name,
            ticket.word()
        ));
        line("  + Call stack:".to_string());
        let (site, coroutine) = (task.site, task.coroutine);
        let (file, number) = (site.file(), site.line());
        line(format!(
            "  |   File '{file}', line {number}, in async {coroutine}()"
        ));
        let awaiters = |node: &Node| node.decided_by.contains(&place);
        let again = std::mem::replace(&mut written[place], true);
        if again || !self.nodes.iter().any(awaiters) {
            return;
        }
        if depth == DEEPEST {
            return line("  + Awaited by more, deeper than is shown".to_string());
        }
        line("  + Awaited by:".to_string());
        for (other, node) in self.nodes.iter().enumerate() {
            if awaiters(node) {
                self.write(other, depth + 1, written, text);
            }
        }
    }
}

fn describe(core: &Core, id: TaskId, coroutine: &dyn Coroutine) -> WaitingTask {
    WaitingTask {
        name: coroutine.name(),
        coroutine: coroutine.type_name(),
        site: coroutine.site(),
        waits_for: waits_for(core, id, coroutine),
    }
}

/// What a task waits for, in words; `None` if it does not wait.
pub(crate) fn awaited(coroutine: &dyn Coroutine) -> Option<String> {
    let ticket = coroutine.ticket();
    let core = find_loop(ticket.number())?;
    waits_for(&core, ticket.task(), coroutine)
}

fn waits_for(core: &Core, id: TaskId, coroutine: &dyn Coroutine) -> Option<String> {
    let note = core.tasks.note(id)?;
    if !coroutine.frame().is_waited_in() {
        return Some("a future of another library".to_string());
    }
    let mut text = note.text(core.clock.now());
    let others = coroutine.frame().waiting() - 1;
    if others > 0 {
        text.push_str(&format!(", and {others} more"));
    }
    Some(text)
}

fn deciders(core: &Core, id: TaskId, places: &HashMap<TaskId, usize>) -> Vec<usize> {
    let Some(note) = core.tasks.note(id) else {
        return Vec::new();
    };
    let tickets = note.decided_by().into_iter().filter_map(Ticket::from_word);
    let here = tickets.filter(|ticket| ticket.number() == core.number);
    let found = here.filter_map(|ticket| places.get(&ticket.task()).copied());
    // A gather may have the same task twice.
    let mut seen = HashSet::new();
    found.filter(|place| seen.insert(*place)).collect()
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Graph of {} tasks>", self.nodes.len())
    }
}
