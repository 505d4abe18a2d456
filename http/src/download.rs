//! A response as a file, which is whole or not there.
//!
//! What comes is written beside the file, under its name with `.part` behind it, and takes the
//! name of the file when all of it is there. A download that was broken off goes on where it
//! was, if the server has the same content still (RFC 9110, sections 13.1.5 and 14).
//!
//! # Rules
//!
//! 1. The file is replaced in one step, after its content has reached the disk.
//! 2. A part is continued only with what says that it belongs to the same content: a strong
//!    `ETag`, or a `Last-Modified` that is as good as one, kept beside it. Without one, it is
//!    begun anew.
//! 3. A server that sends something else than was asked for is believed only if what it says
//!    about it fits: a 206 must begin where the part ends and end where the content does.
//! 4. No coding is asked for: a part of coded data could not be continued.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use looplet::fs::{self, File};

use crate::error::Error;
use crate::failure::Failure;
use crate::message::{ResponseHead, StatusCode};
use crate::request_builder::RequestBuilder;
use crate::response::{Response, shown};

/// How much is written at once.
const PIECE: usize = 256 * 1024;

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Bytes of the file.
    pub length: u64,
    /// How many of them were there before.
    pub resumed_at: u64,
}

impl RequestBuilder {
    /// Sends the request and saves the body of the answer as the file `path`, when all of it is
    /// there. What an earlier call has left of it is continued.
    ///
    /// Until then, it is in `path` with `.part` behind it; beside that, in `.part.of`, is what
    /// the server calls the content. A status other than 2xx is an error and changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send); [`Error::Status`]; [`Error::File`] with the path;
    /// [`Error::BadRange`] if the server sends another part than it was asked for. What has come
    /// before an error of the network is kept for the next call.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the part, for the next call.
    ///
    /// ```
    /// use looplet_http::Session;
    /// use looplet_http::runtime::{run, start_server};
    ///
    /// run(async {
    ///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
    ///     #     let _head = reader.read_until(b"\r\n\r\n").await;
    ///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    ///     # }).await?;
    ///     # let url = format!("http://{}/", server.local_addr());
    ///     # let path = std::env::temp_dir().join(format!("looplet-saved-{}", std::process::id()));
    ///     let saved = Session::new().get(url).download(&path).await?;
    ///     assert_eq!((saved.length, saved.resumed_at), (5, 0));
    ///     # std::fs::remove_file(path)?;
    ///     Ok::<(), std::io::Error>(())
    /// }).unwrap();
    /// ```
    pub async fn download(mut self, path: impl AsRef<Path>) -> Result<Downloaded, Failure> {
        let progress = self.record();
        let paths = Paths::of(path.as_ref());
        let failed = |error, url| Failure::new(error, url, &progress);
        let found = Part::find(&paths).await;
        let mut part = found.map_err(|error| failed(error, None))?;
        let request = self.set_header("Accept-Encoding", "identity");
        let mut response = request.clone().after(part.as_ref()).send().await?;
        if part.as_ref().is_some_and(|part| part.is_useless(&response)) {
            // Without it, any server knows an answer.
            part = None;
            response = request.send().await?;
        }
        let url = response.url().clone();
        let saved = save(response, part, &paths).await;
        saved.map_err(|error| failed(error, Some(&url)))
    }

    /// Asks for what follows a part.
    fn after(self, part: Option<&Part>) -> Self {
        match part {
            None => self,
            Some(part) => self
                .set_header("Range", format!("bytes={}-", part.length))
                .set_header("If-Range", &part.of),
        }
    }
}

impl Response {
    /// Saves the rest of the body as the file `path`, when all of it is there. Until then, it is
    /// in `path` with `.part` behind it, and an error leaves it there. Returns its length.
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk), and [`Error::File`] with the path.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the connection and leaves the part.
    pub async fn save_to(&mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let paths = Paths::of(path.as_ref());
        // What an earlier download has left is overwritten, so nothing may vouch for it.
        forget(&paths.of).await?;
        let mut file = File::create(&paths.part).await.map_err(at(&paths.part))?;
        let length = append(self, &mut file, &paths.part, 0).await?;
        paths.put_in_place().await?;
        Ok(length)
    }
}

/// The three names of a download.
struct Paths {
    file: PathBuf,
    part: PathBuf,
    /// What the server calls the content of the part.
    of: PathBuf,
}

impl Paths {
    fn of(file: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self {
            file: file.to_path_buf(),
            part: beside(".part"),
            of: beside(".part.of"),
        }
    }

    /// Gives the part the name of the file.
    async fn put_in_place(&self) -> Result<(), Error> {
        let renamed = fs::rename(&self.part, &self.file).await;
        renamed.map_err(at(&self.file))?;
        forget(&self.of).await
    }
}

/// What an earlier download has left.
struct Part {
    /// Its bytes.
    length: u64,
    /// What the server called the content.
    of: String,
}

impl Part {
    /// Looks for a part that can be continued.
    async fn find(paths: &Paths) -> Result<Option<Self>, Error> {
        let found = async {
            let of = fs::read_to_string(&paths.of).await?;
            let length = fs::metadata(&paths.part).await?.len();
            Ok(Part { length, of })
        };
        match found.await {
            Ok(part) if part.length > 0 && !part.of.is_empty() => Ok(Some(part)),
            Ok(_) => Ok(None),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(file_error(&paths.part, &error)),
        }
    }

    /// Whether nothing can follow it: the server has refused to send more although it is not
    /// all, or sends what follows something else.
    fn is_useless(&self, response: &Response) -> bool {
        match response.status().as_u16() {
            416 => !self.is_all(response),
            206 => !self.is_of_the_same(response),
            _ => false,
        }
    }

