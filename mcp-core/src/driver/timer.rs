//! Timers made of a runtime's sleeps.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use super::Runtime;
use crate::time::Instant;

/// A timer that can be set again and again; it sleeps anew only when the deadline changes.
pub(super) struct Timer<R: Runtime> {
    runtime: R,
    armed: Option<(Instant, Pin<Box<R::Sleep>>)>,
}

impl<R: Runtime> Timer<R> {
    pub(super) const fn new(runtime: R) -> Self {
        Self { runtime, armed: None }
    }

    /// Is ready when `deadline` has passed; never without one.
    pub(super) fn poll_until(
        &mut self,
        deadline: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(deadline) = deadline else {
            self.armed = None;
            return Poll::Pending;
        };
        if self.armed.as_ref().is_none_or(|(at, _)| *at != deadline) {
            self.armed = Some((deadline, Box::pin(self.runtime.sleep_until(deadline))));
        }
        let Some((_, sleep)) = &mut self.armed else {
            return Poll::Pending;
        };
        let ready = sleep.as_mut().poll(cx);
        if ready.is_ready() {
            self.armed = None;
        }
        ready
    }
}

/// The runtime's timers as hyper wants them.
#[derive(Clone)]
pub(super) struct HyperTimer<R>(pub(super) R);

struct HyperSleep<R: Runtime>(Pin<Box<R::Sleep>>);

impl<R: Runtime> Future for HyperSleep<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl<R: Runtime> hyper::rt::Sleep for HyperSleep<R> {}

impl<R: Runtime> hyper::rt::Timer for HyperTimer<R> {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let at = self.0.now() + duration;
        Box::pin(HyperSleep::<R>(Box::pin(self.0.sleep_until(at))))
    }

    #[expect(clippy::disallowed_types, reason = "hyper's signature; the clock read is hyper's")]
    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }
}
