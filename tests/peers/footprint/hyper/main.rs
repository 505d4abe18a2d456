//! One GET with hyper: one connection, no pool, and a URL that is taken apart by hand.

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;

type Error = Box<dyn std::error::Error>;

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let runtime = Builder::new_current_thread().enable_io().build();
    let runtime = runtime.expect("there are descriptors for a runtime");
    println!("{}", runtime.block_on(get(&url)).expect("a page"));
}

async fn get(url: &str) -> Result<usize, Error> {
    let rest = url.strip_prefix("http://").ok_or("not http")?;
    let (host, _) = rest.split_once('/').ok_or("no path")?;
    let stream = TcpStream::connect(host).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(&rest[host.len()..])
        .header(HOST, host)
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    Ok(response.into_body().collect().await?.to_bytes().len())
}
