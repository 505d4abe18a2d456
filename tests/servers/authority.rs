//! Certificates for the tests, made by `openssl` for one run and known to nobody else.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::Site;
use super::installed::program;

/// The names of the certificates that the authority makes, what they are for, and from when to
/// when they are good.
const CERTIFICATES: [(&str, &str, Validity); 4] = [
    ("valid", "server", Validity::Now),
    ("expired", "server", Validity::LongAgo),
    ("elsewhere", "elsewhere", Validity::Now),
    ("client", "client", Validity::Now),
];

#[derive(Clone, Copy)]
enum Validity {
    Now,
    LongAgo,
}

/// The files: `authority.pem`, and `NAME.pem` and `NAME.key` for each certificate and for
/// `self-signed`.
pub(crate) struct Authority {
    files: Vec<(String, Vec<u8>)>,
}

/// Returns the authority of this run; `None` without `openssl`.
pub(crate) fn authority() -> Option<&'static Authority> {
    static MADE: OnceLock<Option<Authority>> = OnceLock::new();
    MADE.get_or_init(Authority::make).as_ref()
}

impl Authority {
    fn make() -> Option<Self> {
        program("openssl", "apt-get install openssl")?;
        let site = Site::new(&[]);
        let folder = site.folder();
        let config = site.configuration("openssl.cnf");
        fs::write(folder.join("index.txt"), "").unwrap();
        let make = Maker {
            folder,
            config: &config,
        };
        make.by_itself("authority", "authority");
        make.by_itself("self-signed", "server");
        for (name, purpose, validity) in CERTIFICATES {
            make.request(name);
            make.signed(name, purpose, validity);
        }
        Some(Self {
            files: pem_files(folder),
        })
    }

    /// A file as a text.
    pub(crate) fn file(&self, name: &str) -> &[u8] {
        let file = self.files.iter().find(|(file, _)| file == name);
        &file.expect("the authority has made it").1
    }

    /// Puts the files into the folder of a server.
    pub(crate) fn give(&self, site: &Site) {
        for (name, content) in &self.files {
            fs::write(site.folder().join(name), content).unwrap();
        }
    }
}

/// Runs `openssl` in a folder.
struct Maker<'f> {
    folder: &'f Path,
    config: &'f Path,
}

impl Maker<'_> {
    /// A key, and a certificate that it has signed.
    fn by_itself(&self, name: &str, purpose: &str) {
        let mut command = self.with_new_key(name);
        command.args(["-x509", "-days", "2", "-extensions", purpose]);
        run(command.args(["-out", &format!("{name}.pem")]));
    }

    /// A key, and the wish for a certificate.
    fn request(&self, name: &str) {
        let mut command = self.with_new_key(name);
        run(command.args(["-new", "-out", &format!("{name}.csr")]));
    }

    fn with_new_key(&self, name: &str) -> Command {
        let mut command = self.openssl("req");
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        command.args(["-subj", &format!("/CN={name}")]);
        command.args(["-keyout", &format!("{name}.key")]);
        command
    }

    /// A certificate of the authority.
    fn signed(&self, name: &str, purpose: &str, validity: Validity) {
        let mut command = self.openssl("ca");
        command.args(["-batch", "-notext", "-extensions", purpose]);
        command.args(["-cert", "authority.pem", "-keyfile", "authority.key"]);
        command.args([
            "-in",
            &format!("{name}.csr"),
            "-out",
            &format!("{name}.pem"),
        ]);
        match validity {
            Validity::Now => command.args(["-days", "2"]),
            Validity::LongAgo => command.args([
                "-startdate",
                "20200101000000Z",
                "-enddate",
                "20210101000000Z",
            ]),
        };
        run(&mut command);
    }

    fn openssl(&self, what: &str) -> Command {
        let mut command = Command::new("openssl");
        command.arg(what).arg("-config").arg(self.config);
        command.current_dir(self.folder).stdin(Stdio::null());
        command
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
}

fn pem_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let files = names.filter(|name| name.ends_with(".key") || name.ends_with(".pem"));
    files
        .map(|name| {
            let content = fs::read(folder.join(&name)).unwrap();
            (name, content)
        })
        .collect()
}
