//! The signal to stop.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub struct Shutdown(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    started: bool,
    waiting: BTreeMap<u64, Waker>,
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
        let mut state = self.state();
        state.started = true;
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Whether the signal has been given.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.state().started
    }

    /// Waits for the signal.
    pub fn started(&self) -> Started {
        let mut state = self.state();
        let place = state.next;
        state.next += 1;
        drop(state);
        Started { shutdown: self.clone(), place }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
}

impl Future for Started {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.shutdown.state();
        if state.started {
            return Poll::Ready(());
        }
        state.waiting.insert(self.place, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.shutdown.state().waiting.remove(&self.place);
    }
}
