//! A running server: from a command to ports that accept connections, and its end.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Site;

/// How long a server may take to come up, and its log to have what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const MOMENT: Duration = Duration::from_millis(5);
/// A server whose port was taken in the last moment gets another one, so many times.
const ATTEMPTS: usize = 3;

/// Becomes the server, after it has left behind a watcher that ends the server and removes the
/// folder, its first argument, when the test process is gone. A line instead of the end of the
/// input sends the watcher home.
const WATCHED: &str = r#"
exec 3<&0
(read -r _ <&3 || { kill -9 $$; rm -rf "$0"; }) &
exec "$@" </dev/null 3<&-
"#;

/// A server that accepts connections. Dropping it ends it.
pub(crate) struct Server {
    process: Child,
    site: Site,
}

impl Server {
    /// Starts the program of `command` and waits until it accepts connections.
    #[track_caller]
    pub(crate) fn start(ports: &[&'static str], command: impl Fn(&Site) -> Command) -> Self {
        let mut printed = String::new();
        for _ in 0..ATTEMPTS {
            let site = Site::new(ports);
            let process = spawn(&command(&site), &site);
            let mut server = Self { process, site };
            if server.comes_up() {
                return server;
            }
            let text = fs::read(server.site.folder().join("log")).unwrap();
            printed = String::from_utf8_lossy(&text).into_owned();
        }
        panic!("the server does not come up. It has printed:\n{printed}");
    }

    /// Whether it accepts connections, in the end.
    fn comes_up(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            let mut ports = self.site.ports();
            if ports.all(|port| TcpStream::connect(("127.0.0.1", port)).is_ok()) {
                return true;
            }
            thread::sleep(MOMENT);
        }
        false
    }

    /// The URL of a path on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port("PORT"))
    }

    /// The port that has this name in the configuration.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.site.port(name)
    }

    /// Where the file of a path is, or will be.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.site.folder().join("www").join(name)
    }

    /// Lets the server serve a file.
    pub(crate) fn add_file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).unwrap();
    }

    /// What the server has logged, request by request, once it has so many. A server writes
    /// this down after the answer is out.
    #[track_caller]
    pub(crate) fn logged(&self, count: usize) -> Vec<Logged> {
        let begin = Instant::now();
        loop {
            let text = fs::read_to_string(self.site.folder().join("access.log")).unwrap();
            let ended = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
            let lines: Vec<_> = ended.lines().map(Logged::parse).collect();
            if lines.len() >= count {
                return lines;
            }
            let late = begin.elapsed() > PATIENCE;
            assert!(!late, "{count} requests are not in the log:\n{text}");
            thread::sleep(MOMENT);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever of this fails, it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(watcher) = &mut self.process.stdin {
            let _ = watcher.write_all(b"\n");
        }
    }
}

/// One line of an access log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logged {
    /// What stands for the connection, the same for all of its requests.
    pub(crate) connection: String,
    pub(crate) status: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Logged {
    fn parse(line: &str) -> Self {
        let mut words = line.split(' ').map(str::to_string);
        let mut word = || words.next().unwrap();
        Self {
            connection: word(),
            status: word(),
            method: word(),
            target: word(),
        }
    }
}

fn spawn(command: &Command, site: &Site) -> Child {
    // Some write into it on their own, too.
    let log = site.folder().join("log");
    let log = OpenOptions::new().create(true).append(true).open(log);
    let log = log.unwrap();
    let mut watched = Command::new("sh");
    watched.args(["-c", WATCHED]).arg(site.folder());
    watched.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        watched.env(name, value.unwrap_or_default());
    }
    watched.stdin(Stdio::piped());
    watched.stdout(log.try_clone().unwrap()).stderr(log);
    watched.spawn().unwrap()
}
