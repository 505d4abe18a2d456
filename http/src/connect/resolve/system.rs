//! The resolver of the system.
//!
//! It blocks, so it is asked on threads: four of its own, which jobs of the program cannot occupy
//! and which do not occupy the program's.
//!
//! # Rules
//!
//! 1. Who asks for a name that is being looked up waits for the same answer.
//! 2. An answer is used again for ten seconds, and that there is none, for one: long enough for
//!    a page with its pictures, short enough to follow a host that moves. At most a thousand
//!    are kept.
//! 3. A look-up that nobody waits for any more is passed over when its turn comes. One that has
//!    begun goes on, as no thread can be stopped; what it finds is kept for the next one.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use looplet::{Event, PoolConfig, ThreadPool, get_running_loop, try_get_running_loop};

use super::resolver::{Resolver, Resolving};
use crate::background::start;

/// How long an answer is used again.
const KEEP: Duration = Duration::from_secs(10);
/// How long it is not asked again for a name that has no addresses.
const KEEP_FAILURE: Duration = Duration::from_secs(1);
/// Names whose answers are kept.
const KEPT_NAMES: usize = 1000;
/// Look-ups at the same time.
const THREADS: usize = 4;

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
#[derive(Clone)]
pub struct SystemResolver {
    inner: Rc<Inner>,
}

struct Inner {
    /// The threads, made for the first name.
    threads: OnceCell<ThreadPool>,
    names: RefCell<HashMap<String, Name>>,
    /// Blocks until the addresses of a host are known.
    look_up: fn(&str) -> io::Result<Vec<IpAddr>>,
}

/// What is known of a name.
enum Name {
    /// It is being looked up.
    Asked(Rc<Asked>),
    /// The answer, and until when it is used.
    Known(Answer, Instant),
}

/// A look-up that several can wait for.
#[derive(Default)]
struct Asked {
    ended: Event,
    ending: RefCell<Ending>,
    /// How many wait. The thread looks, too.
    waiters: Arc<AtomicUsize>,
}

/// How a look-up ended.
#[derive(Default)]
enum Ending {
    /// Not yet; or with its loop.
    #[default]
    None,
    /// Its turn came, and nobody waited.
    PassedOver,
    /// With an answer that is used until then.
    Answered(Answer, Instant),
}

/// Addresses, or the kind and the text of an error.
type Answer = Result<Rc<[IpAddr]>, (io::ErrorKind, String)>;

/// Somebody who waits for a look-up.
struct Waiter(Rc<Asked>);

impl Waiter {
    fn of(asked: Rc<Asked>) -> Self {
        asked.waiters.fetch_add(1, Ordering::Relaxed);
        Waiter(asked)
    }

    /// Waits for the answer. `None`: it was passed over just before, and is to be asked anew.
    async fn wait(self) -> Option<Answer> {
        self.0.ended.wait().await;
        match &*self.0.ending.borrow() {
            Ending::Answered(answer, _) => Some(answer.clone()),
            Ending::PassedOver => None,
            Ending::None => {
                let text = "the look-up was ended".to_owned();
                Some(Err((io::ErrorKind::Interrupted, text)))
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::asking(ask_the_system)
    }
}

impl SystemResolver {
    /// Makes a resolver that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn asking(look_up: fn(&str) -> io::Result<Vec<IpAddr>>) -> Self {
        let inner = Rc::new(Inner {
            threads: OnceCell::new(),
            names: RefCell::default(),
            look_up,
        });
        SystemResolver { inner }
    }

    async fn addresses(&self, host: &str) -> Answer {
        loop {
            let waiter = match self.recall(host) {
                Ok(answer) => return answer,
                Err(asked) => Waiter::of(asked),
            };
            if let Some(answer) = waiter.wait().await {
                return answer;
            }
        }
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
        start(format!("look-up of {host}"), asking.ask());
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
        let (host, look_up) = (self.host.clone(), self.inner.look_up);
        let waiters = self.asked.waiters.clone();
        let job = move || (waiters.load(Ordering::Relaxed) > 0).then(|| look_up(&host));
        let found = match self.inner.threads.get_or_init(threads).submit(job) {
            Ok(job) => job.await,
            Err(error) => Some(Err(io::Error::other(error))),
        };
        let now = get_running_loop().time();
        let ending = match found {
            None => Ending::PassedOver,
            Some(Ok(addresses)) => Ending::Answered(Ok(addresses.into()), now + KEEP),
            Some(Err(error)) => {
                let answer = Err((error.kind(), error.to_string()));
                Ending::Answered(answer, now + KEEP_FAILURE)
            }
        };
        self.asked.ending.replace(ending);
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let answer = match &*self.asked.ending.borrow() {
            Ending::Answered(answer, until) => Some(Name::Known(answer.clone(), *until)),
            Ending::None | Ending::PassedOver => None,
        };
        let mut names = self.inner.names.borrow_mut();
        let _before = match answer {
            Some(known) => names.insert(self.host.clone(), known),
            None => names.remove(&self.host),
        };
        drop(names);
        self.asked.ended.set();
    }
}

fn ask_the_system(host: &str) -> io::Result<Vec<IpAddr>> {
    let found = (host, 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip()).collect())
}

