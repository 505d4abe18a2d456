//! fetch: a program like curl, on looplet-http.
//!
//! ```text
//! cargo run --release --example fetch -- -L -o page.html http://localhost:8080/
//! ```
//!
//! Names and meanings of the options, and the exit codes, are curl's, so that a person's habits
//! carry over; `--help` lists what there is. What to look at: `transfer.rs`, the life of one
//! transfer from top to bottom.
//!
//! The command line becomes operations (`options`), those become plans with one URL each
//! (`plan`, `glob`), and a plan becomes a transfer (`transfer`) of one or several requests
//! (`request`, `exchange`), whose answers are received (`receive`).
//!
//! `fetch -V` prints:
//!
//! ```text
//! fetch …
//! Protocols: …
//! Features: …
//! ```

mod failure;
mod glob;
mod address;
mod dates;
mod body;
mod options;
mod record;
mod messages;
mod output;
mod tap;
mod write_out;
mod progress;
mod plan;
mod header_lines;
mod conditions;
mod credentials;
mod payload;
mod request;
mod redirects;
mod retry;
mod names;
mod proxies;
mod trust;
mod cookies;
mod sessions;
mod transfer;
mod exchange;
mod receive;
mod run;

use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;

use failure::Failure;
use messages::Messages;
use options::{Question, help};

fn main() -> ExitCode {
    let parsed = options::parse(std::env::args_os().skip(1)).and_then(|(global, operations)| {
        let messages = Messages::new(&global)?;
        Ok((global, operations, Rc::new(messages)))
    });
    let (global, operations, messages) = match parsed {
        Ok(parsed) => parsed,
        Err(failure) => return refuse(&failure),
    };
    if let Some(question) = global.question {
        let answer = match question {
            Question::Help => help::help(),
            Question::Version => help::version(),
        };
        // Whoever reads it may have read enough.
        let _ = io::stdout().write_all(answer.as_bytes());
        return ExitCode::SUCCESS;
    }
    looplet::run(async {
        let code = run::run(global, operations, messages).await;
        // Not by returning: a thread may wait for a stdin that never ends.
        std::process::exit(code.into())
    })
}

fn refuse(failure: &Failure) -> ExitCode {
    let mut message = failure.message.clone();
    if failure.code != failure::code::FAILED_INIT {
        message = failure.to_string();
    }
    eprintln!("fetch: {message}");
    ExitCode::from(failure.code)
}
