//! The signal to stop.

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::small::SmallMap;

/// A signal to stop that is given once and seen by every clone.
///
/// ```
/// use mcp_core::driver::Shutdown;
///
/// let shutdown = Shutdown::new();
/// let same = shutdown.clone();
/// shutdown.start();
/// assert!(same.is_started());
/// ```
#[derive(Clone, Default)]
pub struct Shutdown(Arc<State>);

#[derive(Default)]
struct State {
    started: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    wakers: SmallMap<u64, Waker>,
    next: u64,
}

impl Shutdown {
    /// A signal that has not been given.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the signal.
    pub fn start(&self) {
        self.0.started.store(true, Ordering::Release);
        let waiting = core::mem::take(&mut self.waiting().wakers);
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Whether the signal has been given.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    /// Waits for the signal.
    pub fn started(&self) -> Started {
        let mut waiting = self.waiting();
        let place = waiting.next;
        waiting.next += 1;
        drop(waiting);
        Started { shutdown: self.clone(), place, waker: None }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").field("started", &self.is_started()).finish()
    }
}

/// Is ready once the signal has been given.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Started {
    shutdown: Shutdown,
    place: u64,
    /// Who is registered: every connection waits for the same signal, and is polled much more
    /// often than it changes hands.
    waker: Option<Waker>,
}

impl Future for Started {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let is_registered = |waker: &Waker| waker.will_wake(cx.waker());
        if !self.waker.as_ref().is_some_and(is_registered) {
            self.waker = Some(cx.waker().clone());
            let mut waiting = self.shutdown.waiting();
            waiting.wakers.insert(self.place, cx.waker().clone());
        }
        // After registering: a signal given before it is seen here, a later one wakes.
        if self.shutdown.is_started() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.shutdown.waiting().wakers.remove(&self.place);
    }
}
