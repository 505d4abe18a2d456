//! What a server works with: a folder, ports, and its configuration.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

/// The folder of this file's templates.
const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/conf");

/// Ports are looked for from here on, below those that the kernel gives to clients: one of these
/// could be taken by a connection before the server has it.
const FIRST_PORT: u16 = 20_000;
/// How many ports there are up to those of clients.
const PORTS: u16 = 10_000;

/// A folder and ports. Dropping it removes the folder.
pub(crate) struct Site {
    folder: PathBuf,
    /// By the names that they have in the configuration.
    ports: BTreeMap<&'static str, u16>,
}

impl Site {
    pub(crate) fn new(ports: &[&'static str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("looplet-servers-{}-{number}", process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("www")).unwrap();
        // Apache looks at files as nobody.
        for open in [&folder, &folder.join("www")] {
            fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let ports = ports.iter().map(|name| (*name, free_port())).collect();
        Self { folder, ports }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port of this name.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.ports[name]
    }

    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.values().copied()
    }

    /// Writes the configuration of a server into the folder, with the folder in the place of
    /// `@FOLDER@`, and ports in the places of their names, such as `@PORT@`.
    pub(crate) fn configuration(&self, name: &str) -> PathBuf {
        let template = fs::read_to_string(Path::new(TEMPLATES).join(name)).unwrap();
        let mut text = template.replace("@FOLDER@", self.folder.to_str().unwrap());
        for (name, port) in &self.ports {
            text = text.replace(&format!("@{name}@"), &port.to_string());
        }
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody listens on and that this process has not given out before.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two test processes begin at different places.
    let offset = (process::id() % u32::from(PORTS)) as u16;
    let mut candidates = (0..PORTS).map(|_| {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % PORTS;
        FIRST_PORT + (offset + step) % PORTS
    });
    let free = candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("one of 10 000 ports is free")
}
