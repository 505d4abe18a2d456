//! Articles in a table of MySQL or MariaDB, which any number of crawlers may share.

use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Conn, Error, IsolationLevel, Opts, OptsBuilder, Params, TxOpts};
use url::Url;

use super::{Article, Sink, without_password};
use crate::trouble::Trouble;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// URLs are ASCII and differ by case. Longer ones would make no key.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS articles (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        url VARCHAR(3000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
        title MEDIUMTEXT NOT NULL,
        html LONGTEXT NOT NULL
    ) ENGINE = InnoDB CHARACTER SET utf8mb4";
/// `INSERT IGNORE` would take more than duplicates for fine.
const INSERT: &str = "
    INSERT INTO articles (url, title, html) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE url = url";
/// How often a transaction is tried that gets in the way of others.
const ATTEMPTS: usize = 5;
/// What a packet holds beside the article.
const ENVELOPE: usize = 16 * 1024;

/// A table in a database.
pub(crate) struct MySqlSink {
    /// Answers one call after the other.
    connection: Conn,
    /// The URL without password.
    place: String,
    /// Bytes that an article may have.
    largest: usize,
}

impl MySqlSink {
    /// Connects to `mysql://USER:PASSWORD@HOST[:PORT]/DATABASE` and makes the table, unless it is
    /// there.
    pub(crate) fn open(address: &Url) -> Result<Self, Trouble> {
        let place = without_password(address);
        let open = || {
            let options =
                OptsBuilder::from_opts(Opts::from_url(address.as_str()).map_err(Error::from)?)
                    .prefer_socket(false)
                    .tcp_connect_timeout(Some(PATIENCE));
            let mut connection = Conn::new(options)?;
            connection.query_drop(TABLE)?;
            let largest: Option<usize> = connection.query_first("SELECT @@max_allowed_packet")?;
            Ok((connection, largest.unwrap_or(0).saturating_sub(ENVELOPE)))
        };
        let opened = open().map_err(|error| Trouble::new(&place, explain(&error)));
        let (connection, largest) = opened?;
        Ok(Self {
            connection,
            place,
            largest,
        })
    }

    /// Stores articles in a transaction.
    fn try_store(&mut self, articles: &[Article]) -> Result<(), Error> {
        // The usual level locks the gaps between keys, too, and others wait there.
        let options = TxOpts::default().set_isolation_level(Some(IsolationLevel::ReadCommitted));
        let mut transaction = self.connection.start_transaction(options)?;
        let rows = articles
            .iter()
            .map(|article| Params::from((article.url.as_str(), &article.title, &article.html)));
        transaction.exec_batch(INSERT, rows)?;
        transaction.commit()
    }
}

impl Sink for MySqlSink {
    fn store(&mut self, articles: &[Article]) -> Result<(), Trouble> {
        let mut result = self.try_store(articles);
        for _ in 1..ATTEMPTS {
            if result.as_ref().is_err_and(is_deadlock) {
                result = self.try_store(articles);
            }
        }
        result.map_err(|error| Trouble::new(&self.place, explain(&error)))
    }

    fn largest(&self) -> usize {
        self.largest
    }
}

/// Whether this transaction was undone so that another one could go on.
fn is_deadlock(error: &Error) -> bool {
    matches!(error, Error::MySqlError(error) if error.code == 1213)
}

/// What an error means for who started the crawl.
fn explain(error: &Error) -> String {
    match error {
        Error::MySqlError(error) => error.message.clone(),
        Error::IoError(error) => error.to_string(),
        Error::DriverError(error) => error.to_string(),
        Error::UrlError(error) => error.to_string(),
        error => error.to_string(),
    }
}
