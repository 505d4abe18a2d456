//! The socket at which a program answers.
//!
//! The client sends one word and a line end, `ps` or `pstree`; it gets a text and the end of the
//! connection. What is no tree, or no question, begins with `ERROR: `.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::table::ps;
use super::tree::pstree;
use crate::event_loop::{EventLoop, get_running_loop};
use crate::transports::{Protocol, Transport, TransportServer};

/// Only the owner may connect.
const MODE: u32 = 0o600;
/// No question is longer.
const LONGEST: usize = 16;

/// Lets others look at the tasks of the running loop: it answers at a UNIX socket at `path`,
/// until what is returned is dropped.
///
/// Only the user who runs the program may connect (the mode of the file is 0600). The file of a
/// socket that a dead program has left is replaced, and the own one is removed at the end. The
/// loop does not wait for anybody to ask: it reports a deadlock as it would without. Cargo's
/// example `ps` asks, and so does `echo ps | nc -U PATH`. In asyncio, any process can be looked
/// at without being asked.
///
/// # Errors
///
/// `AddrInUse` if another program listens at `path`, or if there is a file of another kind;
/// `InvalidInput` for an abstract name, which no mode protects; what the system says of the
/// folder.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{inspect, open_unix_connection, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("looplet-inspect-{}", std::process::id()));
/// run(async move {
///     let inspector = inspect::listen(&path)?;
///     let (reader, writer) = open_unix_connection(inspector.path()).await?;
///     writer.write(b"pstree\n");
///     assert!(reader.read_to_end().await?.starts_with("└── (T) Task-1\n".as_bytes()));
///     drop(inspector);
///     assert!(!path.exists());
///     Ok(())
/// })
/// # }
/// ```
pub fn listen(path: impl AsRef<Path>) -> io::Result<Inspector> {
    let (event_loop, path) = (get_running_loop(), path.as_ref());
    let protect = |path: &Path| fs::set_permissions(path, Permissions::from_mode(MODE));
    let server = event_loop.serve_in_background(Questioned::default, path, protect)?;
    Ok(Inspector { server })
}

/// Answers those who ask for the tasks of a loop; made by [`listen`](listen()). Dropping it
/// ends that and removes the file.
///
/// asyncio has no counterpart.
///
/// ```
/// use looplet::inspect::{self, Inspector};
/// use looplet::run;
///
/// # let path = std::env::temp_dir().join(format!("looplet-inspector-{}", std::process::id()));
/// run(async move {
///     let inspector: Inspector = inspect::listen(&path).expect("the folder is ours");
///     assert_eq!(inspector.path(), path);
/// });
/// ```
#[derive(Debug)]
#[must_use = "nobody is answered once it is dropped"]
pub struct Inspector {
    server: TransportServer<PathBuf>,
}

impl Inspector {
    /// Returns the path of the socket.
    pub fn path(&self) -> &Path {
        self.server.path()
    }
}

/// A connection, and what came of its question.
#[derive(Default)]
struct Questioned {
    question: Vec<u8>,
}

impl Protocol for Questioned {
    fn data_received(&mut self, transport: &Transport, data: &[u8]) {
        self.question.extend(data.iter().take(LONGEST));
        let end = self.question.iter().position(|byte| *byte == b'\n');
        if end.is_none() && self.question.len() < LONGEST {
            return;
        }
        let question = &self.question[..end.unwrap_or(0)];
        transport.write(answer(&get_running_loop(), question).as_bytes());
        transport.close();
    }
}

fn answer(event_loop: &EventLoop, question: &[u8]) -> String {
    match question {
        b"ps" => ps(event_loop),
        b"pstree" => pstree(event_loop).unwrap_or_else(|cycle| format!("ERROR: {cycle}\n")),
        _ => "ERROR: the question is `ps` or `pstree`\n".to_string(),
    }
}
