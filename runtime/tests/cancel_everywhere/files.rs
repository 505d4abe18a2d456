//! Files on the pool: each waits for a job, whatever it does.

use std::fs::{Permissions, create_dir, remove_dir_all, write as write_now};
use std::io::SeekFrom;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sweep::{Made, sweep};
use looplet::fs::{self, File};

/// A folder that is gone afterwards, with a file `text` in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("looplet-sweep-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        create_dir(&path).expect("it is new");
        write_now(path.join("text"), "some text").expect("there is room");
        Self(path)
    }

    /// Sweeps an operation on a path in the folder. What an earlier round has done may be in its
    /// way: then it fails, after as many turns.
    fn sweep<F: Future + 'static>(
        &self,
        name: &'static str,
        op: impl Fn(PathBuf) -> F + Copy + 'static,
    ) {
        let path = self.0.join(name);
        sweep(move || {
            let path = path.clone();
            async move { Made::new(op(path)) }
        });
    }

    /// Sweeps an operation on the opened file.
    fn sweep_file(&self, op: impl AsyncFn(&mut File) + Copy + 'static) {
        self.sweep("text", move |path| async move {
            let mut options = std::fs::OpenOptions::new();
            options.read(true).write(true);
            let mut file = File::open_with(path, options).await.expect("it is there");
            op(&mut file).await;
        });
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = remove_dir_all(&self.0);
    }
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

#[test]
fn whole_files() {
    let folder = Folder::new("whole");
    folder.sweep("text", fs::read_to_string);
    folder.sweep("text", |path| fs::append(path, b"more".to_vec()));
    folder.sweep("text", |path| fs::copy(path.clone(), beside(&path, "copy")));
}

#[test]
fn what_is_known_of_a_file() {
    let folder = Folder::new("known");
    folder.sweep("text", fs::metadata);
    folder.sweep("text", fs::symlink_metadata);
    folder.sweep("text", fs::try_exists);
    folder.sweep("text", fs::canonicalize);
    folder.sweep("text", |path| {
        fs::set_permissions(path, Permissions::from_mode(0o600))
    });
}

#[test]
fn names_and_folders() {
    let folder = Folder::new("names");
    folder.sweep("text", |path| {
        fs::hard_link(path.clone(), beside(&path, "other"))
    });
    folder.sweep("text", |path| {
        fs::symlink(path.clone(), beside(&path, "link"))
    });
    folder.sweep("link", fs::read_link);
    folder.sweep("other", |path| {
        fs::rename(path.clone(), beside(&path, "third"))
    });
    folder.sweep("third", fs::remove_file);
    folder.sweep("folder", fs::create_dir);
    folder.sweep("folder", fs::remove_dir);
    folder.sweep("a/b/c", fs::create_dir_all);
    folder.sweep("a", fs::remove_dir_all);
    folder.sweep("", fs::read_dir);
}

#[test]
fn an_open_file() {
    let folder = Folder::new("open");
    folder.sweep_file(async |file| {
        let _ = file.read(4).await;
        let _ = file.read_to_end().await;
    });
    folder.sweep_file(async |file| {
        let _ = file.seek(SeekFrom::Start(2)).await;
        let _ = file.set_len(5).await;
        let _ = file.metadata().await;
    });
}
