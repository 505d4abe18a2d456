//! looplet.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use looplet::{Task, TcpStream, create_task, run, sleep};

use super::{ECHO_BUFFER, Runtime, announce};

pub(crate) struct Looplet;

impl Runtime for Looplet {
    type Join<T: 'static> = Task<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        run(main)
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Task<T> {
        create_task(task)
    }

    fn value<T: 'static>(output: T) -> T {
        output
    }

    fn sleep(time: Duration) -> impl Future + 'static {
        sleep(time)
    }

    /// It takes no listener from outside, so it binds the same address once more.
    async fn echo(listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        drop(listener);
        let listener = looplet::TcpListener::bind(address).await?;
        announce(address);
        loop {
            let (stream, _) = listener.accept().await?;
            create_task(async move {
                // A connection that breaks ends its task; the load would miss its answer.
                let _ = answer(stream).await;
            });
        }
    }
}

async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; ECHO_BUFFER];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
    }
}
