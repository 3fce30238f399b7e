//! Timers made of a runtime's sleeps.

use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::panic::catch_unwind;

use super::Runtime;
use crate::time::Instant;

/// A timer that can be set again and again.
///
/// It sleeps anew only for an earlier deadline: one that moves ahead with every message would
/// else cost a sleep for each. Waking up too early now and then costs less.
pub(super) struct Timer<R: Runtime> {
    runtime: R,
    armed: Option<(Instant, Pin<Box<R::Sleep>>)>,
}

impl<R: Runtime> Timer<R> {
    pub(super) const fn new(runtime: R) -> Self {
        Self { runtime, armed: None }
    }

    /// Whether it is set, and still asleep.
    pub(super) fn wakes_after(&self, now: Instant) -> bool {
        self.armed.as_ref().is_some_and(|(at, _)| now < *at)
    }

    /// Is ready when `deadline` has passed; never without one.
    pub(super) fn poll_until(
        &mut self,
        deadline: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        loop {
            let sleep = match &mut self.armed {
                Some((at, sleep)) if *at <= deadline => sleep,
                armed => {
                    let sleep = Box::pin(self.runtime.sleep_until(deadline));
                    &mut armed.insert((deadline, sleep)).1
                }
            };
            ready!(sleep.as_mut().poll(cx));
            let slept = self.armed.take();
            if slept.is_some_and(|(at, _)| at == deadline) || self.runtime.now() >= deadline {
                return Poll::Ready(());
            }
        }
    }
}

/// What comes of work that is not ours, unless it panics or takes longer than until `deadline`.
pub(super) async fn within<R: Runtime, T>(
    runtime: &R,
    deadline: Instant,
    mut work: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Option<T> {
    let mut timer = Timer::new(runtime.clone());
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Pending) => timer.poll_until(Some(deadline), cx).map(|()| None),
        Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
        Err(_) => Poll::Ready(None),
    })
    .await
}
