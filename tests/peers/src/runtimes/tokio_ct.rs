//! tokio's scheduler of the current thread without a `LocalSet`: its `LocalRuntime`.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::task::{JoinError, JoinHandle, spawn_local};

use super::{Runtime, tokio_local};

pub(crate) struct TokioCt;

impl Runtime for TokioCt {
    type Join<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default());
        let runtime = runtime.expect("there are descriptors for a runtime");
        runtime.block_on(async { Self::value(spawn_local(main).await) })
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        spawn_local(task)
    }

    fn value<T: 'static>(output: Result<T, JoinError>) -> T {
        output.expect("a task of a sample does not panic")
    }

    fn sleep(time: Duration) -> impl Future + 'static {
        tokio::time::sleep(time)
    }

    async fn echo(listener: TcpListener) -> io::Result<()> {
        tokio_local::echo(listener).await
    }
}
