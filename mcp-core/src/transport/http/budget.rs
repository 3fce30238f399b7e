//! The bytes of all messages that are being received at a time.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What all uploads of a server together may take.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

/// A share of the budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }
}

impl Share {
    pub(super) const fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Takes more, if there is that much left.
    #[must_use]
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let Budget { limit, used } = &*self.budget;
        let more = |used: usize| used.checked_add(bytes).filter(|sum| sum <= limit);
        let grown = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.bytes += bytes;
        }
        grown
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
