//! Keeping one handler from ending or delaying everything else.

use core::future::{Future, poll_fn};
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::Poll;
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
///
/// The caller pins the work: taken by value it would be in the future twice.
pub(super) async fn guarded<T>(
    mut work: Pin<&mut impl Future<Output = Result<T, ErrorObject>>>,
) -> Result<T, ErrorObject> {
    // Unwind safety: after a panic the work is never polled again, only dropped.
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(Err(ErrorObject::internal("Internal error"))))
    })
    .await
}

/// Goes on with work that has been started, when this is polled again.
///
/// Drivers poll a request once where it arrives, so that requests start in the order they came,
/// and then in a task of its own. What a handler does before it returns its future belongs to
/// the first; the future itself, which may compute for long, to the second.
pub(super) async fn resumed<T>(work: impl Future<Output = T>) -> T {
    let mut started = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut started, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    work.await
}
