//! looplet-http: a session.

use looplet_http::{PoolLimits, Session, SessionConfig};

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::Looplet;

pub(super) struct LoopletHttp {
    session: Session,
}

impl Client for LoopletHttp {
    type Runtime = Looplet;
    type Lane = Session;
    type Body = Vec<u8>;

    fn new(lanes: usize) -> Self {
        let pool = PoolLimits {
            total: lanes,
            per_host: lanes,
            idle: lanes,
            ..PoolLimits::default()
        };
        let config = SessionConfig {
            pool,
            ..SessionConfig::default()
        };
        Self {
            session: Session::with(config),
        }
    }

    fn lane(&self) -> Session {
        self.session.clone()
    }

    async fn get(session: &mut Session, page: &Target) -> Result<Vec<u8>, String> {
        let response = session.get(page.url.as_str()).send().await;
        let mut response = response.map_err(|error| error.to_string())?;
        response.bytes().await.map_err(|error| error.to_string())
    }
}
