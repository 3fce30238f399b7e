//! What an application is given of the machine it runs on.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;

use crate::time::UnixTime;

/// Something that runs until it is done.
type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Randomness, a clock and a way to run things in the background: what a driver has and an
/// application has not.
///
/// Drivers give one to [`Handler::hosted`](super::Handler::hosted).
#[derive(Clone)]
pub struct Host {
    seed: [u8; 32],
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    background: Option<Runner>,
}

/// What runs things, and what waits.
#[derive(Clone)]
#[cfg_attr(not(feature = "tasks"), expect(dead_code, reason = "only tasks run there"))]
struct Runner {
    spawn: Arc<dyn Fn(Background) + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> Background + Send + Sync>,
}

impl Host {
    /// A host with these secret bytes, used for nothing else, and this clock.
    #[must_use]
    pub fn new(seed: [u8; 32], clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self { seed, clock: Arc::new(clock), background: None }
    }

    /// Gives it a way to run something in the background and to wait: without both, a
    /// [`Server`](super::Server) has no tasks.
    #[must_use]
    pub fn with_background(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
    ) -> Self {
        self.background = Some(Runner { spawn: Arc::new(spawn), sleep: Arc::new(sleep) });
        self
    }

    /// Bytes that nobody else knows, different in every process.
    #[must_use]
    pub const fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

#[cfg(feature = "tasks")]
impl Host {
    /// Whether it can run something in the background.
    pub(super) const fn runs_tasks(&self) -> bool {
        self.background.is_some()
    }

    pub(super) fn spawn(&self, work: Background) {
        if let Some(background) = &self.background {
            (background.spawn)(work);
        }
    }

    pub(super) fn sleep(&self, duration: Duration) -> Option<Background> {
        self.background.as_ref().map(|background| (background.sleep)(duration))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
