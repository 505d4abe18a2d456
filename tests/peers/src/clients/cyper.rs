//! cyper: hyper, and the pool of hyper-util, on compio.

use cyper::Client as Session;
use hyper::body::Bytes;

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::Compio;

pub(super) struct Cyper {
    session: Session,
}

impl Client for Cyper {
    type Runtime = Compio;
    type Lane = Session;
    type Body = Bytes;

    fn new(_: usize) -> Self {
        Self {
            session: Session::new().expect("the settings are valid"),
        }
    }

    fn lane(&self) -> Session {
        self.session.clone()
    }

    async fn get(session: &mut Session, page: &Target) -> Result<Bytes, String> {
        let request = session.get(page.url.as_str());
        let request = request.map_err(|error| error.to_string())?;
        let response = request.send().await.map_err(|error| error.to_string())?;
        response.bytes().await.map_err(|error| error.to_string())
    }
}
