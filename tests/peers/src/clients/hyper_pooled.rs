//! hyper-util's client: hyper with a pool.

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::TokioCt;

type Pooled = Pool<HttpConnector, Empty<Bytes>>;

pub(super) struct HyperPooled {
    pool: Pooled,
}

impl Client for HyperPooled {
    type Runtime = TokioCt;
    type Lane = Pooled;
    type Body = Bytes;

    fn new(lanes: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Pool::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(lanes);
        Self {
            pool: builder.build(connector),
        }
    }

    fn lane(&self) -> Pooled {
        self.pool.clone()
    }

    async fn get(pool: &mut Pooled, page: &Target) -> Result<Bytes, String> {
        let request = Request::get(page.url.as_str())
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = pool.request(request).await;
        let body = response.map_err(|error| error.to_string())?.into_body();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes())
    }
}
