//! `fetch` as a person runs it: what it sends, what it writes, and how it ends.
//!
//! Each test starts the program against a server of its own on the loopback interface.

mod server;
mod requests;
mod outputs;
mod endings;
mod together;
mod replay;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program, with nothing of this machine's environment that would change what it does.
fn fetch() -> Command {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    let binary: PathBuf = profile.join("examples").join("fetch");
    let mut command = Command::new(binary.with_extension(std::env::consts::EXE_EXTENSION));
    for (name, _) in std::env::vars_os() {
        let lower = name.to_string_lossy().to_ascii_lowercase();
        if lower.ends_with("_proxy") || lower == "curl_ca_bundle" || lower == "ssl_cert_file" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs it without a progress meter.
fn run(arguments: &[&str]) -> Output {
    let mut command = fetch();
    command.arg("-sS").args(arguments);
    command.output().expect("fetch was built")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("fetch")
        .join(name);
    // There is none the first time.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("there is a place for tests");
    folder
}