    /// Whether a server says, by refusing to send more, that the part is all there is.
    fn is_all(&self, response: &Response) -> bool {
        let all = format!("bytes */{}", self.length);
        response.header("Content-Range") == Some(&*all)
    }

    /// Whether the name of the content, if a response has one, is still the same.
    fn is_of_the_same(&self, response: &Response) -> bool {
        let name = match self.of.starts_with('"') {
            true => response.header("ETag"),
            false => response.header("Last-Modified"),
        };
        name.is_none_or(|name| name == self.of)
    }
}

/// Writes the answer where it belongs.
async fn save(
    mut response: Response,
    part: Option<Part>,
    paths: &Paths,
) -> Result<Downloaded, Error> {
    let here = part.as_ref().map_or(0, |part| part.length);
    let (resumed_at, total) = match response.status() {
        status if status == 416 && part.is_some() => {
            keep_whole(paths).await?;
            return Ok(Downloaded {
                length: here,
                resumed_at: here,
            });
        }
        StatusCode::PARTIAL_CONTENT => (here, checked_range(response.head(), here)?),
        status if status.is_success() => (0, None),
        status => {
            return Err(Error::Status {
                code: status.as_u16(),
                url: shown(response.url()),
            });
        }
    };
    let mut file = match resumed_at {
        0 => begin(&response, paths).await?,
        start => open_at(&paths.part, start).await.map_err(at(&paths.part))?,
    };
    let length = append(&mut response, &mut file, &paths.part, resumed_at).await?;
    if total.is_some_and(|total| total != length) {
        return Err(bad_range(response.head(), resumed_at));
    }
    paths.put_in_place().await?;
    Ok(Downloaded { length, resumed_at })
}

/// Puts a part in place of which there is no more.
async fn keep_whole(paths: &Paths) -> Result<(), Error> {
    let synced = async {
        let mut file = open_at(&paths.part, 0).await?;
        file.sync_all().await
    };
    synced.await.map_err(at(&paths.part))?;
    paths.put_in_place().await
}

/// Begins a part anew. It has no name while it has the content of an earlier one.
async fn begin(response: &Response, paths: &Paths) -> Result<File, Error> {
    forget(&paths.of).await?;
    let file = File::create(&paths.part).await.map_err(at(&paths.part))?;
    if let Some(of) = validator(response.head()) {
        write(&paths.of, of).await?;
    }
    Ok(file)
}

/// What identifies the content for a later `If-Range`; nothing if it is coded after all, or if
/// what the server calls it may stand for other bytes, too (RFC 9110, section 13.1.5).
fn validator(head: &ResponseHead) -> Option<String> {
    if head.header_str("Content-Encoding").is_some() {
        return None;
    }
    let name = match head.header_str("ETag") {
        Some(tag) => (!tag.starts_with("W/")).then_some(tag),
        None => head
            .header_str("Last-Modified")
            .filter(|modified| is_long_ago(head, modified)),
    };
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Whether the answer is at least a second younger than the content. Otherwise the content may
/// have changed again within the second (RFC 9110, section 8.8.2.2).
fn is_long_ago(head: &ResponseHead, modified: &str) -> bool {
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let answered = head.header_str("Date").and_then(date);
    let age = answered
        .zip(date(modified))
        .and_then(|(answered, modified)| answered.duration_since(modified).ok());
    age.is_some_and(|age| age >= Duration::from_secs(1))
}

/// A 206 must begin where the part ends (RFC 9110, section 14.4). Returns the length of the
/// whole, if it is known.
fn checked_range(head: &ResponseHead, start: u64) -> Result<Option<u64>, Error> {
    let range = head.header_str("Content-Range").unwrap_or_default();
    let parts = range.strip_prefix("bytes ").and_then(|range| {
        let (range, total) = range.split_once('/')?;
        let (first, _last) = range.split_once('-')?;
        let first: u64 = first.trim().parse().ok()?;
        Some((first, total.trim()))
    });
    match parts {
        Some((first, total)) if first == start => Ok(total.parse::<u64>().ok()),
        _ => Err(bad_range(head, start)),
    }
}

fn bad_range(head: &ResponseHead, start: u64) -> Error {
    Error::BadRange {
        start,
        got: head
            .header_str("Content-Range")
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Writes the rest of the body to a file that has `start` bytes, and sees that it reaches the
/// disk. Returns the length of the whole.
async fn append(
    response: &mut Response,
    file: &mut File,
    path: &Path,
    start: u64,
) -> Result<u64, Error> {
    let (mut length, mut piece) = (start, Vec::new());
    let ended = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => piece.extend_from_slice(&chunk),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if piece.len() >= PIECE {
            length += piece.len() as u64;
            let written = file.write_all(std::mem::take(&mut piece)).await;
            written.map_err(at(path))?;
        }
    };
    length += piece.len() as u64;
    file.write_all(piece).await.map_err(at(path))?;
    ended?;
    file.sync_all().await.map_err(at(path))?;
    Ok(length)
}

/// Opens a file to write behind its first `start` bytes.
async fn open_at(path: &Path, start: u64) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    let mut file = File::open_with(path, options).await?;
    file.seek(io::SeekFrom::Start(start)).await?;
    Ok(file)
}

async fn write(path: &Path, text: String) -> Result<(), Error> {
    let written = fs::write(path, text).await;
    written.map_err(at(path))
}

/// Removes a file that may not be there.
async fn forget(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path).await {
        Err(error) if !is_absent(&error) => Err(file_error(path, &error)),
        _ => Ok(()),
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Names the file at fault.
fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    move |error| file_error(path, &error)
}

fn file_error(path: &Path, error: &io::Error) -> Error {
    Error::File {
        path: path.to_path_buf(),
        kind: error.kind(),
        message: error.to_string(),
    }
}
