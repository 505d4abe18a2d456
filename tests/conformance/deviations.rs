//! The cases in which looplet does not do what CPython does, and why.

/// A case that leaves another trace on purpose.
pub(crate) struct Deviation {
    pub(crate) id: &'static str,
    pub(crate) reason: &'static str,
    /// What the program says instead.
    pub(crate) lines: &'static [&'static str],
}

/// All of them.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        id: "A20",
        reason: "a loop cannot leave its thread, so that the misuse does not compile; its \
                 handle can, and a call through it wakes the loop",
        lines: &[
            "a loop may go to another thread: False",
            "ran from thread",
            "accepted True waited for timer False",
        ],
    },
    Deviation {
        id: "A25",
        reason: "a timer that is cancelled is gone at once, and not when many of them are",
        lines: &["99", "99"],
    },
    Deviation {
        id: "A28",
        reason: "a loop may wait for the promise of another loop on its thread, which needs no \
                 refusal; what is no future does not compile",
        lines: &["nobody sets it: True", "set: True"],
    },
    Deviation {
        id: "C19",
        reason: "a task has no such methods: to call them does not compile",
        lines: &["a task has no set_result", "a task has no set_exception"],
    },
    Deviation {
        id: "C23",
        reason: "the compiler warns of a future that is not awaited (must_use); at run time, to \
                 drop one is a program's right",
        lines: &[],
    },
    Deviation {
        id: "D13",
        reason: "a future becomes a task, as with all combinators; what is no list of futures, or \
                 no way to return, does not compile",
        lines: &[
            "ValueError(Set of Tasks/Futures is empty.)",
            "a future becomes a task: 1",
        ],
    },
    Deviation {
        id: "G03",
        reason: "to run what is no future does not compile",
        lines: &["RuntimeError(asyncio.run() cannot be called from a running event loop)"],
    },
    Deviation {
        id: "G04",
        reason: "to close a runner takes it, so that to use a closed one does not compile",
        lines: &["kept True"],
    },
];
