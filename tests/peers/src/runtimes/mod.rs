//! Every runtime behind one small trait.
//!
//! The trait is what a piece of work needs, and costs nothing: a task is awaited as the type
//! that the runtime gives, and its output unpacked by [`Runtime::value`]. Each runtime is used
//! as its own documentation begins: no setting is tuned, for looplet neither.

mod looplet;
mod tokio_local;
mod tokio_ct;
mod smol;
mod monoio;
mod glommio;
mod compio;
mod local_pool;

use std::future::IntoFuture;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

pub(crate) use self::compio::Compio;
pub(crate) use self::glommio::Glommio;
pub(crate) use self::local_pool::LocalPool;
pub(crate) use self::looplet::Looplet;
pub(crate) use self::monoio::{MonoioEpoll, MonoioUring};
pub(crate) use self::smol::Smol;
pub(crate) use self::tokio_ct::TokioCt;
pub(crate) use self::tokio_local::TokioLocal;

/// Bytes that a connection of an echo server has to read into.
pub(crate) const ECHO_BUFFER: usize = 4096;

/// A runtime on the thread that calls it.
pub(crate) trait Runtime: 'static {
    /// What spawning gives.
    type Join<T: 'static>: IntoFuture + 'static;

    /// Runs `main` to its end on a runtime of its own: as a task where a task is cheaper to wake
    /// than the future that blocks the thread, which on tokio and smol is so by far.
    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T;

    /// Starts a task on the runtime that runs.
    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Self::Join<T>;

    /// The value in what awaiting a task gives.
    fn value<T: 'static>(output: <Self::Join<T> as IntoFuture>::Output) -> T;

    /// A future that waits.
    fn sleep(time: Duration) -> impl Future + 'static;

    /// Announces where it listens, and answers every connection with what it sends, for ever.
    fn echo(listener: TcpListener) -> impl Future<Output = io::Result<()>> + 'static;
}

/// Says where a server listens, to the driver that waits for it.
pub(crate) fn announce(address: SocketAddr) {
    println!("{}", address.port());
}

/// Calls a function that is generic over runtimes with the one that has this name.
macro_rules! on_runtime {
    ($name:expr, $function:ident($($argument:expr),*)) => {
        match $name {
            "looplet" => $function::<$crate::runtimes::Looplet>($($argument),*),
            "tokio-local" => $function::<$crate::runtimes::TokioLocal>($($argument),*),
            "tokio-ct" => $function::<$crate::runtimes::TokioCt>($($argument),*),
            "smol" => $function::<$crate::runtimes::Smol>($($argument),*),
            "monoio-epoll" => $function::<$crate::runtimes::MonoioEpoll>($($argument),*),
            "monoio-uring" => $function::<$crate::runtimes::MonoioUring>($($argument),*),
            "glommio" => $function::<$crate::runtimes::Glommio>($($argument),*),
            "compio" => $function::<$crate::runtimes::Compio>($($argument),*),
            "local-pool" => $function::<$crate::runtimes::LocalPool>($($argument),*),
            other => Err(format!("there is no runtime {other}")),
        }
    };
}
pub(crate) use on_runtime;
