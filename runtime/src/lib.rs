//! A single-thread event loop and coroutine runtime in the spirit of Python's asyncio.
//!
//! ```
//! use looplet::{create_task, run, sleep};
//! use std::time::Duration;
//!
//! run(async {
//!     let tick = create_task(async {
//!         sleep(Duration::from_millis(2)).await;
//!         "tick"
//!     });
//!     println!("{} ... and one thread", tick.await);
//! });
//! ```
//!
//! Everything has asyncio's name where it is asyncio's concept: [`run`], [`create_task`],
//! [`gather`], [`timeout`], [`Queue`], [`open_connection`]. What asyncio calls `Future` is
//! [`Promise`] here.
//!
//! # The life of `sleep(1 s).await`
//!
//! 1. The task's step polls [`sleep`] (`task/sleep.rs`), which sets a timer and returns
//!    `Pending`, and the task (`task/cell/`) waits.
//! 2. The timer is a deadline in the wheel (`event_loop/wheel.rs`) and a waker in a slab
//!    (`event_loop/timers.rs`).
//! 3. The turn (`event_loop/turn.rs`) finds nothing ready, and asks the reactor
//!    (`event_loop/reactor.rs`) to wait in the kernel until the deadline.
//! 4. The next turn takes the timer off the wheel and runs its entry, which calls the waker.
//! 5. The waker is a ticket (`event_loop/waker.rs`): waking puts the task's number into the
//!    ready queue (`event_loop/ready.rs`), and nothing else.
//! 6. The turn after that makes the task's next step; the sleep finds that its timer has gone
//!    off and is ready.
//!
//! # Layers
//!
//! The `mod` lines below stand in dependency order: a module imports only from those above
//! it. That is also the order to read them in.
//!
//! # Features
//!
//! Each adds something and changes nothing else, but for Ctrl-C. One is on by default, since the
//! runtime brings its four crates with it and without:
//!
//! * `protocols`: asyncio's lower level, transports and protocols, and `inspect::listen`, which is
//!   one. A library that works with streams takes `default-features = false`, and is built sooner.
//!
//! The others are off:
//!
//! * `signal` (three crates): the module `signal`, `inspect::dump_on`, and Ctrl-C as a cancel in
//!   [`run`] and [`Runner::run`]. Without it nobody handles `SIGINT`, and Ctrl-C ends the process at
//!   once.
//! * `process` (three more; it switches `signal` and `protocols` on): the module `process`, and
//!   subprocesses with a protocol.
//! * `futures` (two crates): conversions from and to `futures_core::Stream`, and the traits of
//!   `futures_io` for [`TcpStream`], [`UnixStream`], [`StreamReader`] and [`StreamWriter`].
//! * `getnameinfo` (two crates): the function of that name, from addresses to names.
//!
//! # Rules
//!
//! 1. User code (callbacks, `poll`, `wake`, and the `Drop` of a user's future) runs only from
//!    a turn, or from closing the loop, and never while a cell is borrowed.
//! 2. `wake` only queues.
//! 3. A turn runs what was ready when it began; what becomes ready meanwhile waits.
//! 4. One thread-local (`event_loop/context.rs`), two files with `unsafe`
//!    (`event_loop/waker.rs`, `task/cell/body.rs`), one global (the table in `event_loop/inbox.rs`);
//!    signals and children belong to the process, so these two features have a table each
//!    (`signal/table.rs`, `process/reaper.rs`).
//! 5. Every future that waits removes itself when it is dropped.
//! 6. No thread is started unasked: the first job, file or name to resolve starts one, and so
//!    does a watchdog.

#![cfg_attr(
    not(feature = "protocols"),
    allow(
        dead_code,
        unused_imports,
        reason = "some is there for the transports alone"
    )
)]

