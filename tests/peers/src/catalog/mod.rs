//! Which pieces of work there are, and who does them.
//!
//! Each says how often a thing is done in a full run and in a quick one. The quick figures show
//! that the program works, and roughly where things stand.

mod subjects;
mod runtimes;
mod clients;

/// All of it, in the order in which it is done.
pub(crate) fn benches() -> impl Iterator<Item = &'static Bench> {
    runtimes::BENCHES.iter().chain(clients::BENCHES)
}

/// One piece of work, and those who do it side by side.
pub(crate) struct Bench {
    /// What `--only` is compared with.
    pub(crate) name: &'static str,
    /// What the table is headed with.
    pub(crate) about: &'static str,
    /// What is done.
    pub(crate) work: Work,
    /// Which of the figures of a sample count here.
    pub(crate) units: &'static [&'static str],
    /// Who does it beside looplet.
    pub(crate) peers: &'static [&'static str],
}

/// What a subject is asked to do.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Something that needs nobody else, so many times.
    Alone { work: &'static str, count: Count },
    /// Echo messages on so many connections.
    Echo { connections: usize, messages: Count },
    /// Fetch pages.
    Fetch(Fetch),
    /// Fetch every page of the site of the canned server, from links in the others.
    Crawl { lanes: usize },
    /// The same, with the time that passes from the start of the process to its end.
    WholeFetch(Fetch),
    /// The same under a tool that counts, with so many pages, then twice as many: the difference
    /// is what the pages cost, without what starting costs.
    Counted(Tool, Fetch),
    /// Look at the small programs of `footprint/`, of which each GETs one page.
    Program(Aspect),
}

/// What is looked at in a small program.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Aspect {
    /// How long it takes to build, everything that it needs included.
    Build,
    /// How large it is, and how many crates it is made of.
    Size,
    /// What it costs to run, from its start to its end.
    Run,
}

/// How often a thing is done.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub(crate) full: u64,
    pub(crate) quick: u64,
}

/// What a client fetches.
#[derive(Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) server: Server,
    pub(crate) path: &'static str,
    /// Workers that fetch at the same time.
    pub(crate) lanes: usize,
    /// Pages that each of them fetches before anything is measured.
    pub(crate) warm: usize,
    /// Pages that all of them fetch together.
    pub(crate) pages: Count,
}

impl Fetch {
    /// Whether a page takes seconds, by the will of the server.
    pub(crate) fn is_slow(&self) -> bool {
        self.path.starts_with("/slow")
    }
}

/// Who has the pages.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Server {
    /// The partner that is faster than every client, on so many addresses.
    Canned { addresses: usize },
    /// A real one, of two files.
    Nginx,
}

/// A program that counts what another one does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tool {
    Callgrind,
    Strace,
}

impl Count {
    const fn new(full: u64, quick: u64) -> Self {
        Self { full, quick }
    }
}

/// The unit that most have.
pub(crate) const CPU: &[&str] = &["ns CPU"];
