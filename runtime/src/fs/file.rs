//! An open file.
//!
//! One operation at a time: the position in the file is the kernel's, and two threads would
//! fight for it. So every operation is a task of its own that is shielded from its awaiter: it
//! ends also when the awaiter is cancelled, and the next operation waits for its end.

use std::fmt;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use super::blocking::{attempt, explain, on_path, on_thread};
use crate::combine::shield;
use crate::task::{Task, create_task};

/// An open file, whose operations are done by threads.
///
/// It has no buffer: every call is a switch to a thread and back, so read and write large pieces.
/// It is closed when it is dropped and its last operation has ended. The Python counterpart is
/// what `open` returns; asyncio has none.
///
/// # Cancel safety
///
/// An operation that was begun happens, also when its await is cancelled or dropped, and the
/// next operation waits for it. The result of a cancelled one is lost: bytes that it read are
/// gone, since the position has moved on; an error in it is not told.
///
/// ```
/// use looplet::{fs::File, run};
/// use std::io::SeekFrom;
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("looplet-doc-file-{}", std::process::id()));
/// # let again = path.clone();
/// run(async move {
///     let mut file = File::create(&path).await?;
///     file.write_all("hello, disk").await?;
///     file.sync_all().await?;
///
///     let mut file = File::open(&path).await?;
///     file.seek(SeekFrom::Start(7)).await?;
///     assert_eq!(file.read(1024).await?, b"disk");
///     assert_eq!(file.read(1024).await?, b"", "the end");
///     Ok::<(), std::io::Error>(())
/// })?;
/// # std::fs::remove_file(again)
/// # }
/// ```
pub struct File {
    file: Arc<fs::File>,
    path: PathBuf,
    /// The operation that was begun last.
    last: Option<Task<()>>,
}

impl File {
    /// Opens a file for reading. As [`std::fs::File::open`].
    ///
    /// # Errors
    ///
    /// Those of the system, with the path.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing; a file that is opened too late is closed.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> {
        let mut options = OpenOptions::new();
        options.read(true);
        Self::open_with(path, options)
    }

    /// Makes a file for writing, or empties the one that is there. As
    /// [`std::fs::File::create`].
    ///
    /// # Errors
    ///
    /// Those of the system, with the path.
    ///
    /// # Cancel safety
    ///
    /// If it is cancelled after it has begun, the file is made or emptied all the same.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        Self::open_with(path, options)
    }

    /// Opens a file as `options` say.
    ///
    /// # Errors
    ///
    /// Those of the system, with the path.
    ///
    /// # Cancel safety
    ///
    /// If it is cancelled after it has begun, the file is made or emptied all the same.
    ///
    /// ```
    /// use looplet::{fs::File, run};
    /// use std::fs::OpenOptions;
    ///
    /// let error = run(async {
    ///     let mut options = OpenOptions::new();
    ///     options.write(true).create_new(true);
    ///     File::open_with("/", options).await.expect_err("it is there")
    /// });
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// ```
    #[doc(alias = "OpenOptions")]
    #[track_caller]
    pub fn open_with(
        path: impl AsRef<Path>,
        options: OpenOptions,
    ) -> impl Future<Output = io::Result<Self>> {
        let opening = on_path("open", path, move |path| {
            Ok((options.open(path)?, path.to_path_buf()))
        });
        async {
            let (file, path) = opening.await?;
            Ok(Self {
                file: Arc::new(file),
                path,
                last: None,
            })
        }
    }

    /// Reads what is there, at most `max` bytes. Empty: the end of the file.
    ///
    /// It may be less than `max` before the end, as the kernel likes, and is never more than
    /// 1 MiB.
    ///
    /// # Errors
    ///
    /// Those of the system, with the path; likewise all below.
    ///
    /// # Cancel safety
    ///
    /// Once begun, it happens; the bytes are lost, as [`File`] says. Likewise all below.
    pub async fn read(&mut self, max: usize) -> io::Result<Vec<u8>> {
        self.operate("read", move |mut file| {
            let mut data = vec![0; max.min(LARGEST_READ)];
            let count = file.read(&mut data)?;
            data.truncate(count);
            Ok(data)
        })
        .await
    }

    /// Reads all that is left of the file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        self.operate("read", |mut file| {
            let mut data = Vec::new();
            file.read_to_end(&mut data)?;
            Ok(data)
        })
        .await
    }

    /// Writes all of `data`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); a part may have been written.
    ///
    /// # Cancel safety
    ///
    /// Once begun, all is written.
    pub async fn write_all(&mut self, data: impl Into<Vec<u8>>) -> io::Result<()> {
        let data = data.into();
        self.operate("write", move |mut file| file.write_all(&data))
            .await
    }

    /// Moves the position in the file and returns it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); `InvalidInput` for a position before the start.
    ///
    /// # Cancel safety
    ///
    /// Once begun, the position is moved.
    pub async fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.operate("seek in", move |mut file| file.seek(position))
            .await
    }

    /// Waits until the disk has the file, data and metadata.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Once begun, it happens.
    #[doc(alias = "fsync")]
    pub async fn sync_all(&mut self) -> io::Result<()> {
        self.operate("sync", |file| file.sync_all()).await
    }

    /// Makes the file `length` bytes long: cut off, or filled up with zeros.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Once begun, it happens.
    #[doc(alias = "truncate")]
    pub async fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.operate("set the length of", move |file| file.set_len(length))
            .await
    }

    /// Returns what the system knows of the file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// It changes nothing.
    pub async fn metadata(&mut self) -> io::Result<Metadata> {
        self.operate("look at", |file| file.metadata()).await
    }

    /// Waits for the operation before, then runs `call` as a task of its own.
    async fn operate<T: Send + 'static>(
        &mut self,
        verb: &'static str,
        call: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        if let Some(last) = self.last.take_if(|last| !last.done()) {
            self.last = Some(last.clone());
            shield(last).await;
        }
        let (sender, result) = mpsc::channel();
        let file = self.file.clone();
        let task = create_task(async move {
            let done = on_thread(Location::caller(), move || call(&file)).await;
            // Nobody listens if the await was cancelled.
            drop(sender.send(done));
        });
        self.last = Some(task.clone());
        shield(task).await;
        let done = result.recv().expect("the task sends before it ends");
        done.map_err(|error| explain(error, attempt(verb, &self.path)))
    }
}

/// How much is read at once at most: memory is made for it before anybody knows how much comes.
const LARGEST_READ: usize = 1 << 20;

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_idle = self.last.as_ref().is_none_or(Task::done);
        f.debug_struct("File")
            .field("path", &self.path)
            .field("busy", &!is_idle)
            .finish()
    }
}
