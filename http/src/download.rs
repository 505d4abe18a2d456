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
//!    `ETag` or a `Last-Modified`, kept beside it. Without one, it is begun anew.
//! 3. A server that sends something else than was asked for is believed only if what it says
//!    about it fits: a 206 must begin where the part ends.
//! 4. No coding is asked for: a part of coded data could not be continued.

use std::io;
use std::path::{Path, PathBuf};

use looplet::fs::{self, File};

use crate::error::Error;
use crate::failure::Failure;
use crate::message::ResponseHead;
use crate::request_builder::RequestBuilder;
use crate::response::Response;

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
    /// [`Error::BadRange`] if the server sends a part that was not asked for. What has come
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
        let part = match Part::find(&paths).await {
            Ok(part) => part,
            Err(error) => return Err(Failure::new(error, None, &progress)),
        };
        let request = self.set_header("Accept-Encoding", "identity");
        let mut response = request.clone().after(part.as_ref()).send().await?;
        if response.status() == 416 && !part.as_ref().is_some_and(|part| part.is_all(&response)) {
            // The part is of no use; without it, any server knows an answer.
            response = request.send().await?;
        }
        let url = response.url().clone();
        let saved = save(response, part, &paths).await;
        saved.map_err(|error| Failure::new(error, Some(&url), &progress))
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
        let length = append(self, &paths.part, 0).await?;
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
        renamed.map_err(|error| file_error(&self.file, &error))?;
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
            Ok(part) if part.length > 0 => Ok(Some(part)),
            Ok(_) => Ok(None),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(file_error(&paths.part, &error)),
        }
    }

    /// Whether a server says, by refusing to send more, that the part is all there is.
    fn is_all(&self, response: &Response) -> bool {
        let all = format!("bytes */{}", self.length);
        response.header("Content-Range") == Some(&*all)
    }
}

/// Writes the answer where it belongs.
async fn save(
    mut response: Response,
    part: Option<Part>,
    paths: &Paths,
) -> Result<Downloaded, Error> {
    let here = part.map_or(0, |part| part.length);
    let resumed_at = match response.status().as_u16() {
        416 => {
            paths.put_in_place().await?;
            return Ok(Downloaded {
                length: here,
                resumed_at: here,
            });
        }
        206 => {
            check_range(response.head(), here)?;
            here
        }
        _ => 0,
    };
    response = response.raise_for_status()?;
    if resumed_at == 0 {
        match validator(&response) {
            Some(of) => write(&paths.of, of).await?,
            None => forget(&paths.of).await?,
        }
    }
    let length = append(&mut response, &paths.part, resumed_at).await?;
    paths.put_in_place().await?;
    Ok(Downloaded { length, resumed_at })
}

/// What identifies the content for a later `If-Range`; nothing if it is coded after all.
fn validator(response: &Response) -> Option<String> {
    if response.header("Content-Encoding").is_some() {
        return None;
    }
    let strong = response.header("ETag").filter(|tag| !tag.starts_with("W/"));
    let named = strong.or_else(|| response.header("Last-Modified"));
    named.map(str::to_owned)
}

/// A 206 must begin where the part ends (RFC 9110, section 14.4).
fn check_range(head: &ResponseHead, start: u64) -> Result<(), Error> {
    let range = head.header_str("Content-Range").unwrap_or_default();
    let first = range
        .strip_prefix("bytes ")
        .and_then(|range| range.split_once('-'))
        .and_then(|(first, _)| first.trim().parse().ok());
    if first == Some(start) {
        return Ok(());
    }
    Err(Error::BadRange {
        start,
        got: range.to_owned(),
    })
}

/// Writes the rest of the body behind the first `start` bytes of a file, and sees that it
/// reaches the disk. Returns the length of the whole.
async fn append(response: &mut Response, path: &Path, start: u64) -> Result<u64, Error> {
    let failed = |error: io::Error| file_error(path, &error);
    let mut file = open_at(path, start).await.map_err(failed)?;
    let (mut length, mut piece) = (start, Vec::new());
    let ended = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => piece.extend_from_slice(&chunk),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if piece.len() >= PIECE {
            length += piece.len() as u64;
            file.write_all(std::mem::take(&mut piece))
                .await
                .map_err(failed)?;
        }
    };
    length += piece.len() as u64;
    file.write_all(piece).await.map_err(failed)?;
    ended?;
    file.sync_all().await.map_err(failed)?;
    Ok(length)
}

/// Opens a file to write behind its first `start` bytes.
async fn open_at(path: &Path, start: u64) -> io::Result<File> {
    if start == 0 {
        return File::create(path).await;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    let mut file = File::open_with(path, options).await?;
    file.seek(io::SeekFrom::Start(start)).await?;
    Ok(file)
}

async fn write(path: &Path, text: String) -> Result<(), Error> {
    let written = fs::write(path, text).await;
    written.map_err(|error| file_error(path, &error))
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

fn file_error(path: &Path, error: &io::Error) -> Error {
    Error::File {
        path: path.to_path_buf(),
        kind: error.kind(),
        message: error.to_string(),
    }
}
