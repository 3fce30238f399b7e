/// Is ready when the process is asked to end: SIGTERM or SIGINT, or Ctrl-C where there are no
/// signals.
///
/// Give it to [`Serve::until`](crate::Serve::until). A process whose signals cannot be watched is
/// never asked.
pub async fn terminated() {
    use async_signal::{Signal, Signals};
    use smol::stream::StreamExt;

    #[cfg(unix)]
    let kinds = [Signal::Term, Signal::Int];
    #[cfg(not(unix))]
    let kinds = [Signal::Int];
    match Signals::new(kinds) {
        Ok(mut signals) => {
            signals.next().await;
        }
        Err(_) => core::future::pending().await,
    }
}
