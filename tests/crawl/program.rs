//! Runs the program, each time in a folder of its own.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;

/// A folder to run in. Dropping it removes it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("looplet-crawl-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The crawl, in this folder.
    pub(crate) fn crawl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(&self.0);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the crawl to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.crawl(arguments).output().unwrap())
    }

    #[track_caller]
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running(self.crawl(arguments).spawn().unwrap())
    }

    /// The only database in the folder.
    #[track_caller]
    pub(crate) fn database(&self) -> PathBuf {
        let files = fs::read_dir(&self.0).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        let found = files.find(|path| path.extension().is_some_and(|kind| kind == "db"));
        found.expect("there is a database")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program, which cargo has built beside the tests.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join("crawl")
}

/// A crawl that goes on. Dropping it ends it.
pub(crate) struct Running(Child);

impl Running {
    /// `kill -9`. Returns whether it was still running.
    pub(crate) fn kill(&mut self) -> bool {
        let running = self.0.try_wait().unwrap().is_none();
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        running
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let (stdout, stderr) = (self.0.stdout.take(), self.0.stderr.take());
        let read = |from: &mut dyn std::io::Read| {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let stdout = read(&mut stdout.unwrap());
        let stderr = read(&mut stderr.unwrap());
        let status = self.0.wait().unwrap();
        Ended::of(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or ends now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How a crawl has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that all was well.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:?}");
        assert_eq!(self.stderr, "");
        self
    }

    /// Asserts that it was refused with one line that says all of this.
    #[track_caller]
    pub(crate) fn refused(&self, parts: &[&str]) {
        assert_eq!(self.status, Some(2), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in {self:?}");
        }
    }

    /// The number in the row of the table that begins like this.
    #[track_caller]
    pub(crate) fn count(&self, row: &str) -> u64 {
        let rows = self.stdout.lines().map(str::trim_start);
        let mut rows = rows.filter_map(|line| line.strip_prefix(row));
        let number = rows.next().and_then(|rest| rest.split_whitespace().next());
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("no row {row} in {self:?}"))
    }
}

/// What a table of articles holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) rows: u64,
    /// Different ones, by what is written on the page, not by their keys.
    pub(crate) articles: u64,
}

/// Counts the articles in a file.
#[track_caller]
pub(crate) fn kept_in(file: &Path) -> Kept {
    let connection = Connection::open(file).unwrap();
    let query = "SELECT count(*), count(DISTINCT title || html) FROM articles";
    let count = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let kept = connection.query_row(query, (), |row| {
        Ok(Kept {
            rows: count(row, 0)?,
            articles: count(row, 1)?,
        })
    });
    kept.unwrap()
}

/// A time that is different in every run, below `limit`.
pub(crate) fn moment(limit: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) >> 40;
    limit.mul_f64(random as f64 / f64::from(1 << 24))
}
