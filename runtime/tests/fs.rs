//! Files on threads. Every test has a folder of its own, which goes when the test is over.

mod common;

use std::error::Error;
use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{ErrorKind, SeekFrom, Write};
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};

use common::{run_virtual, turns};
use looplet::fs::{self, File};
use looplet::{ThreadPool, create_task, get_running_loop, yield_now};

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("looplet-fs-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("there is room for a folder");
        Self(path)
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a program in a folder of its own.
fn in_folder<F: Future<Output = std::io::Result<()>> + 'static>(
    program: impl FnOnce(PathBuf) -> F,
) {
    let folder = Folder::new();
    run_virtual(program(folder.to_path_buf())).expect("the files do as they are told");
}

/// Occupies one thread of a pool until the sender is dropped. Returns when it has begun.
fn occupy(pool: &ThreadPool) -> Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let job = pool.submit(move || {
        begin.send(()).expect("the test waits");
        // An error is the release.
        let _ = released.recv();
    });
    drop(job.expect("the pool is open"));
    begun.recv().expect("the job begins");
    release
}

#[test]
fn whole_files_are_written_read_appended_and_copied() {
    in_folder(|folder| async move {
        let (one, two) = (folder.join("one"), folder.join("two"));
        fs::write(&one, "first\n").await?;
        fs::append(&one, b"second\n".to_vec()).await?;
        assert_eq!(fs::copy(&one, &two).await?, 13);
        assert_eq!(fs::read_to_string(&two).await?, "first\nsecond\n");
        fs::write(&one, [0xff]).await?;
        assert_eq!(fs::read(&one).await?, [0xff]);
        let error = fs::read_to_string(&one).await.expect_err("not UTF-8");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        Ok(())
    });
}

#[test]
fn folders_and_names_are_as_the_system_has_them() {
    in_folder(|folder| async move {
        let deep = folder.join("a/b/c");
        fs::create_dir_all(&deep).await?;
        fs::create_dir(folder.join("empty")).await?;
        fs::write(deep.join("file"), "x").await?;
        fs::rename(deep.join("file"), folder.join("moved")).await?;
        fs::hard_link(folder.join("moved"), folder.join("second")).await?;
        fs::symlink("moved", folder.join("link")).await?;
        assert_eq!(
            fs::read_link(folder.join("link")).await?,
            Path::new("moved")
        );
        let real = fs::canonicalize(folder.join("link")).await?;
        assert!(real.ends_with("moved"), "{real:?}");

        let entries = fs::read_dir(&folder).await?;
        let seen = entries.iter().map(|entry| {
            let kind = entry.file_type;
            (entry.file_name.to_str(), kind.is_dir(), kind.is_symlink())
        });
        assert!(seen.eq([
            (Some("a"), true, false),
            (Some("empty"), true, false),
            (Some("link"), false, true),
            (Some("moved"), false, false),
            (Some("second"), false, false),
        ]));
        assert_eq!(entries[0].path, folder.join("a"));

        fs::remove_file(folder.join("second")).await?;
        fs::remove_dir(folder.join("empty")).await?;
        fs::remove_dir_all(folder.join("a")).await?;
        assert!(!fs::try_exists(folder.join("a")).await?);
        assert!(fs::try_exists(folder.join("moved")).await?);
        Ok(())
    });
}

#[test]
fn metadata_and_permissions_are_those_of_the_file() {
    in_folder(|folder| async move {
        let (file, link) = (folder.join("file"), folder.join("link"));
        fs::write(&file, "12345").await?;
        fs::symlink(&file, &link).await?;
        assert_eq!(fs::metadata(&link).await?.len(), 5);
        assert!(fs::symlink_metadata(&link).await?.is_symlink());
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).await?;
        let mode = fs::metadata(&file).await?.permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        Ok(())
    });
}

#[test]
fn an_error_names_the_attempt_and_the_path_and_keeps_its_kind_and_cause() {
    in_folder(|folder| async move {
        let gone = folder.join("gone");
        let error = fs::read(&gone).await.expect_err("it is not there");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let shown = gone.display();
        assert_eq!(
            error.to_string(),
            format!("cannot read `{shown}`: No such file or directory (os error 2)")
        );
        let cause = error.source().expect("the system's own error");
        let cause = cause
            .downcast_ref::<std::io::Error>()
            .expect("of the same type");
        assert_eq!(cause.raw_os_error(), Some(2));

        let there = folder.join("there");
        let error = fs::rename(&gone, &there).await.expect_err("the same");
        let text = format!("cannot rename `{shown}` to `{}`: ", there.display());
        assert!(error.to_string().starts_with(&text), "{error}");
        let error = File::open(&gone).await.expect_err("the same");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot open `{shown}`: ")),
            "{error}"
        );
        let error = fs::read_dir(&gone).await.expect_err("the same");
        assert!(
            error.to_string().starts_with("cannot read the folder `"),
            "{error}"
        );
        Ok(())
    });
}

