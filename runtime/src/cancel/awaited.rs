//! What a task waits for, so that a report can say it.
//!
//! A leaf that begins to wait leaves a note. It costs a few stores, and nothing is put into words
//! before somebody asks. The note does not keep the thing alive, and when the thing is gone it
//! says so.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// Something a task can wait for, seen from a report.
pub(crate) trait Awaitable {
    /// Puts it into words: `the Lock held by 'A'`.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something")
    }

    /// The words of the tickets of the tasks that can end the wait, as far as they are known.
    fn decided_by(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// What a leaf waits for.
#[derive(Clone, Default)]
pub(crate) enum Note {
    #[default]
    Unknown,
    /// A deadline on the loop's clock.
    Sleep(u64),
    Plain(Plain),
    Thing(Weak<dyn Awaitable>),
}

/// What there is nothing more to say of.
#[derive(Clone, Copy)]
pub(crate) enum Plain {
    /// A socket has to become readable.
    Readable,
    /// A socket has to become writable.
    Writable,
    /// A job on a thread has to end.
    Job,
    /// An event has to be set.
    Event,
    /// A semaphore has to be released.
    Permit,
    /// A condition has to be notified.
    Notification,
    /// Somebody has to put an item into a queue.
    Item,
    /// Somebody has to take an item out of a queue.
    Room,
}

impl Plain {
    fn text(self) -> &'static str {
        match self {
            Plain::Readable => "data from a socket",
            Plain::Writable => "room in a socket",
            Plain::Job => "a job on a thread",
            Plain::Event => "an Event that nobody sets",
            Plain::Permit => "a Semaphore that nobody releases",
            Plain::Notification => "a Condition that nobody notifies",
            Plain::Item => "a Queue that nobody puts into",
            Plain::Room => "a full Queue that nobody takes from",
        }
    }
}

const _: () = assert!(
    size_of::<Option<Note>>() <= 24,
    "a note is small, for there is one for every task"
);

impl Note {
    /// Puts it into words, at a time of the loop's clock.
    pub(crate) fn text(&self, now: u64) -> String {
        match self {
            Note::Unknown => "something".to_string(),
            Note::Sleep(deadline) => {
                let left = Duration::from_nanos(deadline.saturating_sub(now));
                let seconds = format!("{:.3}", left.as_secs_f64());
                let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
                format!("sleep {seconds} s")
            }
            Note::Plain(plain) => plain.text().to_string(),
            Note::Thing(thing) => match thing.upgrade() {
                Some(thing) => Words(&*thing).to_string(),
                None => "something that is gone".to_string(),
            },
        }
    }

    /// The words of the tickets of the tasks that can end the wait.
    pub(crate) fn decided_by(&self) -> Vec<usize> {
        match self {
            Note::Thing(thing) => match thing.upgrade() {
                Some(thing) => thing.decided_by(),
                None => Vec::new(),
            },
            Note::Unknown | Note::Sleep(_) | Note::Plain(_) => Vec::new(),
        }
    }
}

/// Makes a note of something shared.
pub(crate) fn note_of<T: Awaitable + 'static>(thing: &Rc<T>) -> Note {
    let weak: Weak<T> = Rc::downgrade(thing);
    Note::Thing(weak)
}

/// A note on its way from a leaf to its task, in parts: it is left and taken within nanoseconds,
/// and a processor that has to put a wide load together from narrow stores waits for all of them.
pub(super) struct Noted {
    kind: Cell<Kind>,
    /// What there is if that is its kind; otherwise, what there was.
    deadline: Cell<u64>,
    /// The same.
    plain: Cell<Plain>,
    /// `None` if that is not its kind.
    thing: Cell<Option<Weak<dyn Awaitable>>>,
}

/// Which part of a note there is, if there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Unknown,
    Sleep,
    Plain,
    Thing,
}

impl Noted {
    pub(super) const fn new() -> Self {
        Self {
            kind: Cell::new(Kind::None),
            deadline: Cell::new(0),
            plain: Cell::new(Plain::Event),
            thing: Cell::new(None),
        }
    }

    #[inline]
    pub(super) fn set(&self, note: Note) {
        self.clear();
        self.kind.set(match note {
            Note::Unknown => Kind::Unknown,
            Note::Sleep(deadline) => {
                self.deadline.set(deadline);
                Kind::Sleep
            }
            Note::Plain(plain) => {
                self.plain.set(plain);
                Kind::Plain
            }
            Note::Thing(thing) => {
                self.thing.set(Some(thing));
                Kind::Thing
            }
        });
    }

    /// Moves the note to `to`, if there is one.
    #[inline]
    pub(super) fn move_to(&self, to: &Cell<Note>) {
        match self.kind.replace(Kind::None) {
            Kind::None => {}
            Kind::Unknown => to.set(Note::Unknown),
            Kind::Sleep => to.set(Note::Sleep(self.deadline.get())),
            Kind::Plain => to.set(Note::Plain(self.plain.get())),
            Kind::Thing => to.set(self.thing.take().map_or(Note::Unknown, Note::Thing)),
        }
    }

    /// Takes the note out, if there is one.
    pub(super) fn take(&self) -> Option<Note> {
        let is_there = self.kind.get() != Kind::None;
        let note = Cell::default();
        self.move_to(&note);
        is_there.then(|| note.into_inner())
    }

    /// Forgets the note. A thing would keep its memory until the next one comes.
    #[inline]
    pub(super) fn clear(&self) {
        if self.kind.replace(Kind::None) == Kind::Thing {
            drop(self.thing.take());
        }
    }
}

struct Words<'a>(&'a dyn Awaitable);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gate;

    impl Awaitable for Gate {}

    fn moved(noted: &Noted) -> String {
        let note = Cell::default();
        noted.move_to(&note);
        note.into_inner().text(0)
    }

    #[test]
    fn each_kind_of_note_arrives_as_it_was_left() {
        let (noted, gate) = (Noted::new(), Rc::new(Gate));
        assert!(noted.take().is_none());
        for (note, text) in [
            (Note::Unknown, "something"),
            (Note::Sleep(2_000_000_000), "sleep 2 s"),
            (Note::Plain(Plain::Job), "a job on a thread"),
            (note_of(&gate), "something"),
        ] {
            noted.set(note.clone());
            assert_eq!(moved(&noted), text);
            noted.set(note);
            assert_eq!(noted.take().map(|note| note.text(0)).as_deref(), Some(text));
            assert!(noted.take().is_none());
        }
    }

    #[test]
    fn where_there_is_no_note_the_one_before_stays() {
        let (noted, note) = (Noted::new(), Cell::new(Note::Plain(Plain::Job)));
        noted.move_to(&note);
        assert_eq!(note.into_inner().text(0), "a job on a thread");
    }

    #[test]
    fn a_note_that_is_moved_replaced_or_forgotten_keeps_no_memory() {
        let (noted, gate) = (Noted::new(), Rc::new(Gate));
        let ends: [fn(&Noted); 4] = [
            |noted| drop(moved(noted)),
            |noted| drop(noted.take()),
            |noted| noted.set(Note::Unknown),
            Noted::clear,
        ];
        for end in ends {
            noted.set(note_of(&gate));
            assert_eq!(Rc::weak_count(&gate), 1);
            end(&noted);
            assert_eq!(Rc::weak_count(&gate), 0);
        }
    }
}
