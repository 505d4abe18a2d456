//! Sites to crawl, made by the test, so that they outlive each crawl.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a request that is waited for may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a path leads to.
pub(crate) struct Answer {
    /// The status, and further lines of the head.
    pub(crate) head: &'static str,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn html(body: impl Into<String>) -> Self {
        Self::new("200 OK\r\nContent-Type: text/html", body)
    }

    pub(crate) fn new(head: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self { head, body }
    }

    pub(crate) fn missing() -> Self {
        Self::new("404 Not Found", "")
    }
}

/// A site, until the test ends.
#[derive(Clone)]
pub(crate) struct Web {
    address: String,
    /// What was asked for, and when.
    log: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Web {
    /// Serves what `answer` says, on as many connections as are wanted.
    pub(crate) fn serve(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            address: listener.local_addr().unwrap().to_string(),
            log: Arc::default(),
        };
        let (own, answer) = (web.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (web, answer) = (own.clone(), answer.clone());
                thread::spawn(move || web.talk(&stream, &*answer));
            }
        });
        web
    }

    /// Pages from `/0` on, each of which takes `delay` and leads to a few others, some of them
    /// twice. `padding` bytes of text are on each.
    pub(crate) fn of_pages(pages: usize, delay: Duration, padding: usize) -> Self {
        Self::serve(move |path| {
            let Ok(number) = path.trim_start_matches('/').parse::<usize>() else {
                return Answer::missing();
            };
            thread::sleep(delay);
            let links = [number + 1, number * 3 + 1, number * 3 + 2, number * 3 + 1];
            let links = links.map(|link| format!("<a href='/{}#{number}'>", link % pages));
            let filling = "x".repeat(padding);
            let links = links.concat();
            Answer::html(format!("<title>page {number}</title>{links}{filling}"))
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// When a path was asked for.
    pub(crate) fn visits(&self, path: &str) -> Vec<Instant> {
        let log = self.log.lock().unwrap();
        let visits = log.iter().filter(|(asked, _)| asked == path);
        visits.map(|(_, time)| *time).collect()
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// Waits until there were so many requests.
    #[track_caller]
    pub(crate) fn wait_for(&self, requests: usize) {
        let begin = Instant::now();
        while self.requests() < requests {
            let late = begin.elapsed() > PATIENCE;
            assert!(!late, "{} requests, not {requests}", self.requests());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Answers the requests of a connection.
    fn talk(&self, mut stream: &TcpStream, answer: &dyn Fn(&str) -> Answer) {
        let mut lines = BufReader::new(stream).lines();
        while let Some(Ok(line)) = lines.next() {
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let path = line.split(' ').nth(1).unwrap_or_default();
            let now = Instant::now();
            self.log.lock().unwrap().push((path.to_string(), now));
            let Answer { head, body } = answer(path);
            let length = body.len();
            let all = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
            if stream.write_all(all.as_bytes()).is_err() {
                return;
            }
        }
    }
}
