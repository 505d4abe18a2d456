//! A request, as far as the site looks at it.

use std::io;

use looplet::StreamReader;

/// Bytes of a body that the site reads.
const BODY_BYTES: usize = 1024 * 1024;

/// One request.
pub(crate) struct Request {
    /// What is asked for, without what follows a `?`.
    pub(crate) path: String,
    /// What follows the `?`, as it was sent.
    pub(crate) query: String,
    /// The names and values of the head, in its order.
    pub(crate) headers: Vec<(String, String)>,
    /// What was sent with it.
    pub(crate) body: String,
    /// Whether the client wants the connection to end with the answer.
    pub(crate) closes: bool,
}

impl Request {
    /// Reads the next request; `None` at the end of the connection.
    pub(crate) async fn read(reader: &StreamReader) -> io::Result<Option<Self>> {
        let Ok(head) = reader.read_until(b"\r\n\r\n").await else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let target = lines.next().and_then(|line| line.split(' ').nth(1));
        let target = without_site(target.unwrap_or("/"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self {
            path: path.to_string(),
            query: query.to_string(),
            headers: lines.filter_map(header).collect(),
            body: String::new(),
            closes: false,
        };
        request.closes = request.header("connection").eq_ignore_ascii_case("close");
        let length = request.header("content-length").parse().unwrap_or(0);
        let body = reader.read_exactly(BODY_BYTES.min(length)).await;
        let body = body.map_err(io::Error::other)?;
        request.body = String::from_utf8_lossy(&body).into_owned();
        Ok(Some(request))
    }

    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The URL of the site, as the client knows it.
    pub(crate) fn site(&self) -> String {
        format!("http://{}", self.header("host"))
    }
}

/// What a client asks a proxy for names the site; what is at the site is the same.
fn without_site(target: &str) -> &str {
    let Some(rest) = target.strip_prefix("http://") else {
        return target;
    };
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_string(), value.trim().to_string()))
}
