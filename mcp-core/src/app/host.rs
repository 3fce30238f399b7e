//! What an application is given of the machine it runs on.

use alloc::sync::Arc;
use core::fmt;

use crate::time::UnixTime;

/// Randomness and a clock: what a driver has and an application has not.
///
/// Drivers give one to [`Handler::hosted`](super::Handler::hosted).
#[derive(Clone)]
pub struct Host {
    seed: [u8; 32],
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

impl Host {
    /// A host with these secret bytes, used for nothing else, and this clock.
    #[must_use]
    pub fn new(seed: [u8; 32], clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self { seed, clock: Arc::new(clock) }
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

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
