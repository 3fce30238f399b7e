use core::future::Future;

use crate::time::Instant;

/// What the glue needs of an async runtime: a clock, timers, tasks.
///
/// ```
/// # use core::future::Future;
/// # use core::time::Duration;
/// use mcp_core::driver::Runtime;
/// use mcp_core::time::Instant;
///
/// /// A runtime whose clock stands still and whose tasks never run.
/// #[derive(Clone)]
/// struct Frozen;
///
/// impl Runtime for Frozen {
///     type Sleep = core::future::Pending<()>;
///
///     fn now(&self) -> Instant {
///         Instant::EPOCH
///     }
///
///     fn sleep_until(&self, _at: Instant) -> Self::Sleep {
///         core::future::pending()
///     }
///
///     fn spawn(&self, _task: impl Future<Output = ()> + Send + 'static) {}
/// }
/// ```
pub trait Runtime: Clone + Send + Sync + Unpin + 'static {
    /// A future that is ready at a point in time.
    type Sleep: Future<Output = ()> + Send + Sync + 'static;

    /// The time on a monotonic clock that all clones share.
    fn now(&self) -> Instant;

    /// Is ready at `at`, or at once if that has passed.
    fn sleep_until(&self, at: Instant) -> Self::Sleep;

    /// Runs a task to its end, in the background.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Runs `work`, which starts tasks, for as long as somebody waits for it: dropped, it is gone.
    ///
    /// By default it runs where it is waited for. Where that is another thread than that of the
    /// tasks, it is better run as one of them: else each task it starts is a wake from thread to
    /// thread.
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        work
    }
}
