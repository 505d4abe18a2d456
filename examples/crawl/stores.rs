//! From the places that were asked for to an open frontier and sink. It blocks.

use crate::desk::Stores;
use crate::frontier::{Frontier, RedisFrontier, SqliteFrontier};
use crate::options::{FrontierAt, Places, SinkAt};
use crate::sink::{MySqlSink, Sink, SqliteSink};
use crate::trouble::Trouble;

/// Opens both. The sink comes first: if it cannot be had, nothing has begun.
pub(crate) fn open(places: Places, max_pages: u64) -> Result<Stores, Trouble> {
    let sink: Option<Box<dyn Sink>> = match places.sink {
        SinkAt::Frontier => None,
        SinkAt::File(path) => Some(Box::new(SqliteSink::open(&path)?)),
        SinkAt::MySql(address) => Some(Box::new(MySqlSink::open(&address)?)),
    };
    let sqlite = |path| SqliteFrontier::open(path, max_pages);
    let frontier: Box<dyn Frontier> = match places.frontier {
        FrontierAt::Memory => Box::new(sqlite(None)?),
        FrontierAt::File(path) => Box::new(sqlite(Some(&path))?),
        FrontierAt::Redis(address) => {
            Box::new(RedisFrontier::open(address, places.lease, max_pages)?)
        }
    };
    Ok(Stores { frontier, sink })
}
