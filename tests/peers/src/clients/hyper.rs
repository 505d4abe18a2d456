//! hyper without a pool: each lane has a connection of its own.

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Error, Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::job::Target;
use super::lanes::Client;
use crate::runtimes::TokioCt;

type Connection = SendRequest<Empty<Bytes>>;

pub(super) struct Hyper;

impl Client for Hyper {
    type Runtime = TokioCt;
    type Lane = Option<Connection>;
    type Body = Bytes;

    fn new(_: usize) -> Self {
        Self
    }

    fn lane(&self) -> Option<Connection> {
        None
    }

    async fn get(lane: &mut Option<Connection>, page: &Target) -> Result<Bytes, String> {
        let mut connection = match lane.take() {
            Some(connection) => connection,
            None => connect(page).await?,
        };
        let body = exchange(&mut connection, page).await;
        if !page.closes() {
            *lane = Some(connection);
        }
        body.map_err(|error| error.to_string())
    }
}

async fn connect(page: &Target) -> Result<Connection, String> {
    let stream = TcpStream::connect((page.host, page.port)).await;
    let stream = stream.map_err(|error| error.to_string())?;
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

async fn exchange(connection: &mut Connection, page: &Target) -> Result<Bytes, Error> {
    connection.ready().await?;
    let request = Request::get(page.path.as_str())
        .header(HOST, format!("{}:{}", page.host, page.port))
        .body(Empty::new())
        .expect("the path and the host are valid");
    let response: Response<Incoming> = connection.send_request(request).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}