fn at_port(found: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    found.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
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
            if let Some(known) = self.known(host, port) {
                return Ok(known);
            }
            let found = self.addresses(host).await;
            let found = found.map_err(|(kind, text)| io::Error::new(kind, text))?;
            Ok(at_port(&found, port))
        })
    }

    fn known(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(vec![SocketAddr::new(ip, port)]);
        }
        let now = try_get_running_loop()?.time();
        match self.inner.names.borrow().get(host)? {
            Name::Known(Ok(found), until) if *until > now && !found.is_empty() => {
                Some(at_port(found, port))
            }
            _ => None,
        }
    }
}

impl fmt::Debug for SystemResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemResolver")
            .field("names", &self.inner.names.borrow().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use looplet::{Clock, EventLoop, create_task, run, sleep, yield_now};

    use super::*;

    /// What was looked up, and whether look-ups may end.
    struct Gate {
        asked: Vec<String>,
        is_open: bool,
    }

    static GATE: Mutex<Gate> = Mutex::new(Gate {
        asked: Vec::new(),
        is_open: false,
    });
    static OPENED: Condvar = Condvar::new();

    fn slow(host: &str) -> io::Result<Vec<IpAddr>> {
        let mut gate = GATE.lock().expect("nobody panics with it");
        gate.asked.push(host.to_owned());
        let _gate = OPENED
            .wait_while(gate, |gate| !gate.is_open)
            .expect("nobody panics with it");
        Ok(vec![[127, 0, 0, 1].into()])
    }

    #[test]
    fn a_look_up_that_nobody_waits_for_is_passed_over_and_asked_anew_for_the_next() {
        run(async {
            let resolver = SystemResolver::asking(slow);
            let asking = |host: String| {
                let resolver = resolver.clone();
                create_task(async move { resolver.addresses(&host).await })
            };
            let names = ["a", "b", "c", "d", "given-up", "wanted"];
            let tasks: Vec<_> = names.map(|name| asking(name.to_owned())).into();
            while GATE.lock().unwrap().asked.len() < THREADS {
                sleep(Duration::from_millis(1)).await;
            }
            tasks[4].cancel();
            assert!(tasks[4].join().await.is_err());
            GATE.lock().unwrap().is_open = true;
            OPENED.notify_all();
            for (name, task) in names
                .iter()
                .zip(&tasks)
                .filter(|(name, _)| **name != "given-up")
            {
                assert!(task.join().await.unwrap().is_ok(), "{name}");
            }
            let mut asked = GATE.lock().unwrap().asked.clone();
            asked.sort();
            assert_eq!(asked, ["a", "b", "c", "d", "wanted"]);
            assert!(asking("given-up".to_owned()).await.is_ok());
            assert_eq!(GATE.lock().unwrap().asked.last().unwrap(), "given-up");
        });
    }

    #[test]
    fn an_answer_is_known_as_long_as_it_is_used_again_and_a_failure_never() {
        let virtual_loop = EventLoop::builder().clock(Clock::Virtual).build().unwrap();
        let ran = virtual_loop.run_until_complete(async {
            let resolver = SystemResolver::asking(|host| match host {
                "a.test" => Ok(vec![[192, 0, 2, 1].into()]),
                _ => Err(io::ErrorKind::NotFound.into()),
            });
            let known = |host| resolver.known(host, 80);
            assert_eq!(known("a.test"), None);
            assert!(resolver.resolve("a.test", 443).await.is_ok());
            assert!(resolver.resolve("gone.test", 443).await.is_err());
            let found = vec![SocketAddr::from(([192, 0, 2, 1], 80))];
            assert_eq!((known("a.test"), known("gone.test")), (Some(found), None));
            let moment = Duration::from_millis(1);
            sleep(KEEP - moment).await;
            assert!(known("a.test").is_some());
            sleep(moment).await;
            assert_eq!(known("a.test"), None);
            let address = SocketAddr::from(([127, 0, 0, 1], 80));
            assert_eq!(known("127.0.0.1"), Some(vec![address]));
        });
        ran.unwrap();
    }

    #[test]
    fn a_look_up_is_a_task_of_its_name() {
        run(async {
            let resolver = SystemResolver::asking(|_| Ok(Vec::new()));
            let asking = resolver.clone();
            let asked = create_task(async move { asking.addresses("somewhere").await });
            yield_now().await;
            let tasks = get_running_loop().all_tasks();
            let look_up = tasks
                .iter()
                .find(|task| task.name() == "look-up of somewhere");
            let look_up = look_up.expect("it is under way");
            assert!(look_up.spawned_at().file().ends_with("system.rs"));
            assert!(asked.await.is_ok());
        });
    }
}
