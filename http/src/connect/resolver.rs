//! From names to addresses: what a program can put in place of the system, and the system.
//!
//! The system's resolver blocks, so it is asked on threads: four of its own, which jobs of the
//! program cannot occupy and which do not occupy the program's.
//!
//! # Rules
//!
//! 1. Who asks for a name that is being looked up waits for the same answer.
//! 2. An answer is used again for ten seconds, and that there is none, for one: long enough for
//!    a page with its pictures, short enough to follow a host that moves. At most a thousand
//!    are kept.
//! 3. A look-up that nobody waits for any more goes on, as no thread can be stopped; what it
//!    finds is kept for the next one.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use looplet::{Event, PoolConfig, ThreadPool, create_task, get_running_loop};

/// How long an answer is used again.
const KEEP: Duration = Duration::from_secs(10);
/// How long it is not asked again for a name that has no addresses.
const KEEP_FAILURE: Duration = Duration::from_secs(1);
/// Names whose answers are kept.
const KEPT_NAMES: usize = 1000;
/// Look-ups at the same time.
const THREADS: usize = 4;

/// A look-up under way.
pub type Resolving<'r> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + 'r>>;

/// Finds the addresses of hosts.
///
/// The aiohttp counterpart is `AbstractResolver`.
///
/// ```
/// use looplet_http::{Resolver, Resolving, SessionConfig};
/// use std::rc::Rc;
///
/// /// Sends everything to one server.
/// #[derive(Debug)]
/// struct Here;
///
/// impl Resolver for Here {
///     fn resolve<'r>(&'r self, _host: &'r str, _port: u16) -> Resolving<'r> {
///         Box::pin(async { Ok(vec![([127, 0, 0, 1], 8080).into()]) })
///     }
/// }
///
/// let mut config = SessionConfig::default();
/// config.connect.resolver = Rc::new(Here);
/// ```
pub trait Resolver: fmt::Debug {
    /// Finds addresses of `host`, the best first. They are connected to as they are, port
    /// included; usually it is `port`. A host may be an address, without brackets.
    ///
    /// It may be dropped at any time, which must not disturb others.
    ///
    /// # Errors
    ///
    /// Why there are none. An empty list is an error, too.
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r>;
}

/// The resolver of the system, as `getaddrinfo` asks it, with a short memory.
///
/// An answer is used again for ten seconds, a failure for one. Clones share memory and threads,
/// of which there are at most four, and none before the first name.
///
/// The aiohttp counterpart is `ThreadedResolver` with the cache of the connector.
///
/// ```
/// use looplet_http::{Resolver, SystemResolver, runtime::run};
///
/// let found = run(async { SystemResolver::new().resolve("127.0.0.1", 80).await }).unwrap();
/// assert_eq!(found, ["127.0.0.1:80".parse().unwrap()]);
/// ```
#[derive(Clone, Default)]
pub struct SystemResolver {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The threads, made for the first name.
    threads: OnceCell<ThreadPool>,
    names: RefCell<HashMap<String, Name>>,
}

/// What is known of a name.
enum Name {
    /// It is being looked up.
    Asked(Rc<Asked>),
    /// The answer, and until when it is used.
    Known(Answer, Instant),
}

/// A look-up that others can wait for.
#[derive(Default)]
struct Asked {
    answered: Event,
    /// The answer, and until when it is used.
    answer: RefCell<Option<(Answer, Instant)>>,
}

/// Addresses, or the kind and the text of an error.
type Answer = Result<Rc<[IpAddr]>, (io::ErrorKind, String)>;

impl SystemResolver {
    /// Makes a resolver that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    async fn addresses(&self, host: &str) -> Answer {
        let asked = match self.recall(host) {
            Ok(answer) => return answer,
            Err(asked) => asked,
        };
        asked.answered.wait().await;
        let answer = asked.answer.borrow().clone();
        let ended = || {
            Err((
                io::ErrorKind::Interrupted,
                "the look-up was ended".to_owned(),
            ))
        };
        answer.map_or_else(ended, |(answer, _)| answer)
    }

    /// Returns what is known, or the look-up that will know: one that is under way or a new one.
    fn recall(&self, host: &str) -> Result<Answer, Rc<Asked>> {
        let now = get_running_loop().time();
        match self.inner.names.borrow().get(host) {
            Some(Name::Known(answer, until)) if *until > now => return Ok(answer.clone()),
            Some(Name::Asked(asked)) => return Err(asked.clone()),
            _ => {}
        }
        let asked = Rc::new(Asked::default());
        self.remember(host.to_owned(), Name::Asked(asked.clone()));
        let asking = Asking {
            inner: self.inner.clone(),
            host: host.to_owned(),
            asked: asked.clone(),
        };
        create_task(asking.ask());
        Err(asked)
    }

    fn remember(&self, host: String, name: Name) {
        let mut names = self.inner.names.borrow_mut();
        if names.len() >= KEPT_NAMES {
            names.retain(|_, name| matches!(name, Name::Asked(_)));
        }
        names.insert(host, name);
    }
}

/// A task that looks a name up. Whoever waits is woken also when it is dropped.
struct Asking {
    inner: Rc<Inner>,
    host: String,
    asked: Rc<Asked>,
}

impl Asking {
    async fn ask(self) {
        let host = self.host.clone();
        let look_up = move || -> io::Result<Vec<IpAddr>> {
            let found = (host.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        };
        let found = match self.inner.threads.get_or_init(threads).submit(look_up) {
            Ok(job) => job.await,
            Err(error) => Err(io::Error::other(error)),
        };
        let (answer, keep): (Answer, _) = match found {
            Ok(addresses) => (Ok(addresses.into()), KEEP),
            Err(error) => (Err((error.kind(), error.to_string())), KEEP_FAILURE),
        };
        let until = get_running_loop().time() + keep;
        self.asked.answer.replace(Some((answer, until)));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let answer = self.asked.answer.borrow().clone();
        let mut names = self.inner.names.borrow_mut();
        let _before = match answer {
            Some((answer, until)) => names.insert(self.host.clone(), Name::Known(answer, until)),
            None => names.remove(&self.host),
        };
        drop(names);
        self.asked.answered.set();
    }
}

fn threads() -> ThreadPool {
    ThreadPool::with(PoolConfig {
        threads: THREADS,
        name_prefix: "looplet-resolve".to_owned(),
    })
}

impl Resolver for SystemResolver {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r> {
        Box::pin(async move {
            if let Ok(ip) = host.parse::<IpAddr>() {
                return Ok(vec![SocketAddr::new(ip, port)]);
            }
            let found = self.addresses(host).await;
            let found = found.map_err(|(kind, text)| io::Error::new(kind, text))?;
            Ok(found.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
        })
    }
}

impl fmt::Debug for SystemResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemResolver")
            .field("names", &self.inner.names.borrow().len())
            .finish()
    }
}
