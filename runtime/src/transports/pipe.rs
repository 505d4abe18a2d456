//! Pipes with a protocol.
//!
//! A pipe has one direction, and so has its transport: what the other one would do is not done.
//! asyncio has a type for each; here a protocol is given the same [`Transport`] in all cases.

use std::io;
use std::os::fd::OwnedFd;

use super::link::Link;
use super::protocol::StreamProtocol;
use super::transport::Transport;
use crate::event_loop::EventLoop;
use crate::net::Pipe;

impl EventLoop {
    /// Takes over the end of a pipe to read from, and calls `protocol` about what comes.
    ///
    /// It becomes non-blocking, and so do all copies of the descriptor, in other processes too.
    /// A socket or a terminal will do as well. When this returns, `connection_made` has been
    /// called. The end of the pipe closes the transport, whatever `eof_received` returns.
    /// Nothing can be written: it is dropped, and the exception handler hears of it. The asyncio
    /// counterpart has the same name; [`open_read_pipe`](crate::open_read_pipe) gives a reader.
    ///
    /// # Errors
    ///
    /// If it cannot be waited for: a file on a disk, for example; or if the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`create_connection`](Self::create_connection).
    ///
    /// ```
    /// use looplet::{Protocol, Queue, Transport, get_running_loop, run};
    ///
    /// struct Collect(Queue<Vec<u8>>);
    ///
    /// impl Protocol for Collect {
    ///     fn data_received(&mut self, _: &Transport, data: &[u8]) {
    ///         self.0.put_nowait(data.to_vec()).expect("it has no bound");
    ///     }
    /// }
    ///
    /// struct Mute;
    ///
    /// impl Protocol for Mute {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (read_end, write_end) = std::io::pipe()?;
    ///     let (event_loop, queue) = (get_running_loop(), Queue::new(0));
    ///     let protocol = Collect(queue.clone());
    ///     event_loop.connect_read_pipe(protocol, read_end).await?;
    ///     let transport = event_loop.connect_write_pipe(Mute, write_end).await?;
    ///     transport.write(b"through a pipe");
    ///     assert_eq!(queue.get().await.expect("it is open"), b"through a pipe");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "ReadTransport")]
    pub async fn connect_read_pipe(
        &self,
        protocol: impl Into<StreamProtocol>,
        pipe: impl Into<OwnedFd>,
    ) -> io::Result<Transport> {
        let link = Link::of_read_pipe(self, Pipe::new(self, pipe.into())?)?;
        self.make_transport(link, protocol.into()).await
    }

    /// Takes over the end of a pipe to write to, and calls `protocol` about it.
    ///
    /// It becomes non-blocking, as in [`connect_read_pipe`](Self::connect_read_pipe). The
    /// protocol is told to pause and to resume, and that the pipe is lost: with `BrokenPipe` if
    /// nobody reads any more what is not sent yet, and without an error if all was sent. Nothing
    /// is received, and [`write_eof`](Transport::write_eof) is
    /// [`close`](Transport::close). The asyncio counterpart has the same name;
    /// [`open_write_pipe`](crate::open_write_pipe) gives a writer.
    ///
    /// # Errors
    ///
    /// As [`connect_read_pipe`](Self::connect_read_pipe).
    ///
    /// # Cancel safety
    ///
    /// As [`create_connection`](Self::create_connection).
    ///
    /// ```
    /// use looplet::{Protocol, get_running_loop, open_read_pipe, run};
    ///
    /// struct Mute;
    /// impl Protocol for Mute {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (read_end, write_end) = std::io::pipe()?;
    ///     let transport = get_running_loop().connect_write_pipe(Mute, write_end).await?;
    ///     transport.write(b"through a pipe");
    ///     transport.close();
    ///     let reader = open_read_pipe(read_end)?;
    ///     assert_eq!(reader.read_to_end().await?, b"through a pipe");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "WriteTransport")]
    pub async fn connect_write_pipe(
        &self,
        protocol: impl Into<StreamProtocol>,
        pipe: impl Into<OwnedFd>,
    ) -> io::Result<Transport> {
        let link = Link::of_write_pipe(self, Pipe::new(self, pipe.into())?)?;
        self.make_transport(link, protocol.into()).await
    }
}
