//! Disks that are full, or cannot be written to.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;

use crate::program::{Ended, Folder, Kept, binary, kept_in};
use crate::web::Web;

/// Runs a script of the shell in which `crawl` is the program and the folder `disk` a disk of
/// 1 MiB, which nobody else sees and which ends with the script.
fn with_small_disk(folder: &Folder, script: &str) -> Option<Ended> {
    let disk = folder.path().join("disk");
    fs::create_dir_all(&disk).unwrap();
    let mount = "mount -t tmpfs -o size=1m looplet disk";
    let run = |script: &str| {
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "sh", "-c", script]).arg(binary());
        shell.current_dir(folder.path()).output().map(Ended::of)
    };
    if run(mount).is_ok_and(|mounted| mounted.status == Some(0)) {
        return run(&format!("{mount} && {{ {script}; }}")).ok();
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    });
    let everything = env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!(everything && is_root), "root may not mount a disk");
    // Not `eprintln`, which the test harness would keep for itself.
    let line = "skipped: a full disk (to mount one takes the rights of root)\n";
    io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

#[test]
fn a_full_disk_ends_the_crawl_with_one_line_and_loses_no_page() {
    let web = Web::of_pages(200, Duration::ZERO, 20_000);
    let (folder, url) = (Folder::new(), web.url("/0"));
    let crawl = format!("\"$0\" --db disk/x.db {url}");
    let script = format!(
        "{crawl}; echo \"status $?\"; {crawl}; echo \"status $?\"
         mount -o remount,size=64m disk; {crawl}; cp disk/x.db copy.db"
    );
    let Some(ended) = with_small_disk(&folder, &script) else {
        return;
    };
    let complaint = "crawl: disk/x.db: the disk is full\n";
    assert_eq!(ended.stderr, complaint.repeat(2));
    assert_eq!(ended.stdout.matches("status 2\n").count(), 2, "{ended:?}");
    let all = Kept {
        rows: 200,
        articles: 200,
    };
    assert_eq!(kept_in(&folder.path().join("copy.db")), all);
}

#[test]
fn a_database_that_cannot_be_written_to_is_refused() {
    let web = Web::of_pages(2, Duration::ZERO, 0);
    let (folder, url) = (Folder::new(), web.url("/0"));
    let crawl = format!("\"$0\" --db disk/x.db {url}");
    let script = format!("{crawl} && mount -o remount,ro disk && {crawl}");
    let Some(ended) = with_small_disk(&folder, &script) else {
        return;
    };
    assert_eq!(ended.status, Some(2), "{ended:?}");
    let complaint = "crawl: disk/x.db: Read-only file system (os error 30)\n";
    assert_eq!(ended.stderr, complaint);
}