mod cancel;
mod vars;
mod error;
mod iterate;
mod event_loop;
mod context_var;
mod debug;
mod leaf;
mod polled_leaf;
mod promise;
mod task;
mod sync;
mod queue;
mod combine;
mod handoff;
mod executor;
mod threadsafe;
mod net;
mod streams;
#[cfg(feature = "protocols")]
mod transports;
#[cfg(feature = "signal")]
pub mod signal;
pub mod inspect;
#[cfg(feature = "process")]
pub mod process;
pub mod fs;
pub mod observe;
mod runner;

pub use self::cancel::{CancelReason, Cancelled};
pub use self::combine::{
    AsCompleted, Completed, DoneAndPending, ErrorGroup, Gather, GatherWait, Gatherable, GroupScope,
    GroupStateError, IntoTask, Lossless, NoTasks, Predicate, Race, RaceError, ReturnWhen,
    TaskGroup, TryGatherable, as_completed, async_with, ensure_future, gather, map_concurrent,
    shield, staggered_race, timeout_lossless, try_gather, try_map_concurrent, wait, wait_for,
    wait_for_lossless,
};
pub use self::context_var::{Context, ContextToken, ContextVar, WrongContext, copy_context};
pub use self::error::{Deadlock, InvalidState, LoopClosed, TimedOut, WaitingTask};
pub use self::event_loop::{
    Blocked, Clock, ErrorContext, EventLoop, EventLoopBuilder, ExceptionHandler, Handle,
    LoopHandle, LoopStats, RunError, StillRunning, ThreadsafeHandle, TimerHandle, Watchdog,
    get_event_loop, get_running_loop, set_event_loop, try_get_running_loop,
};
pub use self::executor::{
    JobCancelled, JobHandle, JobToken, JobWait, JobsCompleted, Map, PoolConfig, SubmitError,
    ThreadPool, to_thread, to_thread_with,
};
pub use self::iterate::{AsyncIterator, FromFn, from_fn, iter};
#[cfg(feature = "futures")]
pub use self::iterate::{FromStream, IntoStream, from_stream, into_stream};
#[cfg(feature = "getnameinfo")]
pub use self::net::getnameinfo;
pub use self::net::{
    Address, AddressFamily, ConnectErrors, Endpoint, Family, SocketListener, SocketStream, Tcp,
    TcpListener, TcpStream, UdpSocket, Unix, UnixListener, UnixStream, resolve,
};
pub use self::promise::{CallbackId, Promise, PromiseWait, TaskError};
pub use self::queue::{
    Fifo, GetError, Lifo, LifoQueue, PriorityQueue, PutError, Queue, QueueShutDown, Smallest,
    Store, TaskDoneError,
};
pub use self::runner::{Runner, run};
pub use self::streams::{
    AlreadyReading, ClientOutcome, ConnectOptions, InvalidWaterMarks, Lines, ReadError, ServeError,
    Server, ServerOptions, StreamFeed, StreamReader, StreamWriter, WriteError, ZeroLimit,
    open_connection, open_connection_on, open_connection_with, open_read_pipe,
    open_unix_connection, open_write_pipe, start_server, start_server_on, start_server_with,
    start_unix_server, start_unix_server_with,
};
pub use self::sync::{
    Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, LockGuard, NotAcquired,
    Permit, ReleaseError, Semaphore,
};
pub use self::task::{
    CatchCancel, Join, Sleep, Task, TaskOptions, TaskRef, TaskWait, Timeout, TimeoutStateError,
    WithTimeout, YieldNow, all_tasks, catch_cancel, create_task, create_task_with, current_task,
    format_call_graph, sleep, sleep_until, spawn, timeout, timeout_at, yield_now,
};
pub use self::threadsafe::{CoroutineError, CoroutineHandle};
#[cfg(feature = "protocols")]
pub use self::transports::{
    BufferLimitsError, Buffered, BufferedProtocol, DatagramOptions, DatagramProtocol,
    DatagramTransport, Protocol, SendToError, StreamProtocol, Transport, TransportServer,
};

/// The program in the README is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
