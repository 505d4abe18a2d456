//! monoio, on epoll and on io_uring. A read takes the buffer and gives it back.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use monoio::task::JoinHandle;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};

use super::{ECHO_BUFFER, Runtime, announce};

/// What the two have in common, which is all but the start.
macro_rules! monoio {
    ($name:ident, $driver:ty) => {
        pub(crate) struct $name;

        impl Runtime for $name {
            type Join<T: 'static> = JoinHandle<T>;

            fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
                let builder = RuntimeBuilder::<$driver>::new().enable_timer();
                let mut runtime = builder.build().expect("there is memory for a runtime");
                runtime.block_on(main)
            }

            fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> JoinHandle<T> {
                monoio::spawn(task)
            }

            fn value<T: 'static>(output: T) -> T {
                output
            }

            fn sleep(time: Duration) -> impl Future + 'static {
                monoio::time::sleep(time)
            }

            async fn echo(listener: TcpListener) -> io::Result<()> {
                echo(listener).await
            }
        }
    };
}

monoio!(MonoioEpoll, LegacyDriver);
monoio!(MonoioUring, IoUringDriver);

async fn echo(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = monoio::net::TcpListener::from_std(listener)?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        monoio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(ECHO_BUFFER);
    loop {
        let (length, filled) = stream.read(buffer).await;
        if length? == 0 {
            return Ok(());
        }
        let (written, returned) = stream.write_all(filled).await;
        written?;
        buffer = returned;
        buffer.clear();
    }
}
