//! glommio: an executor on this thread, pinned nowhere, for the driver has done that.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use glommio::net::TcpStream;
use glommio::{LocalExecutorBuilder, Placement, Task};

use super::{ECHO_BUFFER, Runtime, announce};

pub(crate) struct Glommio;

impl Runtime for Glommio {
    type Join<T: 'static> = Task<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
        executor
            .expect("the system allows the rings, and memory for them")
            .run(main)
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Task<T> {
        glommio::spawn_local(task)
    }

    fn value<T: 'static>(output: T) -> T {
        output
    }

    fn sleep(time: Duration) -> impl Future + 'static {
        glommio::timer::sleep(time)
    }

    /// It takes no listener from outside, so it binds the same address once more.
    async fn echo(listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        drop(listener);
        let listener = glommio::net::TcpListener::bind(address)?;
        announce(address);
        loop {
            let stream = listener.accept().await?;
            glommio::spawn_local(answer(stream)).detach();
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
