//! reqwest, without the features that this work does not need.

use reqwest::Client as Session;

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::TokioCt;

pub(super) struct Reqwest {
    session: Session,
}

impl Client for Reqwest {
    type Runtime = TokioCt;
    type Lane = Session;

    fn new(_: usize) -> Self {
        Self {
            session: Session::new(),
        }
    }

    fn lane(&self) -> Session {
        self.session.clone()
    }

    async fn get(session: &mut Session, page: &Target) -> Result<usize, String> {
        let response = session.get(page.url.as_str()).send().await;
        let response = response.map_err(|error| error.to_string())?;
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        Ok(body.len())
    }
}
