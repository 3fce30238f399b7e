//! Tasks that can be stopped from outside.

use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Stops a task.
#[derive(Clone, Default)]
pub(super) struct AbortHandle(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    aborted: bool,
    waker: Option<Waker>,
}

impl AbortHandle {
    /// The task's future is dropped the next time it would run, which is soon.
    pub(super) fn abort(&self) {
        let mut state = self.state();
        state.aborted = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What `future` comes to; `None`, and the future gone, as soon as it is aborted.
    pub(super) async fn guard<F: Future>(self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.is_aborted(cx) {
                return Poll::Ready(None);
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Whether the task has been stopped; if not, it wakes when it is.
    fn is_aborted(&self, cx: &Context<'_>) -> bool {
        let mut state = self.state();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        state.aborted
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
