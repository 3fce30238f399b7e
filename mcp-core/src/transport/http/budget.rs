//! The bytes of all messages that are being received at a time.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::server::Shared;

/// What all uploads of a server together may take.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }
}

/// A share of a server's budget, given back when it is dropped.
pub(super) struct Share<A> {
    pub(super) server: Arc<Shared<A>>,
    bytes: usize,
}

impl<A> Share<A> {
    pub(super) const fn new(server: Arc<Shared<A>>) -> Self {
        Self { server, bytes: 0 }
    }

    /// Takes more, if there is that much left.
    #[must_use]
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let Budget { limit, used } = &self.server.uploads;
        let more = |used: usize| used.checked_add(bytes).filter(|sum| sum <= limit);
        let grown = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.bytes += bytes;
        }
        grown
    }
}

impl<A> Drop for Share<A> {
    fn drop(&mut self) {
        self.server.uploads.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
