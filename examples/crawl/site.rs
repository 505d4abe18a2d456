//! A site to crawl: a few hundred pages on loopback, served by looplet itself.
//!
//! Eight servers on eight ports stand for eight hosts. Their pages link to each other with
//! duplicates and cycles. Of every hundred pages, about ten are slow, ten sit behind a
//! redirect, and some are broken in the ways in which real sites are: missing, failing,
//! cut off, silent, or redirecting in a circle. Crawlers are asked to keep out of `/private/`.
//! Everything is computed from the number of the page, so the site is the same every time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use looplet::{Server, StreamReader, StreamWriter, sleep, start_server};
use url::Url;

const HOSTS: usize = 8;
/// What the hosts ask of crawlers.
const ROBOTS: &str = "User-agent: *\nDisallow: /private/\n";
/// Pages that exist, all hosts together.
pub(crate) const PAGES: usize = 400;

/// The running site.
pub(crate) struct Site {
    /// They answer as long as they are not dropped.
    servers: Vec<Server>,
}

impl Site {
    /// Starts the servers on ports that the system chooses.
    pub(crate) async fn start() -> io::Result<Site> {
        let addresses = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let mut servers = Vec::new();
        for _ in 0..HOSTS {
            let known = addresses.clone();
            let serve = async move |reader, writer| {
                let addresses: Vec<SocketAddr> = known.borrow().clone();
                // A client that goes away is no error of a server.
                let _ = serve(reader, writer, &addresses).await;
            };
            let server = start_server("127.0.0.1:0", serve).await?;
            addresses.borrow_mut().push(server.local_addr());
            servers.push(server);
        }
        Ok(Site { servers })
    }

    /// The first page of each host.
    pub(crate) fn pages(&self) -> Vec<Url> {
        let servers = self.servers.iter().enumerate();
        let urls =
            servers.map(|(number, server)| format!("http://{}/page/{number}", server.local_addr()));
        urls.map(|url| Url::parse(&url).expect("a socket address makes a URL"))
            .collect()
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(reader: StreamReader, writer: StreamWriter, hosts: &[SocketAddr]) -> io::Result<()> {
    loop {
        let head = match reader.read_until(b"\r\n\r\n").await {
            Ok(head) => String::from_utf8_lossy(&head).into_owned(),
            Err(_) => return Ok(()),
        };
        let path = head.split(' ').nth(1).unwrap_or("/");
        match answer(path, hosts) {
            Answer::Page { html, delay } => {
                sleep(delay).await;
                respond(&writer, "200 OK", "text/html; charset=utf-8", &html).await?;
            }
            Answer::Robots => respond(&writer, "200 OK", "text/plain", ROBOTS).await?,
            Answer::Image => respond(&writer, "200 OK", "image/png", "(not really)").await?,
            Answer::Redirect(to) => {
                let head =
                    format!("HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                writer.write_all(head.as_bytes()).await?;
            }
            Answer::Status(status) => {
                respond(&writer, status, "text/html", "<title>Sorry</title>").await?;
            }
            Answer::CutOff => {
                return writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>").await;
            }
            Answer::Nothing => return Ok(()),
        }
    }
}

async fn respond(writer: &StreamWriter, status: &str, kind: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    writer.write_all((head + body).as_bytes()).await
}

enum Answer {
    Page { html: String, delay: Duration },
    Robots,
    Image,
    Redirect(String),
    Status(&'static str),
    CutOff,
    Nothing,
}

fn answer(path: &str, hosts: &[SocketAddr]) -> Answer {
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let (kind, rest) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    match (kind, rest.parse::<usize>()) {
        ("page", Ok(number)) if number < PAGES => page(number, hosts),
        ("old", Ok(number)) => Answer::Redirect(format!("/page/{number}")),
        ("circle", Ok(number)) => Answer::Redirect(format!("/circle/{}", (number + 1) % 3)),
        ("robots.txt", Err(_)) => Answer::Robots,
        ("image", Ok(_)) => Answer::Image,
        ("fails", Ok(_)) => Answer::Status("500 Internal Server Error"),
        ("cut", Ok(_)) => Answer::CutOff,
        ("silent", Ok(_)) => Answer::Nothing,
        _ => Answer::Status("404 Not Found"),
    }
}

/// A page: up to six links to others, some under their old address, and now and then one that
/// leads nowhere.
fn page(number: usize, hosts: &[SocketAddr]) -> Answer {
    let mut links = Vec::new();
    for step in [1, 2, 7, 30, 150, number + 1] {
        let target = (number + step) % PAGES;
        let folder = if target % 10 == 3 { "old" } else { "page" };
        links.push(link(folder, target, hosts));
    }
    links.push(format!("#part{number}"));
    match number % 100 {
        5 => links.push(link("missing", number, hosts)),
        15 => links.push(link("fails", number, hosts)),
        25 => links.push(link("cut", number, hosts)),
        35 => links.push(link("silent", number, hosts)),
        45 => links.push(link("circle", 0, hosts)),
        65 => links.push(link("private", number, hosts)),
        55 | 75 => links.push(link("image", number, hosts)),
        _ => {}
    }
    let links: String = links
        .iter()
        .map(|to| format!("<li><a href=\"{to}\">{to}</a>\n"))
        .collect();
    let html = format!(
        "<!doctype html><title>Page {number}</title><h1>Page {number}</h1><ul>{links}</ul>"
    );
    let delay = Duration::from_millis(if number % 10 == 7 { 300 } else { 30 });
    Answer::Page { html, delay }
}

/// A link to a page on the host that has it.
fn link(folder: &str, number: usize, hosts: &[SocketAddr]) -> String {
    format!("http://{}/{folder}/{number}", hosts[number % hosts.len()])
}
