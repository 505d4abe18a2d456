//! The session: what a program holds, and what all its requests share.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use crate::config::SessionConfig;
use crate::connect::Connector;
use crate::error::Error;
use crate::into_url::LastUrl;
use crate::politeness::Manners;
use crate::pool::Pool;
use crate::unread::Spare;

/// A client: settings, and a pool of connections that are kept alive.
///
/// Clones stand for the same session. It belongs to the loop on which it is used. The aiohttp
/// counterpart is `ClientSession`.
///
/// ```
/// use looplet_http::Session;
/// use looplet_http::runtime::{run, start_server};
///
/// run(async {
///     let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
///         let _head = reader.read_until(b"\r\n\r\n").await;
///         writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
///     })
///     .await?;
///     let session = Session::new();
///     let mut response = session.get(format!("http://{}/", server.local_addr())).send().await?;
///     assert_eq!(response.status(), 200);
///     assert_eq!(response.text().await?, "hello");
///     Ok::<(), std::io::Error>(())
/// }).unwrap();
/// ```
#[derive(Clone)]
#[doc(alias = "ClientSession")]
pub struct Session {
    pub(crate) inner: Rc<Inner>,
}

/// What the requests of a session share.
pub(crate) struct Inner {
    pub(crate) config: SessionConfig,
    pub(crate) pool: Rc<Pool>,
    pub(crate) connector: Connector,
    pub(crate) manners: Manners,
    /// The buffer that heads are written into, kept for its memory.
    pub(crate) wire: Cell<Vec<u8>>,
    /// The buffer that answers are received into.
    pub(crate) spare: Spare,
    /// What knows the server that was asked last, so that its URLs are parsed faster.
    pub(crate) last_url: LastUrl,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Makes a session with the default settings.
    pub fn new() -> Self {
        Self::with(SessionConfig::default())
    }

    /// Makes a session with other settings.
    pub fn with(config: SessionConfig) -> Self {
        let config = config.with_codings();
        let (connect, tls, proxies) = (&config.connect, &config.tls, &config.proxies);
        let inner = Inner {
            pool: Pool::new(config.pool),
            connector: Connector::new(connect.clone(), tls.clone(), proxies.clone()),
            manners: Manners::new(config.politeness),
            wire: Cell::default(),
            spare: Spare::default(),
            last_url: LastUrl::default(),
            config,
        };
        Self {
            inner: Rc::new(inner),
        }
    }

    /// Closes idle connections and refuses new requests, those that wait for a place
    /// included. What has a connection goes on, and the connection is closed at its end.
    pub fn close(&self) {
        self.inner.pool.close();
    }

    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.inner.pool.is_closed() {
            return Err(Error::SessionClosed);
        }
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("pool", &self.inner.pool)
            .finish()
    }
}
