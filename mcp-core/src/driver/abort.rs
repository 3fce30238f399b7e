//! Tasks that can be stopped from outside.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A future that ends early, with nothing, once it is aborted.
pub(super) struct Abortable<F> {
    future: Option<Pin<Box<F>>>,
    handle: AbortHandle,
}

impl<F: Future> Abortable<F> {
    pub(super) const fn new(future: Pin<Box<F>>, handle: AbortHandle) -> Self {
        Self { future: Some(future), handle }
    }
}

impl<F: Future> Future for Abortable<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        {
            let mut state = self.handle.state();
            if state.aborted {
                drop(state);
                self.future = None;
                return Poll::Ready(None);
            }
            if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                state.waker = Some(cx.waker().clone());
            }
        }
        let Some(future) = &mut self.future else {
            return Poll::Ready(None);
        };
        future.as_mut().poll(cx).map(|output| {
            self.future = None;
            Some(output)
        })
    }
}
