//! Sessions for operations: those with the same settings share one, and its connections.

use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use looplet_http::codec::{Limits, Tolerance};
use looplet_http::cookies::CookieJar;
use looplet_http::proxy::Proxies;
use looplet_http::{
    ConnectConfig, Headers, MinSpeed, PoolLimits, RedirectPolicy, Session, SessionConfig, Timeouts,
    TlsConfig,
};

use crate::cookies::Cookies;
use crate::failure::{Failure, code};
use crate::names::{Names, Rules};
use crate::options::Operation;
use crate::{proxies, trust};

/// How long connecting may take, if nobody says otherwise.
const CONNECT: Duration = Duration::from_secs(300);
/// Over how long a speed is taken, if nobody says otherwise.
const SPEED_TIME: Duration = Duration::from_secs(30);

/// The settings of a session that an operation chooses.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    timeouts: Timeouts,
    decode: bool,
    names: Rules,
    proxies: Proxies,
    tls: TlsConfig,
    unix_socket: Option<PathBuf>,
    local_addr: Option<IpAddr>,
    has_cookies: bool,
    http09: bool,
}

impl Settings {
    fn of(operation: &Operation, has_cookies: bool) -> Result<Self, Failure> {
        Ok(Self {
            timeouts: timeouts(operation),
            decode: operation.compressed && !operation.raw,
            names: Rules::of(operation)?,
            proxies: proxies::of(operation)?,
            tls: trust::of(operation)?,
            unix_socket: operation.unix_socket.as_ref().map(PathBuf::from),
            local_addr: local_addr(operation)?,
            has_cookies,
            http09: operation.http09,
        })
    }

    fn config(self, cookies: Option<CookieJar>) -> SessionConfig {
        SessionConfig {
            timeouts: self.timeouts,
            pool: PoolLimits {
                total: 300,
                per_host: 300,
                ..PoolLimits::default()
            },
            connect: ConnectConfig {
                resolver: Rc::new(Names::new(self.names)),
                unix_socket: self.unix_socket,
                local_addr: self.local_addr,
                ..ConnectConfig::default()
            },
            tls: self.tls,
            proxies: self.proxies,
            limits: Limits {
                head_bytes: 300 * 1024,
                fields: 5000,
                tolerance: Tolerance {
                    headless: self.http09,
                    // As curl does. Nothing is passed on, so nobody can be led astray by it.
                    indented_first_field: true,
                    control_bytes: true,
                    bare_line_feeds: true,
                    redundant_codings: true,
                    ..Tolerance::default()
                },
                ..Limits::default()
            },
            redirects: RedirectPolicy::None,
            max_body: u64::MAX,
            decode: self.decode,
            cookies,
            headers: Headers::new(),
            ..SessionConfig::default()
        }
    }
}

/// What curl does where nobody says anything: 300 seconds to connect, one to wait for a
/// `100 Continue`, and no other limit on time.
fn timeouts(operation: &Operation) -> Timeouts {
    let connect = operation.connect_timeout.unwrap_or(CONNECT);
    let within = operation.speed_time.unwrap_or(SPEED_TIME);
    let slowest = operation.speed_limit.or(operation.speed_time.map(|_| 1));
    let bytes = |limit: u64| limit.saturating_mul(within.as_secs().max(1));
    Timeouts {
        pool_wait: None,
        resolve: Some(connect),
        connect: Some(connect),
        write_idle: None,
        continue_wait: Some(
            operation
                .expect100_timeout
                .unwrap_or(Duration::from_secs(1)),
        ),
        first_byte: None,
        read_idle: None,
        min_speed: slowest.map(|limit| MinSpeed {
            bytes: bytes(limit),
            within,
        }),
        total: None,
    }
}

fn local_addr(operation: &Operation) -> Result<Option<IpAddr>, Failure> {
    let Some(text) = &operation.interface else {
        return Ok(None);
    };
    let address = text.strip_prefix("host!").unwrap_or(text).parse();
    address.map(Some).map_err(|_| {
        let message = format!("option --interface: expected an address of this machine: {text:?}");
        Failure::new(code::INTERFACE_FAILED, message)
    })
}

/// The sessions that there are.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Vec<(Settings, Session)>,
    /// One jar for all that want cookies.
    pub(crate) cookies: Cookies,
}

impl Sessions {
    /// The session for an operation.
    pub(crate) fn of(&mut self, operation: &Operation) -> Result<Session, Failure> {
        let cookies = self.cookies.of(operation);
        let settings = Settings::of(operation, cookies.is_some())?;
        if let Some((_, session)) = self.all.iter().find(|(own, _)| *own == settings) {
            return Ok(session.clone());
        }
        let session = Session::with(settings.clone().config(cookies));
        self.all.push((settings, session.clone()));
        Ok(session)
    }
}
