use core::future::pending;
use core::net::SocketAddr;
use std::io;
use std::panic::resume_unwind;
use std::time::SystemTime;

use hyper_util::rt::TokioIo;
use mcp_core::driver::{Platform, Runtime};
use mcp_core::time::{Instant, UnixTime};
use tokio::task::JoinHandle;
use tokio::time;

use crate::http_server::TcpListener;
use crate::stdio;

/// A point in time that no deadline reaches, for a clock that cannot count to the end of time.
const FAR: core::time::Duration = core::time::Duration::from_secs(86_400 * 365 * 30);

/// The tokio runtime the caller runs in.
#[derive(Clone, Copy, Debug)]
pub struct TokioRuntime {
    epoch: time::Instant,
}

impl TokioRuntime {
    /// A handle whose clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { epoch: time::Instant::now() }
    }
}

impl Default for TokioRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime for TokioRuntime {
    type Sleep = time::Sleep;

    fn now(&self) -> Instant {
        Instant::from_epoch(self.epoch.elapsed())
    }

    fn sleep_until(&self, at: Instant) -> time::Sleep {
        let at = self.epoch.checked_add(at.since_epoch());
        time::sleep_until(at.unwrap_or_else(|| self.epoch + FAR))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    /// A task is woken and starts others without leaving the workers; the thread that waits in
    /// `block_on` is none of them.
    async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let mut task = Attached(tokio::spawn(work));
        match (&mut task.0).await {
            Ok(done) => done,
            Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
            // The runtime is being shut down.
            Err(_) => pending().await,
        }
    }
}

/// A task that ends when nobody waits for it any more.
struct Attached<T>(JoinHandle<T>);

impl<T> Drop for Attached<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Platform for TokioRuntime {
    type Listener = TcpListener;
    type Stdin = stdio::Stdin;
    type Stdout = TokioIo<tokio::io::Stdout>;

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

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_is_gone() {
        let runtime = TokioRuntime::new();
        let (started, starts) = oneshot::channel();
        let (kept, gone) = oneshot::channel::<()>();
        let work = runtime.run(async move {
            let _kept = kept;
            let _ = started.send(());
            pending::<()>().await;
        });
        tokio::select! {
            () = work => {}
            _ = starts => {}
        }
        assert!(gone.await.is_err());
    }

    #[tokio::test]
    #[should_panic(expected = "work's fault")]
    async fn work_that_panics_panics_where_it_is_waited_for() {
        TokioRuntime::new().run(async { panic!("work's fault") }).await
    }
}
