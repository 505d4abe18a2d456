//! Files of cookies: read whole, written beside and renamed.
//!
//! # Rules
//!
//! 1. A file is readable by its owner alone (mode 0600): cookies are credentials.
//! 2. Whoever opens it finds the old content or the new one, never a part.
//! 3. Of a file with a mistake, nothing is taken. The error names the path, the line and the
//!    cause, and shows no value.
//!
//! They are read and written on the thread of the caller, and block it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::cookie::Cookie;
use super::jar::CookieJar;
use super::rules::check;

/// Bytes of a file that is read. A full jar has half of it.
const FILE_BYTES: u64 = 32 * 1024 * 1024;

/// A format of lines.
pub(super) struct Format {
    /// Reads a line; `None` for one that holds no cookie.
    pub(super) read: fn(&str) -> Result<Option<Cookie>, String>,
    /// Whether the first line holds the cookie that was created last.
    pub(super) newest_first: bool,
}

impl CookieJar {
    /// Takes the cookies of a text, all or none.
    pub(super) fn take_lines(&self, text: &[u8], format: &Format) -> Result<(), String> {
        let mut cookies = Vec::new();
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let cookie = read_line(line, format);
            let cookie = cookie.map_err(|reason| format!("line {}: {reason}", index + 1))?;
            cookies.extend(cookie.filter(|cookie| !cookie.is_expired()));
        }
        if format.newest_first {
            cookies.reverse();
        }
        for cookie in cookies {
            self.put(cookie);
        }
        Ok(())
    }

    /// Takes the cookies of a file, all or none.
    pub(super) fn take_file(&self, path: &Path, format: &Format) -> io::Result<()> {
        let text = read_whole(path).map_err(|error| at(path, &error))?;
        self.take_lines(&text, format).map_err(|reason| {
            let reason = format!("{}: {reason}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })
    }
}

fn read_line(line: &[u8], format: &Format) -> Result<Option<Cookie>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let cookie = (format.read)(line)?;
    if let Some(cookie) = &cookie {
        check(cookie)?;
    }
    Ok(cookie)
}

fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?
        .take(FILE_BYTES + 1)
        .read_to_end(&mut text)?;
    if text.len() as u64 > FILE_BYTES {
        let reason = "it has more than 32 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(text)
}

/// Writes a file anew.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let written = write_beside(path, text)
        .and_then(|beside| fs::rename(&beside, path).inspect_err(|_| remove(&beside)));
    written.map_err(|error| at(path, &error))
}

/// Writes a new file in the same folder, and returns its path.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let (mut file, beside) = create_beside(path)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(beside),
        Err(error) => {
            remove(&beside);
            Err(error)
        }
    }
}

fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it names no file",
        ));
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut number = 0;
    loop {
        let mut beside = name.to_os_string();
        beside.push(format!(".{}-{number}.tmp", std::process::id()));
        let beside = path.with_file_name(beside);
        match options.open(&beside) {
            Ok(file) => return Ok((file, beside)),
            // Another thread writes the same file, or a process with this id has died.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Removes what was written in vain. The error that led here is the one to report.
fn remove(beside: &Path) {
    let _ = fs::remove_file(beside);
}

/// Adds the path to an error.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
