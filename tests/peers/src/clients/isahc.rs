//! isahc: libcurl on a thread of its own, asked from this one.

use isahc::{AsyncReadResponseExt, HttpClient};

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::LocalPool;

pub(super) struct Isahc {
    session: HttpClient,
}

impl Client for Isahc {
    type Runtime = LocalPool;
    type Lane = HttpClient;
    type Body = Vec<u8>;

    fn new(lanes: usize) -> Self {
        let builder = HttpClient::builder().connection_cache_size(lanes);
        Self {
            session: builder.build().expect("the settings are valid"),
        }
    }

    fn lane(&self) -> HttpClient {
        self.session.clone()
    }

    async fn get(session: &mut HttpClient, page: &Target) -> Result<Vec<u8>, String> {
        let response = session.get_async(page.url.as_str()).await;
        let mut response = response.map_err(|error| error.to_string())?;
        response.bytes().await.map_err(|error| error.to_string())
    }
}
