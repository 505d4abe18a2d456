//! Where what was fetched is written to.
//!
//! A file is opened with its first byte, so that an error leaves an old one alone. Writes are
//! of the blocking kind: a program that writes to a disk gains nothing by anything else, and a
//! reader of its stdout that is slow is meant to slow it down.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::failure::{Failure, code};
use crate::options::Operation;

/// The output of one URL.
#[derive(Debug)]
pub(crate) struct Output {
    place: Place,
    /// Bytes that were written, of the body and of headers.
    written: u64,
    rules: Rules,
}

#[derive(Debug)]
enum Place {
    Stdout,
    /// Nothing was written yet.
    Named(PathBuf),
    Open(PathBuf, File),
}

/// What is done about files and folders that are there, or are not.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// What is there stays, and more is written behind it.
    pub(crate) append: bool,
    pub(crate) no_clobber: bool,
    pub(crate) create_dirs: bool,
    pub(crate) remove_on_error: bool,
    pub(crate) folder: Option<PathBuf>,
}

impl Rules {
    pub(crate) fn of(operation: &Operation) -> Self {
        Self {
            append: operation.continue_at.is_some(),
            no_clobber: operation.no_clobber,
            create_dirs: operation.create_dirs,
            remove_on_error: operation.remove_on_error,
            folder: operation.output_dir.as_ref().map(PathBuf::from),
        }
    }

    /// Where a file of that name is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        match &self.folder {
            Some(folder) => folder.join(name),
            None => PathBuf::from(name),
        }
    }
}

impl Output {
    /// Writes to the file of that name, or to stdout.
    pub(crate) fn new(name: Option<&str>, rules: Rules) -> Self {
        let place = match name {
            None | Some("-") => Place::Stdout,
            Some(name) => Place::Named(rules.path(name)),
        };
        Self {
            place,
            written: 0,
            rules,
        }
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Stdout => None,
            Place::Named(path) | Place::Open(path, _) => Some(path),
        }
    }

    /// Gives the file another name, before anything is written.
    pub(crate) fn rename(&mut self, name: &str) {
        if let Place::Named(path) = &mut self.place {
            *path = self.rules.path(name);
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.open()?;
        let written = match &mut self.place {
            Place::Open(_, file) => file.write_all(bytes),
            _ => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
        };
        written.map_err(|error| self.failed(&error))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let name = self.path().map_or("stdout".into(), Path::to_string_lossy);
        Failure::writing(&name, error)
    }

    fn open(&mut self) -> Result<(), Failure> {
        let Place::Named(path) = &self.place else {
            return Ok(());
        };
        let path = path.clone();
        if let Some(folder) = path.parent().filter(|_| self.rules.create_dirs) {
            fs::create_dir_all(folder).map_err(|error| self.failed(&error))?;
        }
        let (path, file) = match self.rules.no_clobber {
            true => unused(&path),
            false => {
                let mut options = OpenOptions::new();
                options.create(true);
                match self.rules.append {
                    true => options.append(true),
                    false => options.write(true).truncate(true),
                };
                options.open(&path).map(|file| (path, file))
            }
        }
        .map_err(|error| self.failed(&error))?;
        self.place = Place::Open(path, file);
        Ok(())
    }

    /// Takes back what was written, for another try. What is on stdout stays there.
    pub(crate) fn take_back(&mut self) -> Result<(), Failure> {
        let written = std::mem::take(&mut self.written);
        let Place::Open(_, file) = &mut self.place else {
            return Ok(());
        };
        let taken = file.metadata().and_then(|metadata| {
            if !metadata.is_file() {
                return Ok(());
            }
            file.set_len(metadata.len().saturating_sub(written))?;
            file.seek(io::SeekFrom::End(0)).map(drop)
        });
        taken.map_err(|error| self.failed(&error))
    }

    /// Makes the file even if nothing came for it.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.open()
    }

    /// Removes a file that is not whole, if that is wanted.
    pub(crate) fn give_up(&mut self) {
        if let Place::Open(path, file) = &self.place
            && self.rules.remove_on_error
            && file.metadata().is_ok_and(|metadata| metadata.is_file())
        {
            // There is an error already, which says more.
            let _ = fs::remove_file(path);
        }
    }

    /// Gives the file the time that the server says.
    pub(crate) fn set_time(&self, time: SystemTime) -> Result<(), Failure> {
        match &self.place {
            Place::Open(_, file) => file.set_modified(time).map_err(|error| self.failed(&error)),
            _ => Ok(()),
        }
    }
}

/// Opens a file that is not there yet, with a number behind its name if need be.
fn unused(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut candidate = path.to_path_buf();
    for number in 1..=100 {
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&candidate);
        match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut name = path.as_os_str().to_os_string();
                name.push(format!(".{number}"));
                candidate = name.into();
            }
            opened => return opened.map(|file| (candidate, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The name that a server gives in `Content-Disposition`, without any folders.
pub(crate) fn name_of_server(disposition: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(disposition);
    let lower = text.to_ascii_lowercase();
    let at = lower.find("filename=")? + "filename=".len();
    let value = text.get(at..)?.trim_start();
    let value = match value.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next(),
        None => value.split(';').next(),
    };
    let name = value?.rsplit(['/', '\\']).next()?.trim();
    let is_name = !name.is_empty() && name != "." && name != ".." && !name.contains('\0');
    is_name.then(|| name.to_string())
}

/// The name in a URL, or curl's for a URL without one.
pub(crate) fn name_of_url(last: &str) -> Result<String, Failure> {
    match last {
        "" => Ok("curl_response".to_string()),
        "." | ".." => Err(Failure::new(code::WRITE_ERROR, "the URL has no file name")),
        name => Ok(name.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_servers_lead_into_no_folder() {
        for (given, expected) in [
            ("attachment; filename=\"a b.txt\"; x", Some("a b.txt")),
            ("attachment; FileName=../../etc/passwd", Some("passwd")),
            ("inline; filename=\"..\"", None),
            ("inline; filename=c:\\dir\\x.txt", Some("x.txt")),
            ("inline", None),
        ] {
            assert_eq!(
                name_of_server(given.as_bytes()).as_deref(),
                expected,
                "{given}"
            );
        }
    }
}
