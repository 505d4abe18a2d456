//! The content of a file as a body.
//!
//! # Rules
//!
//! 1. The length is that of the file when the body is made. A file that has grown since is
//!    sent up to there; one that has shrunk is an error.
//! 2. A file that is named by its path is opened for every sending, so it can follow a
//!    redirect. One that is open already is read once, from where it stands.
//! 3. What is no regular file (a pipe, a device) has no length: it is sent until it ends.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use looplet::AsyncIterator;
use looplet::fs::File;

use crate::message::Body;

/// How much is read of a file at once.
const PIECE: usize = 128 * 1024;

impl Body {
    /// Makes a body of the file at `path`, with the length that it has now.
    ///
    /// It is read on threads, 128 KiB at a time. It can be sent more than once.
    ///
    /// # Errors
    ///
    /// Those of the system when it opens the file, with the path. What goes wrong later is
    /// [`Error::BodySource`](crate::Error::BodySource), and
    /// [`Error::BodyLengthMismatch`](crate::Error::BodyLengthMismatch) if the file has become
    /// shorter.
    ///
    /// # Panics
    ///
    /// When polled outside a running loop.
    pub async fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_path_buf();
        let length = length_of(&mut File::open(&path).await?).await?;
        Ok(Body::replayable_stream(length, move || FilePieces {
            file: Source::Path(path.clone()),
            left: length,
        }))
    }

    /// Makes a body of what is left of an open file. It can be sent once.
    ///
    /// # Errors
    ///
    /// Those of the system; otherwise as [`file`](Self::file).
    pub async fn open_file(mut file: File) -> io::Result<Self> {
        let left = match length_of(&mut file).await? {
            Some(length) => {
                let position = file.seek(SeekFrom::Current(0)).await?;
                Some(length.saturating_sub(position))
            }
            None => None,
        };
        let file = Source::Open(file);
        let pieces = FilePieces { file, left };
        Ok(match left {
            Some(length) => Body::sized_stream(length, pieces),
            None => Body::stream(pieces),
        })
    }
}

/// The length of a regular file.
async fn length_of(file: &mut File) -> io::Result<Option<u64>> {
    let metadata = file.metadata().await?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(metadata.is_file().then_some(metadata.len()))
}

/// What is left of a file.
struct FilePieces {
    file: Source,
    /// The bytes to give, if there is a limit.
    left: Option<u64>,
}

enum Source {
    Path(PathBuf),
    Open(File),
    Ended,
}

impl FilePieces {
    async fn read(&mut self) -> io::Result<Vec<u8>> {
        if self.left == Some(0) {
            return Ok(Vec::new());
        }
        if let Source::Path(path) = &self.file {
            self.file = Source::Open(File::open(path).await?);
        }
        let Source::Open(file) = &mut self.file else {
            return Ok(Vec::new());
        };
        let wanted = self.left.unwrap_or(u64::MAX).min(PIECE as u64);
        let piece = file.read(wanted as usize).await?;
        if let Some(left) = &mut self.left {
            *left -= piece.len() as u64;
        }
        Ok(piece)
    }
}

impl AsyncIterator for FilePieces {
    type Item = io::Result<Vec<u8>>;

    async fn next(&mut self) -> Option<Self::Item> {
        let piece = self.read().await;
        match piece {
            Ok(piece) if piece.is_empty() => {
                self.file = Source::Ended;
                None
            }
            Err(error) => {
                self.file = Source::Ended;
                Some(Err(error))
            }
            piece => Some(piece),
        }
    }
}
