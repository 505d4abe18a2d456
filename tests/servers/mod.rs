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
mod authority;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use self::installed::missing;
use self::site::Site;

pub(crate) use self::authority::{Authority, authority};
pub(crate) use self::installed::program;
pub(crate) use self::server::{Logged, Server};

/// Starts nginx. What it offers is in `conf/nginx.conf`.
pub(crate) fn nginx() -> Option<Server> {
    start_nginx(&["PORT"], |site| site.configuration("nginx.conf"))
}

/// Starts nginx with TLS, by the certificates of the authority. Its ports are in
/// `conf/nginx-tls.conf`.
pub(crate) fn nginx_with_tls(authority: &Authority) -> Option<Server> {
    start_nginx(&["NEWEST", "OLDER", "OUTDATED"], |site| {
        authority.give(site);
        site.configuration("nginx-tls.conf")
    })
}

fn start_nginx(ports: &[&'static str], configure: impl Fn(&Site) -> PathBuf) -> Option<Server> {
    let program = program("nginx", "apt-get install nginx")?;
    Some(Server::start(ports, |site| {
        let mut command = Command::new(&program);
        command.args(["-e", "stderr", "-p"]).arg(site.folder());
        command.arg("-c").arg(configure(site));
        command
    }))
}

/// Starts Apache httpd, as one process with threads. What it offers is in `conf/apache.conf`.
pub(crate) fn apache() -> Option<Server> {
    let program = program("apache2", "apt-get install apache2-bin")?;
    Some(Server::start(&["PORT"], |site| {
        let mut command = Command::new(&program);
        command.arg("-X").arg("-f");
        command.arg(site.configuration("apache.conf"));
        command
    }))
}

/// Starts Caddy. What it offers is in `conf/Caddyfile`.
pub(crate) fn caddy() -> Option<Server> {
    start_caddy(&["PORT"], |site| site.configuration("Caddyfile"))
}

/// Starts Caddy with TLS, by the certificates of the authority. Its ports are in
/// `conf/Caddyfile.tls`.
pub(crate) fn caddy_with_tls(authority: &Authority) -> Option<Server> {
    let ports = ["VALID", "EXPIRED", "ELSEWHERE", "SELF_SIGNED", "CLIENT"];
    start_caddy(&ports, |site| {
        authority.give(site);
        site.configuration("Caddyfile.tls")
    })
}

fn start_caddy(ports: &[&'static str], configure: impl Fn(&Site) -> PathBuf) -> Option<Server> {
    let program = program("caddy", "apt-get install caddy")?;
    Some(Server::start(ports, |site| {
        let mut command = Command::new(&program);
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(configure(site));
        for home in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(home, site.folder());
        }
        command
    }))
}

/// Starts tinyproxy, an HTTP proxy for `user` with the password `pass`.
pub(crate) fn tinyproxy() -> Option<Server> {
    let program = program("tinyproxy", "apt-get install tinyproxy-bin")?;
    Some(Server::start(&["PORT"], |site| {
        let mut command = Command::new(&program);
        command.arg("-d").arg("-c");
        command.arg(site.configuration("tinyproxy.conf"));
        command
    }))
}

/// Starts microsocks, a SOCKS5 proxy for `user` with the password `pass`.
pub(crate) fn microsocks() -> Option<Server> {
    let program = program("microsocks", "apt-get install microsocks")?;
    Some(Server::start(&["PORT"], |site| {
        let mut command = Command::new(&program);
        command.args(["-i", "127.0.0.1", "-u", "user", "-P", "pass", "-p"]);
        command.arg(site.port("PORT").to_string());
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
    Some(Server::start(&["PORT"], |site| {
        let mut command = Command::new(&python);
        command.args(["-m", "waitress", "--threads=16"]);
        command.arg(format!("--listen=127.0.0.1:{}", site.port("PORT")));
        command.arg("httpbin:app");
        command
    }))
}