#[test]
fn a_path_that_no_system_takes_is_an_error() {
    run_virtual(async {
        let error = fs::read("with\0zero").await.expect_err("a zero byte");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(CString::new("with\0zero").is_err());
        let error = fs::write("", "x").await.expect_err("no name");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn an_open_file_is_written_moved_in_cut_and_read() {
    in_folder(|folder| async move {
        let path = folder.join("file");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let mut file = File::open_with(&path, options).await?;
        file.write_all("0123456789").await?;
        file.sync_all().await?;
        assert_eq!(file.seek(SeekFrom::Start(2)).await?, 2);
        assert_eq!(file.read(3).await?, b"234");
        assert_eq!(file.read_to_end().await?, b"56789");
        assert_eq!(file.read(3).await?, b"", "the end");
        file.set_len(4).await?;
        assert_eq!(file.metadata().await?.len(), 4);
        assert_eq!(file.seek(SeekFrom::End(-1)).await?, 3);
        assert_eq!(file.read(usize::MAX).await?, b"3");
        assert_eq!(
            format!("{file:?}"),
            format!("File {{ path: {path:?}, busy: false }}")
        );
        drop(file);

        let mut file = File::create(&path).await?;
        assert_eq!(file.metadata().await?.len(), 0, "it was emptied");
        let error = file.read(1).await.expect_err("it is for writing");
        let text = format!("cannot read `{}`: ", path.display());
        assert!(error.to_string().starts_with(&text), "{error}");
        let error = file.seek(SeekFrom::Current(-1)).await;
        assert_eq!(
            error.expect_err("before the start").kind(),
            ErrorKind::InvalidInput
        );
        Ok(())
    });
}

#[test]
fn an_operation_on_an_open_file_happens_also_when_its_await_is_cancelled() {
    in_folder(|folder| async move {
        let path = folder.join("file");
        let pool = ThreadPool::new(2);
        get_running_loop().set_default_executor(pool.clone());
        let mut file = File::create(&path).await?;
        // Both threads are busy, so the write cannot begin.
        let (release, second) = (occupy(&pool), occupy(&pool));
        let task = create_task(async move {
            let cancelled = looplet::catch_cancel(file.write_all("first ")).await;
            assert!(cancelled.is_err());
            file
        });
        turns(3).await;
        assert_eq!(pool.queued(), 1);
        task.cancel();
        turns(3).await;
        assert!(task.done());
        let mut file = task.await;
        assert!(format!("{file:?}").contains("busy: true"), "{file:?}");
        let next = create_task(async move { file.write_all("second").await });
        turns(5).await;
        drop((release, second));
        next.await?;
        assert_eq!(fs::read_to_string(&path).await?, "first second");
        Ok(())
    });
}

#[test]
fn the_next_operation_on_an_open_file_waits_for_one_that_goes_on() {
    run_virtual(async {
        let (reader, mut writer) = std::io::pipe().expect("the system gives a pipe");
        let pool = ThreadPool::new(2);
        get_running_loop().set_default_executor(pool.clone());
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let mut file = File::open(path).await.expect("it is there");
        let task = create_task(async move {
            let cancelled = looplet::catch_cancel(file.read(1)).await;
            assert!(cancelled.is_err());
            file
        });
        turns(2).await;
        task.cancel();
        let mut file = task.await;
        let next = create_task(async move { file.metadata().await.is_ok() });
        turns(3).await;
        // The read has one thread; the other one would have done the next operation before this.
        pool.submit(|| ()).expect("the pool is open").await;
        turns(5).await;
        assert!(!next.done());
        writer.write_all(b"x").expect("somebody reads");
        assert!(next.await);
    });
}

#[test]
fn a_function_that_is_cancelled_before_it_began_does_nothing() {
    in_folder(|folder| async move {
        let path = folder.join("file");
        let pool = ThreadPool::new(1);
        get_running_loop().set_default_executor(pool.clone());
        let release = occupy(&pool);
        let write = create_task(fs::write(path.clone(), "never"));
        yield_now().await;
        assert_eq!(pool.queued(), 1);
        write.cancel();
        assert!(write.join().await.is_err());
        drop(release);
        assert!(!fs::try_exists(&path).await?);
        Ok(())
    });
}
