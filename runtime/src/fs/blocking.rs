//! One blocking call on the default pool, and errors that name their path.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::path::Path;

use crate::executor::try_on_default;

/// Runs a blocking call on one path.
#[track_caller]
pub(super) fn on_path<T: Send + 'static, P: AsRef<Path>>(
    verb: &'static str,
    path: P,
    call: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> impl Future<Output = io::Result<T>> {
    let path = path.as_ref().to_path_buf();
    on_thread(Location::caller(), move || {
        call(&path).map_err(|error| explain(error, attempt(verb, &path)))
    })
}

/// Runs a blocking call on two paths.
#[track_caller]
pub(super) fn on_paths<T: Send + 'static, P: AsRef<Path>, Q: AsRef<Path>>(
    verb: &'static str,
    from: P,
    to: Q,
    call: impl FnOnce(&Path, &Path) -> io::Result<T> + Send + 'static,
) -> impl Future<Output = io::Result<T>> {
    let (from, to) = (from.as_ref().to_path_buf(), to.as_ref().to_path_buf());
    on_thread(Location::caller(), move || {
        let attempt = || format!("{} to `{}`", attempt(verb, &from), to.display());
        call(&from, &to).map_err(|error| explain(error, attempt()))
    })
}

/// Runs a blocking call on the running loop's default pool.
pub(super) async fn on_thread<T: Send + 'static>(
    site: &'static Location<'static>,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match try_on_default(site, |_| call()) {
        Ok(job) => job.await,
        Err(error) => Err(io::Error::other(error)),
    }
}

pub(super) fn attempt(verb: &str, path: &Path) -> String {
    format!("{verb} `{}`", path.display())
}

/// Says in an error what was attempted. The kind stays.
pub(super) fn explain(error: io::Error, attempt: String) -> io::Error {
    io::Error::new(
        error.kind(),
        Failed {
            attempt,
            cause: error,
        },
    )
}

/// An error of the system, and what it happened to.
#[derive(Debug)]
struct Failed {
    attempt: String,
    cause: io::Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.attempt, self.cause)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
