//! Bodies that are put together from pieces in memory, files, and stdin.
//!
//! A file is opened when its turn comes and read piece by piece, so that a body of any size
//! takes the memory of one piece. What is only in memory is sent from there.

use std::collections::VecDeque;
use std::io::{self, Read, SeekFrom};
use std::time::Duration;

use looplet::fs::File;
use looplet::{AsyncIterator, sleep, to_thread};
use looplet_http::message::Body;

use crate::failure::Failure;

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Bytes(Vec<u8>),
    File {
        path: String,
        /// Where it begins.
        offset: u64,
    },
    /// What comes; nobody knows how long.
    Stdin,
}

impl Segment {
    pub(crate) fn file(path: &str) -> Self {
        let path = path.to_string();
        Segment::File { path, offset: 0 }
    }

    /// How long it is, if that can be known.
    fn length(&self) -> Result<Option<u64>, Failure> {
        match self {
            Segment::Bytes(bytes) => Ok(Some(bytes.len() as u64)),
            Segment::File { path, offset } => {
                let length = file_length(path)?;
                Ok(length.map(|length| length.saturating_sub(*offset)))
            }
            Segment::Stdin => Ok(None),
        }
    }
}

/// The length of a regular file; a pipe has none.
pub(crate) fn file_length(path: &str) -> Result<Option<u64>, Failure> {
    let failed = |error: io::Error| Failure::reading(path, &error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    std::fs::File::open(path).map_err(failed)?;
    Ok(metadata.is_file().then_some(metadata.len()))
}

/// Makes a body of pieces, sent at a rate of that many bytes a second.
pub(crate) fn body(segments: Vec<Segment>, rate: Option<u64>) -> Result<Body, Failure> {
    let mut length = Some(0u64);
    for segment in &segments {
        length = length.zip(segment.length()?).map(|(all, more)| all + more);
    }
    let in_memory = segments
        .iter()
        .all(|segment| matches!(segment, Segment::Bytes(_)));
    if in_memory && rate.is_none() {
        let whole = segments.into_iter().flat_map(|segment| match segment {
            Segment::Bytes(bytes) => bytes,
            _ => Vec::new(),
        });
        let whole: Vec<u8> = whole.collect();
        return Ok(whole.into());
    }
    let once = segments.contains(&Segment::Stdin);
    let open = move || Pieces {
        rest: segments.clone().into(),
        current: Current::Nothing,
        rate,
    };
    Ok(match (once, length) {
        (true, _) => Body::stream(open()),
        (false, length) => Body::replayable_stream(length, open),
    })
}

/// Gives the pieces of a body, one after the other.
struct Pieces {
    rest: VecDeque<Segment>,
    current: Current,
    rate: Option<u64>,
}

/// What is given now.
enum Current {
    Nothing,
    Bytes(VecDeque<u8>),
    File(File),
    Stdin,
}

impl Pieces {
    fn size(&self) -> usize {
        let tenth = |rate: u64| (rate / 10).clamp(1, PIECE as u64) as usize;
        self.rate.map_or(PIECE, tenth)
    }

    async fn piece(&mut self) -> io::Result<Vec<u8>> {
        let size = self.size();
        match &mut self.current {
            Current::Nothing => Ok(Vec::new()),
            Current::Bytes(bytes) => Ok(bytes.drain(..size.min(bytes.len())).collect()),
            Current::File(file) => file.read(size).await,
            Current::Stdin => {
                to_thread(move || {
                    let mut piece = vec![0; size];
                    let read = io::stdin().read(&mut piece);
                    read.map(|length| {
                        piece.truncate(length);
                        piece
                    })
                })
                .await
            }
        }
    }

    async fn open_next(&mut self) -> io::Result<bool> {
        let Some(segment) = self.rest.pop_front() else {
            return Ok(false);
        };
        self.current = match segment {
            Segment::Bytes(bytes) => Current::Bytes(bytes.into()),
            Segment::Stdin => Current::Stdin,
            Segment::File { path, offset } => {
                let mut file = File::open(path).await?;
                if offset > 0 {
                    file.seek(SeekFrom::Start(offset)).await?;
                }
                Current::File(file)
            }
        };
        Ok(true)
    }

    async fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let piece = self.piece().await?;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            if !self.open_next().await? {
                return Ok(None);
            }
        }
    }
}

impl AsyncIterator for Pieces {
    type Item = io::Result<Vec<u8>>;

    async fn next(&mut self) -> Option<Self::Item> {
        let piece = self.next_piece().await.transpose()?;
        if let (Ok(piece), Some(rate)) = (&piece, self.rate) {
            sleep(Duration::from_secs_f64(piece.len() as f64 / rate as f64)).await;
        }
        Some(piece)
    }
}
