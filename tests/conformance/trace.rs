//! What a case says, written as Python would write it.
//!
//! The recorded lines are what CPython's `print` made of strings, numbers, `None`, lists and
//! exceptions. [`Python`] writes values of ours in the same way, so that a case says values and
//! not text: `trace.say(("cancelled", task.cancelled()))`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The lines that a case has said, in order.
///
/// It is leaked and thus `Copy`: a case hands it to every callback, task and thread, as a
/// Python closure would.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace(&'static Mutex<Vec<String>>);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::default()))
    }

    /// Adds a line: the words of a tuple, with spaces between them.
    pub(crate) fn say(self, words: impl Python) {
        let line = words.str();
        self.lines().push(line);
    }

    /// Returns a callback that adds a line.
    pub(crate) fn sayer(self, words: impl Python) -> impl FnOnce() + Send + 'static {
        let line = words.str();
        move || self.say(line)
    }

    /// Takes all lines out.
    pub(crate) fn take(self) -> Vec<String> {
        std::mem::take(&mut *self.lines())
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value as Python writes it.
pub(crate) trait Python {
    /// What `str(value)` gives; for an exception its type and text: `KeyError('k')`.
    fn str(&self) -> String;

    /// What `repr(value)` gives: how it is written within a list.
    fn repr(&self) -> String {
        self.str()
    }
}

impl Python for str {
    fn str(&self) -> String {
        self.to_string()
    }

    fn repr(&self) -> String {
        format!("'{self}'")
    }
}

impl Python for String {
    fn str(&self) -> String {
        self.clone()
    }

    fn repr(&self) -> String {
        self.as_str().repr()
    }
}

impl Python for bool {
    fn str(&self) -> String {
        if *self { "True" } else { "False" }.to_string()
    }
}

impl Python for () {
    fn str(&self) -> String {
        "None".to_string()
    }
}

impl<T: Python + ?Sized> Python for &T {
    fn str(&self) -> String {
        (**self).str()
    }

    fn repr(&self) -> String {
        (**self).repr()
    }
}

impl<T: Python> Python for Option<T> {
    fn str(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_string(), T::str)
    }

    fn repr(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_string(), T::repr)
    }
}

/// What was returned or what was raised: where a case tells them apart, it matches.
impl<T: Python, E: Python> Python for Result<T, E> {
    fn str(&self) -> String {
        match self {
            Ok(value) => value.str(),
            Err(error) => error.str(),
        }
    }

    fn repr(&self) -> String {
        match self {
            Ok(value) => value.repr(),
            Err(error) => error.str().repr(),
        }
    }
}

impl<T: Python> Python for Vec<T> {
    fn str(&self) -> String {
        let items: Vec<_> = self.iter().map(T::repr).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T: Python, const N: usize> Python for [T; N] {
    fn str(&self) -> String {
        let items: Vec<_> = self.iter().map(T::repr).collect();
        format!("[{}]", items.join(", "))
    }
}

/// Bytes: `b'one\n'`.
pub(crate) struct Bytes<B>(pub(crate) B);

impl<B: AsRef<[u8]>> Python for Bytes<B> {
    fn str(&self) -> String {
        format!("b'{}'", self.0.as_ref().escape_ascii())
    }
}

macro_rules! numbers {
    ($($kind:ty),+) => {
        $(impl Python for $kind {
            fn str(&self) -> String {
                self.to_string()
            }
        })+
    };
}

numbers!(
    f64,
    i32,
    u8,
    u32,
    u64,
    u128,
    usize,
    char,
    fmt::Arguments<'_>
);

/// Tuples are the words of a line.
macro_rules! words {
    ($($kind:ident $word:tt),+) => {
        impl<$($kind: Python),+> Python for ($($kind,)+) {
            fn str(&self) -> String {
                [$(self.$word.str()),+].join(" ")
            }
        }
    };
}

words!(A 0, B 1);
words!(A 0, B 1, C 2);
words!(A 0, B 1, C 2, D 3);
words!(A 0, B 1, C 2, D 3, E 4);
words!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
