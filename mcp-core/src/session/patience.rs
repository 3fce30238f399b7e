//! How long an answer is waited for.

use core::time::Duration;

use crate::time::Instant;

/// The deadline of a request of ours, which progress puts off up to a limit (TIME-04, TIME-05).
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    deadline: Instant,
    /// What progress may stretch the deadline to.
    latest: Instant,
    timeout: Duration,
}

impl Patience {
    /// A deadline `timeout` from now, which can be put off for `longest` in all.
    pub(super) fn new(now: Instant, timeout: Duration, longest: Duration) -> Self {
        Self { deadline: now + timeout, latest: now + timeout.max(longest), timeout }
    }

    /// Starts the time anew.
    pub(super) fn renew(&mut self, now: Instant) {
        self.deadline = (now + self.timeout).min(self.latest);
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }
}
