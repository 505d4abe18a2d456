//! Pages and articles in one file of SQLite's, for one process at a time.
//!
//! A lease is no more than a place in the order: pages are leased by their numbers, and those
//! below the last one given out that have not ended are in flight. A process that begins anew
//! begins at the lowest number, so what was in flight is leased once more, and nothing has to
//! be written when a page is leased.

use std::path::Path;

use rusqlite::{Error, Transaction};
use url::Url;

use super::{Finished, Frontier, NO_CRAWL, Taken, read_urls};
use crate::sink::{Sharing, SqliteFile, insert_articles};
use crate::trouble::Trouble;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS pages (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        seed INTEGER NOT NULL DEFAULT 0,
        ended TEXT
    );
    CREATE INDEX IF NOT EXISTS waiting ON pages (id) WHERE ended IS NULL;";

/// A frontier in a file, or in memory.
pub(crate) struct SqliteFrontier {
    /// It holds all of it.
    file: SqliteFile,
    /// The name of the file, if it is one.
    place: Option<String>,
    /// Pages that there may be.
    max_pages: u64,
    /// Pages that are known.
    known: u64,
    /// Those of them that have not ended.
    open: u64,
    /// The number of the page that was leased last.
    last: i64,
}

impl SqliteFrontier {
    /// Opens a file, or makes it. `None` is memory.
    pub(crate) fn open(path: Option<&Path>, max_pages: u64) -> Result<Self, Trouble> {
        Ok(Self {
            file: SqliteFile::open(path, Sharing::Alone, TABLES)?,
            place: path.map(|path| path.display().to_string()),
            max_pages,
            known: 0,
            open: 0,
            last: 0,
        })
    }

    /// What to call it in errors.
    fn name(&self) -> &str {
        self.place.as_deref().unwrap_or("memory")
    }
}

impl Frontier for SqliteFrontier {
    fn begin(&mut self, seeds: &[Url]) -> Result<Vec<Url>, Trouble> {
        let (known, open, seeds) = self.file.transact(|transaction| {
            for seed in seeds {
                let add = "INSERT INTO pages (url, seed) VALUES (?, 1)
                    ON CONFLICT DO UPDATE SET seed = 1";
                transaction.execute(add, (seed.as_str(),))?;
            }
            let mut open = count(transaction, "WHERE ended IS NULL")?;
            if open == 0 {
                let again = "UPDATE pages SET ended = NULL WHERE ended LIKE 'lost: %'";
                open = transaction.execute(again, ())? as u64;
            }
            let known = count(transaction, "")?;
            let mut seeds = transaction.prepare("SELECT url FROM pages WHERE seed")?;
            let seeds = seeds.query_map((), |row| row.get::<_, String>(0))?;
            Ok((known, open, seeds.collect::<Result<Vec<_>, _>>()?))
        })?;
        if seeds.is_empty() {
            return Err(Trouble::new(self.name(), NO_CRAWL));
        }
        (self.known, self.open) = (known, open);
        read_urls(&seeds, self.name())
    }

    fn take(&mut self, count: usize) -> Result<Taken, Trouble> {
        let after = self.last;
        let rows: Vec<(i64, String)> = self.file.transact(|transaction| {
            let mut next = transaction.prepare(
                "SELECT id, url FROM pages WHERE ended IS NULL AND id > ? ORDER BY id LIMIT ?",
            )?;
            let rows = next.query_map((after, count as i64), |row| Ok((row.get(0)?, row.get(1)?)));
            rows?.collect()
        })?;
        self.last = rows.last().map_or(after, |(id, _)| *id);
        Ok(Taken {
            pages: read_urls(rows.iter().map(|(_, url)| url), self.name())?,
            known: self.known,
            open: self.open,
        })
    }

    fn finish(&mut self, pages: &[Finished]) -> Result<Vec<bool>, Trouble> {
        let room = self.max_pages.saturating_sub(self.known);
        let (ended, added) = self.file.transact(|transaction| {
            let ended = end(transaction, pages)?;
            let news = pages.iter().zip(&ended).filter(|(_, ended)| **ended);
            let news: Vec<&Finished> = news.map(|(page, _)| page).collect();
            let articles = news.iter().filter_map(|page| page.article.as_ref());
            insert_articles(transaction, articles)?;
            let links = news.iter().flat_map(|page| &page.links);
            let added = add(transaction, links, room)?;
            Ok((ended, added))
        })?;
        self.known += added;
        self.open += added;
        self.open -= ended.iter().filter(|ended| **ended).count() as u64;
        Ok(ended)
    }

    fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

fn count(transaction: &Transaction<'_>, condition: &str) -> Result<u64, Error> {
    let query = format!("SELECT count(*) FROM pages {condition}");
    let count: i64 = transaction.query_row(&query, (), |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Marks pages as ended. For each, returns whether it had not ended before.
fn end(transaction: &Transaction<'_>, pages: &[Finished]) -> Result<Vec<bool>, Error> {
    let mut end =
        transaction.prepare("UPDATE pages SET ended = ? WHERE url = ? AND ended IS NULL")?;
    let ended = pages.iter().map(|page| {
        let changed = end.execute((page.outcome.label(), page.url.as_str()))?;
        Ok(changed == 1)
    });
    ended.collect()
}

/// Adds pages that are not known, as long as there is room. Returns how many.
fn add<'a>(
    transaction: &Transaction<'_>,
    links: impl Iterator<Item = &'a Url>,
    room: u64,
) -> Result<u64, Error> {
    let mut add =
        transaction.prepare("INSERT INTO pages (url) VALUES (?) ON CONFLICT DO NOTHING")?;
    let mut added = 0;
    for link in links {
        if added == room {
            break;
        }
        added += add.execute((link.as_str(),))? as u64;
    }
    Ok(added)
}
