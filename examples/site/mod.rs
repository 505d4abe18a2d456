//! The site that the crawlers of the gallery visit: galleries, videos, playlists, a web of links.
//!
//! It stands for the public sites that the notes behind the gallery crawl, so that no example
//! needs one. Everything is computed from the path, so it is the same every time; a slow page
//! is slow by a timer, so all are served at the same time.
//!
//! # Rules
//!
//! 1. A connection carries one request after the other, until the client asks for the end.
//! 2. Links are made with the `Host` of the request: the site does not know where it is.
//! 3. `/stats` tells, for each first part of a path, how many requests there were, for how many
//!    paths, and how many at once.
//!
//! Absent: everything that a server for other people needs. It believes its clients, and answers
//! every method alike.

#![allow(dead_code, reason = "each program needs one way to start it")]

mod film;
mod media;
mod pages;
mod request;
mod stats;

use std::io;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use looplet::{
    EventLoop, ServeError, Server, StreamReader, StreamWriter, get_running_loop, sleep_until,
    start_server,
};

use pages::Page;
use request::Request;
use stats::Stats;

/// The running site.
pub(crate) struct Site {
    /// Answers as long as the site is not dropped.
    server: Server,
}

impl Site {
    /// Starts the site at `address`. It waits `1 / speed` of what its pages say.
    pub(crate) async fn start(address: &str, speed: f64) -> io::Result<Self> {
        let stats = Rc::new(Stats::default());
        let serve = async move |reader, writer| {
            // A client that goes away is no error of a server.
            let _ = serve(reader, writer, &stats, speed).await;
        };
        let server = start_server(address, serve).await?;
        Ok(Self { server })
    }

    /// Starts the site on a thread of its own, for programs that block, and returns its URL.
    pub(crate) fn on_a_thread(speed: f64) -> io::Result<String> {
        let (tell, told) = mpsc::channel();
        let event_loop_thread = move || {
            let site = async move {
                let site = Site::start("127.0.0.1:0", speed).await;
                let _ = tell.send(site.as_ref().map(Site::url).map_err(io::Error::kind));
                let _ = site?.serve_forever().await;
                Ok::<(), io::Error>(())
            };
            let _ = EventLoop::new().map(|event_loop| event_loop.run_until_complete(site));
        };
        thread::Builder::new()
            .name("site".to_string())
            .spawn(event_loop_thread)?;
        let url = told.recv().map_err(io::Error::other)?;
        url.map_err(io::Error::from)
    }

    /// Where it is, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.local_addr())
    }

    /// Serves until somebody cancels it.
    pub(crate) async fn serve_forever(&self) -> Result<(), ServeError> {
        self.server.serve_forever().await
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(
    reader: StreamReader,
    writer: StreamWriter,
    stats: &Stats,
    speed: f64,
) -> io::Result<()> {
    while let Some(request) = Request::read(&reader).await? {
        let visit = stats.enter(&request.path);
        let page = match request.path.as_str() {
            "/stats" => Page::json(stats.to_json()),
            _ => pages::answer(&request),
        };
        let ready_at = get_running_loop().time() + page.delay.div_f64(speed);
        sleep_until(ready_at).await;
        drop(visit);
        respond(&writer, &request, &page).await?;
        if request.closes {
            return Ok(());
        }
    }
    Ok(())
}

async fn respond(writer: &StreamWriter, request: &Request, page: &Page) -> io::Result<()> {
    let (status, kind, length) = (page.status, page.kind, page.body.len());
    let connection = if request.closes {
        "close"
    } else {
        "keep-alive"
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: {connection}\r\n\r\n"
    );
    writer.write(head.as_bytes());
    writer.write_all(&page.body).await
}
