//! What the client's glue needs of a runtime beyond a server's.

use core::future::Future;
use core::net::SocketAddr;
use std::io;
use std::process::ExitStatus;

use alloc::vec::Vec;
use hyper::rt::{Read, Write};

use super::command::Command;
use super::tls::Tls;
use crate::driver::Platform;

/// A platform that reaches out: connections over TCP, with TLS or without, and child processes.
pub trait ClientPlatform: Platform {
    /// A TCP connection.
    type Stream: Read + Write + Unpin + Send + 'static;
    /// TLS on top of one; `Stream` again where there is no TLS.
    type TlsStream: Read + Write + Unpin + Send + 'static;
    /// A child process.
    type Child: Child;

    /// Looks up the addresses of a host, in the order in which they should be tried.
    fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Opens a TCP connection. There is no need for a timeout.
    fn connect(&self, address: SocketAddr)
    -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Starts TLS on a connection, as a client of `host`. Without an implementation no server is
    /// reached that way.
    fn secure(
        &self,
        stream: Self::Stream,
        host: &str,
        tls: &Tls,
    ) -> impl Future<Output = io::Result<Self::TlsStream>> + Send {
        let _ = (stream, host, tls);
        core::future::ready(Err(Tls::unsupported()))
    }

    /// Starts a child process, its three standard streams piped unless the command says
    /// otherwise.
    ///
    /// # Errors
    /// The program cannot be found or started.
    fn start(&self, command: &Command) -> io::Result<Self::Child>;
}

/// A child process. It is killed when it is dropped.
pub trait Child: Send + 'static {
    /// What it reads.
    type Stdin: Write + Unpin + Send + 'static;
    /// What it writes.
    type Stdout: Read + Unpin + Send + 'static;
    /// What it reports.
    type Stderr: Read + Unpin + Send + 'static;

    /// Its name in the operating system, until its end has been waited for.
    fn id(&self) -> Option<u32>;

    /// Takes its standard streams; those that are piped, once.
    #[expect(clippy::type_complexity, reason = "a triple that is taken apart at once")]
    fn streams(&mut self) -> (Option<Self::Stdin>, Option<Self::Stdout>, Option<Self::Stderr>);

    /// Waits for its end. Dropping the future loses nothing.
    fn exited(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send;

    /// Ends it at once; its end must still be waited for.
    ///
    /// # Errors
    /// It cannot be ended, perhaps because it has ended already.
    fn kill(&mut self) -> io::Result<()>;
}
