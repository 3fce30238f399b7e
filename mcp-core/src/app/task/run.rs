//! Running a task to its end.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::catch_unwind;

use super::super::Work;
use super::live::Live;
use crate::model::CallToolResult;

/// The work of a task. It ends when the task does, whichever way.
pub(super) struct Run {
    live: Arc<Live>,
    /// Gone when the task has ended: whatever the work holds is then let go.
    work: Option<Work<CallToolResult>>,
    expiry: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Run {
    /// Lets the host run it.
    pub(super) fn start(live: &Arc<Live>, work: Work<CallToolResult>) {
        let left = {
            let expires = live.lock().record.expires.since_epoch();
            expires.saturating_sub(live.host.now().since_epoch())
        };
        let expiry = live.host.sleep(left);
        live.host.spawn(Box::pin(Self { live: Arc::clone(live), work: Some(work), expiry }));
    }
}

impl Future for Run {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.live.poll(cx, |state| state.is_over().then_some(())).is_ready() {
            self.work = None;
            return Poll::Ready(());
        }
        if self.expiry.as_mut().is_some_and(|expiry| expiry.as_mut().poll(cx).is_ready()) {
            self.work = None;
            self.live.expire();
            return Poll::Ready(());
        }
        let Some(work) = &mut self.work else {
            return Poll::Ready(());
        };
        // Unwind safety: after a panic the work is only dropped.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => self.live.settle(result),
            Err(_) => self.live.fail(),
        }
        self.work = None;
        Poll::Ready(())
    }
}

impl Drop for Run {
    /// The runtime stops, or has stopped already.
    fn drop(&mut self) {
        if self.work.take().is_some() {
            self.live.fail();
        }
    }
}
