//! tokio with a `LocalSet`, which is how programs on one thread have used it for years.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::{JoinError, JoinHandle, LocalSet, spawn_local};

use super::{ECHO_BUFFER, Runtime, announce};

pub(crate) struct TokioLocal;

impl Runtime for TokioLocal {
    type Join<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("there are descriptors for a runtime");
        LocalSet::new().block_on(&runtime, async { Self::value(spawn_local(main).await) })
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
        echo(listener).await
    }
}

/// The server, for every way to start tokio.
pub(super) async fn echo(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; ECHO_BUFFER];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
    }
}
