//! Keeping one handler from ending or delaying everything else.

use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::catch_unwind;

use crate::jsonrpc::ErrorObject;

/// Starts a request's work; a panic on the way is the request's error, as in [`guarded`].
pub(super) fn started<T>(start: impl FnOnce() -> Result<T, ErrorObject>) -> Result<T, ErrorObject> {
    // Unwind safety: what it takes with it is dropped.
    catch_unwind(AssertUnwindSafe(start))
        .unwrap_or_else(|_| Err(ErrorObject::internal("Internal error")))
}

/// Runs a request's work; a panic in it is the request's error and nobody else's.
///
/// The client hears "Internal error" and nothing of what the panic said. Nothing is caught in
/// programs that abort on panic.
pub(super) const fn guarded<F: Future + Unpin>(work: F) -> Guarded<F> {
    Guarded(work)
}

/// Work, or the error that its panic is.
pub(super) struct Guarded<F>(F);

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = Result<F::Output, ErrorObject>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Unwind safety: after a panic the work is never polled again, only dropped.
        catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(cx)))
            .map(|polled| polled.map(Ok))
            .unwrap_or_else(|_| Poll::Ready(Err(ErrorObject::internal("Internal error"))))
    }
}

/// Goes on with work that has been started, when this is polled again.
///
/// Drivers poll a request once where it arrives, so that requests start in the order they came,
/// and then in a task of its own. What a handler does before it returns its future belongs to
/// the first; the future itself, which may compute for long, to the second.
pub(super) const fn resumed<F: Future + Unpin>(work: F) -> Resumed<F> {
    Resumed { work, started: false }
}

/// Work that is not gone on with the first time it is polled.
pub(super) struct Resumed<F> {
    work: F,
    started: bool,
}

impl<F: Future + Unpin> Future for Resumed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if core::mem::replace(&mut self.started, true) {
            return Pin::new(&mut self.work).poll(cx);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
