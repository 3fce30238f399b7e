/// Is ready when the process is asked to end: SIGTERM or SIGINT, or Ctrl-C where there are no
/// signals.
///
/// Give it to [`Serve::until`](crate::Serve::until). A process whose signals cannot be watched is
/// never asked.
pub async fn terminated() {
    #[cfg(unix)]
    {
        use core::task::Poll;
        use tokio::signal::unix::{SignalKind, signal};

        let asked = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let mut asked: Vec<_> = asked.into_iter().flatten().collect();
        core::future::poll_fn(|cx| {
            let is_asked = asked.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
            if is_asked { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        core::future::pending().await
    }
}
