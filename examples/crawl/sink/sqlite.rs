//! Articles in a file of SQLite's.
//!
//! A file says by its `application_id` that it is a crawl's; tables of other programs are never
//! written into. Its changes are in a log beside it (`FILE-wal`) before they are in the file, so
//! a process may be killed at any moment: a transaction is there as a whole or not at all.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, Error, Transaction, TransactionBehavior};

use super::{Article, Sink};
use crate::trouble::Trouble;

/// What stands in the header of a file that is a crawl's: `loop`, as a number.
const APPLICATION: i32 = 0x6c6f_6f70;
/// The layout of the tables.
const LAYOUT: i32 = 1;
/// How long a process waits for others that write into the same file.
const PATIENCE: Duration = Duration::from_secs(10);

const ARTICLES: &str = "
    CREATE TABLE IF NOT EXISTS articles (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        html TEXT NOT NULL
    );";

/// Whether other processes may use a file at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They wait for each other.
    Shared,
    /// It is locked for as long as it is open. A killed process leaves no lock.
    Alone,
}

/// An open file, with a table of articles.
pub(crate) struct SqliteFile {
    /// Its settings are made.
    connection: Connection,
    /// Its name, for errors.
    place: String,
}

impl SqliteFile {
    /// Opens a file, or makes it, with `tables` beside the articles. `None` is memory.
    pub(crate) fn open(
        path: Option<&Path>,
        sharing: Sharing,
        tables: &str,
    ) -> Result<Self, Trouble> {
        let place = path.map_or("memory".into(), |path| path.display().to_string());
        let connection = match path {
            Some(path) => {
                // The system knows better than SQLite why a file cannot be opened.
                let mut options = OpenOptions::new();
                let options = options.read(true).write(true).create(true);
                let opened = options.truncate(false).open(path);
                opened.map_err(|error| Trouble::new(&place, error))?;
                Connection::open(path)
            }
            None => Connection::open_in_memory(),
        };
        let connection = connection.map_err(|error| Trouble::new(&place, explain(&error)))?;
        let mut file = Self { connection, place };
        file.prepare(sharing, tables)?;
        Ok(file)
    }

    fn prepare(&mut self, sharing: Sharing, tables: &str) -> Result<(), Trouble> {
        let (locking, patience) = match sharing {
            Sharing::Shared => ("NORMAL", PATIENCE),
            Sharing::Alone => ("EXCLUSIVE", Duration::ZERO),
        };
        let set = self.connection.busy_timeout(patience);
        // It comes first: a file that is locked needs no second one to share its log with.
        let locking = format!("PRAGMA locking_mode = {locking}");
        let set = set.and_then(|()| self.connection.execute_batch(&locking));
        let owner = set.and_then(|()| read_pragma(&self.connection, "application_id"));
        let owner = owner.map_err(|error| self.trouble(&error))?;
        let own = self.transact(|transaction| {
            let tables = "SELECT count(*) FROM sqlite_schema";
            let empty = transaction.query_row(tables, (), |row| row.get::<_, i64>(0))? == 0;
            let layout = read_pragma(transaction, "user_version")?;
            Ok((owner == 0 && empty) || (owner == APPLICATION && layout == LAYOUT))
        })?;
        if !own {
            let cause = "it is a database, but not one of this crawler";
            return Err(Trouble::new(&self.place, cause));
        }
        let log = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";
        let set = self.connection.execute_batch(log);
        set.map_err(|error| self.trouble(&error))?;
        self.transact(|transaction| {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", LAYOUT)?;
            transaction.execute_batch(ARTICLES)?;
            transaction.execute_batch(tables)
        })
    }

    /// Runs `work` in a transaction, which is undone if it fails.
    pub(crate) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        let run = || {
            // One that has to wait for others waits at its beginning.
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(|error| self.trouble(&error))
    }

    fn trouble(&self, error: &Error) -> Trouble {
        Trouble::new(&self.place, explain(error))
    }
}

fn read_pragma(connection: &Connection, name: &str) -> Result<i32, Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// What an error means for who started the crawl.
fn explain(error: &Error) -> String {
    let cause = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process is using it",
        Some(ErrorCode::NotADatabase) => "it is no database of SQLite",
        Some(ErrorCode::ReadOnly) => "it cannot be written to",
        Some(ErrorCode::DiskFull) => "the disk is full",
        _ => return error.to_string(),
    };
    cause.to_string()
}

/// Stores articles that are not there yet.
pub(crate) fn insert_articles<'a>(
    transaction: &Transaction<'_>,
    articles: impl IntoIterator<Item = &'a Article>,
) -> Result<(), Error> {
    let mut insert = transaction.prepare(
        "INSERT INTO articles (url, title, html) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    for article in articles {
        insert.execute((article.url.as_str(), &article.title, &article.html))?;
    }
    Ok(())
}

/// A file for articles alone, which several crawlers may share.
pub(crate) struct SqliteSink(SqliteFile);

impl SqliteSink {
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        SqliteFile::open(Some(path), Sharing::Shared, "").map(Self)
    }
}

impl Sink for SqliteSink {
    fn store(&mut self, articles: &[Article]) -> Result<(), Trouble> {
        self.0
            .transact(|transaction| insert_articles(transaction, articles))
    }
}
