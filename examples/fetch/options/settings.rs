//! The settings, as plain data.
//!
//! A [`Global`] holds for the whole run, an [`Operation`] for the URLs up to the next
//! `--next`. Every field is named after the option that sets it.

use std::time::Duration;

use crate::body::form::FormPart;

/// Settings of the whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Global {
    /// What to print instead of fetching anything.
    pub(crate) question: Option<Question>,
    pub(crate) silent: bool,
    pub(crate) show_error: bool,
    pub(crate) verbose: bool,
    pub(crate) meter: Meter,
    /// Where messages go, if not to stderr.
    pub(crate) stderr: Option<String>,
    pub(crate) parallel: bool,
    pub(crate) parallel_max: Option<usize>,
    pub(crate) fail_early: bool,
    /// What the options said that is worth a warning.
    pub(crate) warnings: Vec<String>,
}

/// What to print instead of fetching anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Help,
    Version,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Meter {
    #[default]
    Table,
    Bar,
    Hidden,
}

/// A URL, where what it says goes, and what is sent there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) url: Option<String>,
    pub(crate) output: Out,
    /// `-T`: a file or a pattern; `-` is stdin.
    pub(crate) upload: Option<String>,
}

/// Where a body goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Out {
    #[default]
    Unset,
    /// `-o`; `-` is stdout.
    File(String),
    /// `-O`: the name in the URL.
    Remote,
}

/// What `-f` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fail {
    #[default]
    No,
    Quietly,
    WithBody,
}

/// Where `-C` goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    At(u64),
    /// Where the output file ends.
    Automatic,
}

/// Which scheme of authentication is used with `-u`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AuthChoice {
    #[default]
    Basic,
    Digest,
    /// What the server offers.
    Any,
}

/// Whether `~/.netrc` is looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NetrcUse {
    #[default]
    No,
    Optional,
    Required,
}

/// The version in the request line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    #[default]
    Http11,
    Http10,
}

/// Settings of some URLs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) targets: Vec<Target>,
    pub(crate) globoff: bool,
    // The request.
    pub(crate) request: Option<String>,
    pub(crate) head: bool,
    pub(crate) get: bool,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) json: bool,
    pub(crate) form: Vec<FormPart>,
    pub(crate) form_escape: bool,
    pub(crate) url_query: Vec<String>,
    /// Lines as they were given: `Name: value`, `Name;` or `Name:`.
    pub(crate) header: Vec<Vec<u8>>,
    pub(crate) proxy_header: Vec<Vec<u8>>,
    pub(crate) user_agent: Option<Vec<u8>>,
    pub(crate) referer: Option<String>,
    pub(crate) auto_referer: bool,
    pub(crate) cookie: Vec<String>,
    pub(crate) cookie_files: Vec<String>,
    pub(crate) cookie_jar: Option<String>,
    pub(crate) junk_session_cookies: bool,
    pub(crate) user: Option<String>,
    pub(crate) auth: AuthChoice,
    pub(crate) oauth2_bearer: Option<String>,
    pub(crate) netrc: NetrcUse,
    pub(crate) netrc_file: Option<String>,
    pub(crate) compressed: bool,
    pub(crate) tr_encoding: bool,
    pub(crate) raw: bool,
    pub(crate) range: Option<String>,
    pub(crate) continue_at: Option<Resume>,
    pub(crate) time_cond: Option<String>,
    pub(crate) etag_save: Option<String>,
    pub(crate) etag_compare: Option<String>,
    pub(crate) request_target: Option<String>,
    pub(crate) path_as_is: bool,
    pub(crate) http_version: HttpVersion,
    pub(crate) http09: bool,
    pub(crate) expect100_timeout: Option<Duration>,
    pub(crate) disallow_username: bool,
    // Redirects.
    pub(crate) location: bool,
    pub(crate) location_trusted: bool,
    pub(crate) max_redirs: Option<u64>,
    pub(crate) post301: bool,
    pub(crate) post302: bool,
    pub(crate) post303: bool,
    pub(crate) proto: Option<String>,
    pub(crate) proto_redir: Option<String>,
    pub(crate) proto_default: Option<String>,
    // The output.
    pub(crate) include: bool,
    pub(crate) dump_header: Option<String>,
    pub(crate) fail: Fail,
    pub(crate) output_dir: Option<String>,
    pub(crate) create_dirs: bool,
    pub(crate) remote_name_all: bool,
    pub(crate) remote_header_name: bool,
    pub(crate) remote_time: bool,
    pub(crate) no_clobber: bool,
    pub(crate) skip_existing: bool,
    pub(crate) remove_on_error: bool,
    pub(crate) write_out: Option<String>,
    pub(crate) max_filesize: Option<u64>,
    // Times and rates.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) speed_limit: Option<u64>,
    pub(crate) speed_time: Option<Duration>,
    pub(crate) limit_rate: Option<u64>,
    pub(crate) retry: u64,
    pub(crate) retry_delay: Option<Duration>,
    pub(crate) retry_max_time: Option<Duration>,
    pub(crate) retry_connrefused: bool,
    pub(crate) retry_all_errors: bool,
    // The network.
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) interface: Option<String>,
    pub(crate) resolve: Vec<String>,
    pub(crate) connect_to: Vec<String>,
    pub(crate) unix_socket: Option<String>,
    pub(crate) proxy: Option<String>,
    pub(crate) proxy_user: Option<String>,
    pub(crate) proxytunnel: bool,
    pub(crate) proxy_http10: bool,
    pub(crate) noproxy: Option<String>,
    // TLS.
    pub(crate) insecure: bool,
    pub(crate) cacert: Option<String>,
    pub(crate) cert: Option<String>,
    pub(crate) key: Option<String>,
}

impl Operation {
    /// What the program calls itself; empty for nothing.
    pub(crate) fn agent(&self) -> &[u8] {
        let own = concat!("fetch/", env!("CARGO_PKG_VERSION")).as_bytes();
        self.user_agent.as_deref().unwrap_or(own)
    }

    /// The first target of which `is_free` holds, made if there is none.
    pub(crate) fn target_with(&mut self, is_free: impl Fn(&Target) -> bool) -> &mut Target {
        let at = self.targets.iter().position(is_free);
        let at = at.unwrap_or_else(|| {
            self.targets.push(Target::default());
            self.targets.len() - 1
        });
        &mut self.targets[at]
    }
}
