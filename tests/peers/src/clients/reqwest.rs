//! reqwest, without the features that this work does not need.

use hyper::body::Bytes;
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
    type Body = Bytes;

    fn new(_: usize) -> Self {
        Self {
            session: Session::new(),
        }
    }

    fn lane(&self) -> Session {
        self.session.clone()
    }

    async fn get(session: &mut Session, page: &Target) -> Result<Bytes, String> {
        let response = session.get(page.url.as_str()).send().await;
        let response = response.map_err(|error| error.to_string())?;
        response.bytes().await.map_err(|error| error.to_string())
    }
}
