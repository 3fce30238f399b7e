use core::net::SocketAddr;
use std::io;
use std::time::{self, SystemTime};

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use mcp_core::driver::{Platform, Runtime};
use mcp_core::time::{Instant, UnixTime};
use smol::Unblock;

use crate::executor;
use crate::http_server::TcpListener;
use crate::io::SmolIo;
use crate::stdio;

/// smol's reactor, and an executor that all handles share.
///
/// It runs on one thread unless the environment variable `SMOL_THREADS` says otherwise, as smol's
/// global executor does.
#[derive(Clone, Copy, Debug)]
pub struct SmolRuntime {
    epoch: time::Instant,
}

impl SmolRuntime {
    /// A handle whose clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { epoch: time::Instant::now() }
    }
}

impl Default for SmolRuntime {
    fn default() -> Self {
        Self::new()
    }
}

/// A timer that is ready without saying when.
#[derive(Debug)]
pub struct Sleep(smol::Timer);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

impl Runtime for SmolRuntime {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        Instant::from_epoch(self.epoch.elapsed())
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        let at = self.epoch.checked_add(at.since_epoch());
        Sleep(at.map_or_else(smol::Timer::never, smol::Timer::at))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        executor::spawn(task).detach();
    }

    /// A thread that waits in [`smol::block_on`] and is woken looks at the sockets of all others
    /// before it waits again, so it had better be woken seldom.
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        executor::spawn(work)
    }
}

impl Platform for SmolRuntime {
    type Listener = TcpListener;
    type Stdin = SmolIo<Unblock<io::Stdin>>;
    type Stdout = SmolIo<Unblock<io::Stdout>>;

    async fn bind(&self, address: &str) -> io::Result<(TcpListener, SocketAddr)> {
        TcpListener::bind(address).await
    }

    fn stdio(&self) -> (Self::Stdin, Self::Stdout) {
        stdio::streams()
    }

    fn seed(&self) -> io::Result<[u8; 32]> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(seed)
    }

    fn unix_time(&self) -> UnixTime {
        // A clock before 1970 is not set at all.
        UnixTime::from_epoch(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }
}
