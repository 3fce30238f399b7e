//! Waiting on a runtime's own clock.

use std::future::IntoFuture;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use mcp_core::driver::Platform;
use mcp_core::time::Instant;

/// Waits.
pub(crate) async fn pause<P: Platform + Default>(time: Duration) {
    let platform = P::default();
    platform.sleep_until(platform.now() + time).await;
}

/// What a future comes to, unless it takes too long; what is owned is dropped then.
pub(crate) async fn within<P: Platform + Default, F: IntoFuture>(
    time: Duration,
    future: F,
) -> Option<F::Output> {
    let (mut future, mut pause) = (pin!(future.into_future()), pin!(pause::<P>(time)));
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => pause.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Asks until it is so; false if it never is.
pub(crate) async fn until<P: Platform + Default>(mut is_so: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..1000 {
        if is_so().await {
            return true;
        }
        pause::<P>(Duration::from_millis(5)).await;
    }
    false
}

/// Waits for all of them at once.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let Poll::Ready(done) = future.as_mut().poll(cx)
            {
                *output = Some(done);
            }
        }
        let done = waiting.iter().all(|(_, output)| output.is_some());
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

/// Waits for two at once.
pub(crate) async fn both<A: Future + Unpin, B: Future + Unpin>(
    mut a: A,
    mut b: B,
) -> (A::Output, B::Output) {
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = Pin::new(&mut a).poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = Pin::new(&mut b).poll(cx)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// A limit of `Duration::MAX` is a deadline at the end of time, which no clock counts to.
pub(crate) async fn the_end_of_time_does_not_come<P: Platform + Default>() {
    let runtime = P::default();
    let end = Instant::from_epoch(Duration::MAX);
    let mut never = Box::pin(runtime.sleep_until(end));
    let mut soon = Box::pin(runtime.sleep_until(runtime.now() + Duration::from_millis(20)));
    std::future::poll_fn(|cx| {
        assert!(never.as_mut().poll(cx).is_pending());
        soon.as_mut().poll(cx)
    })
    .await;
    assert!(runtime.now() >= Instant::EPOCH + Duration::from_millis(20));
}
