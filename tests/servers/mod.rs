//! Starts real servers for a test, on loopback and with nothing left behind.
//!
//! ```text
//! let Some(nginx) = nginx() else { return };     // prints why, once
//! let url = nginx.url("/hello.txt");             // it accepts connections
//! ```
//!
//! # Rules
//!
//! 1. A server has a folder of its own with its configuration (from `conf/`), its files (`www/`)
//!    and its logs, and ports that were free. Nothing of the machine's own configuration is read.
//! 2. A server is one process. It is ended by its pid when its [`Server`] is dropped, and also
//!    when the test process ends in whatever way: a static one needs no drop.
//! 3. One that does not come up fails the test with what it has printed.
//! 4. A program that is not installed is said on one line, and its tests pass. With `CI=true`
//!    they fail: there, all of them are to be run.
//!
//! It uses threads and the standard library alone, so that a fault of the loop cannot hide here.

mod installed;
mod site;
mod server;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use self::installed::{missing, program};
use self::site::Site;

pub(crate) use self::server::{Logged, Server};

/// Starts nginx. What it offers is in `conf/nginx.conf`.
pub(crate) fn nginx() -> Option<Server> {
    let program = program("nginx", "apt-get install nginx")?;
    Some(Server::start(|site| {
        let mut command = Command::new(&program);
        command.args(["-e", "stderr", "-p"]).arg(site.folder());
        command.arg("-c").arg(site.configuration("nginx.conf"));
        command
    }))
}

/// Starts Apache httpd, as one process with threads. What it offers is in `conf/apache.conf`.
pub(crate) fn apache() -> Option<Server> {
    let program = program("apache2", "apt-get install apache2-bin")?;
    Some(Server::start(|site| {
        let mut command = Command::new(&program);
        command.arg("-X").arg("-f");
        command.arg(site.configuration("apache.conf"));
        command
    }))
}

/// Starts Caddy. What it offers is in `conf/Caddyfile`.
pub(crate) fn caddy() -> Option<Server> {
    let program = program("caddy", "apt-get install caddy")?;
    Some(Server::start(|site| {
        let mut command = Command::new(&program);
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(site.configuration("Caddyfile"));
        command.env("HOME", site.folder());
        command.env("XDG_DATA_HOME", site.folder());
        command.env("XDG_CONFIG_HOME", site.folder());
        command
    }))
}

/// Returns httpbin under waitress, one for all tests of the process: it keeps nothing, and an
/// interpreter takes its time to start.
pub(crate) fn httpbin() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(start_httpbin).as_ref()
}

/// The interpreter is that of `LOOPLET_HTTPBIN`, or of the environment that `.ci/run` makes.
fn start_httpbin() -> Option<Server> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/httpbin/bin/python");
    let python = std::env::var_os("LOOPLET_HTTPBIN").map_or(made, Into::into);
    if !python.exists() {
        missing("httpbin", "see tests/servers/requirements.txt");
        return None;
    }
    Some(Server::start(|site| {
        let mut command = Command::new(&python);
        command.args(["-m", "waitress", "--threads=16"]);
        command.arg(format!("--listen=127.0.0.1:{}", site.port()));
        command.arg("httpbin:app");
        command
    }))
}
