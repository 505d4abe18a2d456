//! nginx, with what it needs in a folder of its own.
//!
//! The partner makes the folder, starts nginx, and says its port. At the end of its standard
//! input, and wherever something fails before, it ends nginx by its id and removes the folder.
//! It must live that long: so it has no clock that ends it, and stands apart from the driver's
//! group of processes, to which a terminal sends its interrupts.

use std::env;
use std::fs;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long nginx may take until it listens.
const PATIENCE: Duration = Duration::from_secs(5);
/// Folders that nginx makes for bodies of requests, of which there are none here.
const TEMPORARY: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// Serves until standard input ends, and says on which port.
pub(super) fn serve() -> io::Result<()> {
    let folder = Folder::make()?;
    let port = free_port()?;
    fs::write(folder.0.join("1k"), vec![b'x'; 1024])?;
    fs::write(folder.0.join("100k"), vec![b'x'; 100 * 1024])?;
    fs::write(folder.0.join("nginx.conf"), settings(&folder, port))?;
    let mut server = Server::start(&folder)?;
    server.wait_for(port)?;
    println!("{port}");
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// One process, which is its own worker, and no limit on what a connection is used for.
fn settings(folder: &Folder, port: u16) -> String {
    let folder = folder.0.display();
    let temporary = TEMPORARY.map(|name| format!("  {name}_temp_path {folder}/{name};\n"));
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n{}  access_log off;\n  sendfile on;\n  tcp_nopush on;\n\
         \x20 open_file_cache max=10;\n  keepalive_timeout 600s;\n\
         \x20 keepalive_requests 1000000000;\n\
         \x20 server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; }}\n}}\n",
        temporary.concat()
    )
}

/// A port that nobody has at this moment: nginx takes none of the kernel's choice.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("peers-nginx-{}", process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that is ended when this is dropped.
struct Server(Child);

impl Server {
    fn start(folder: &Folder) -> io::Result<Self> {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder.0).args(["-e", "stderr"]);
        command.arg("-c").arg(folder.0.join("nginx.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    fn wait_for(&mut self, port: u16) -> io::Result<()> {
        let begin = Instant::now();
        loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > PATIENCE => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
            if let Some(status) = self.0.try_wait()? {
                return Err(io::Error::other(format!("nginx ended: {status}")));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
