//! smol: a `LocalExecutor`, with the reactor of async-io.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;
use smol::{Async, LocalExecutor, Task, Timer};

use super::{ECHO_BUFFER, Runtime, announce};

thread_local! {
    /// Spawning needs the executor at hand; smol leaves it to the program where that is.
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

pub(crate) struct Smol;

impl Runtime for Smol {
    type Join<T: 'static> = Task<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        EXECUTOR.with(|executor| smol::block_on(executor.run(executor.spawn(main))))
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Task<T> {
        EXECUTOR.with(|executor| executor.spawn(task))
    }

    fn value<T: 'static>(output: T) -> T {
        output
    }

    fn sleep(time: Duration) -> impl Future + 'static {
        Timer::after(time)
    }

    async fn echo(listener: TcpListener) -> io::Result<()> {
        let listener = smol::net::TcpListener::from(Async::new(listener)?);
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            Self::spawn(answer(stream)).detach();
        }
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
