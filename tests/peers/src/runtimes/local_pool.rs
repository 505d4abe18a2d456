//! `LocalPool` of the crate futures: an executor and nothing else. It has no timers and no
//! sockets, so the catalog asks it for neither.

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use futures::executor::LocalSpawner;
use futures::future::RemoteHandle;
use futures::task::LocalSpawnExt;

use super::Runtime;

thread_local! {
    /// Spawning needs the spawner at hand.
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

pub(crate) struct LocalPool;

impl Runtime for LocalPool {
    type Join<T: 'static> = RemoteHandle<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let mut pool = futures::executor::LocalPool::new();
        SPAWNER.set(Some(pool.spawner()));
        pool.run_until(main)
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> RemoteHandle<T> {
        SPAWNER.with_borrow(|spawner| {
            let spawner = spawner.as_ref().expect("the pool runs");
            let spawned = spawner.spawn_local_with_handle(task);
            spawned.expect("the pool runs")
        })
    }

    fn value<T: 'static>(output: T) -> T {
        output
    }

    fn sleep(_: Duration) -> impl Future + 'static {
        pending::<()>()
    }

    async fn echo(_: TcpListener) -> io::Result<()> {
        pending().await
    }
}
