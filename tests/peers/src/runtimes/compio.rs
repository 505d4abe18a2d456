//! compio, on io_uring. A read takes the buffer and gives it back.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::TcpStream;
use compio::runtime::{JoinHandle, Runtime as Compiled};

use super::{ECHO_BUFFER, Runtime, announce};

pub(crate) struct Compio;

impl Runtime for Compio {
    type Join<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let runtime = Compiled::new().expect("the system allows a ring, and memory for it");
        runtime.block_on(main)
    }

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        compio::runtime::spawn(task)
    }

    fn value<T: 'static>(output: <JoinHandle<T> as IntoFuture>::Output) -> T {
        output.unwrap_or_else(|_| panic!("a task of a sample does not panic"))
    }

    fn sleep(time: Duration) -> impl Future + 'static {
        compio::time::sleep(time)
    }

    async fn echo(listener: TcpListener) -> io::Result<()> {
        let listener = compio::net::TcpListener::from_std(listener)?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            compio::runtime::spawn(answer(stream)).detach();
        }
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(ECHO_BUFFER);
    loop {
        let BufResult(length, filled) = stream.read(buffer).await;
        if length? == 0 {
            return Ok(());
        }
        let BufResult(written, returned) = stream.write_all(filled).await;
        written?;
        buffer = returned;
        buffer.clear();
    }
}
