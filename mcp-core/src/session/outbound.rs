//! Messages of our own: requests that wait for an answer, and what may not leave yet.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::patience::Patience;
use super::{Lane, Outgoing};
use crate::flat::{FlatMap, FlatSet};
use crate::id::RequestHandle;
use crate::time::Instant;

/// A request of ours that has no answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// Where it left, or `None` while it waits for `initialized`.
    pub(super) sent: Option<Lane>,
    patience: Patience,
}

/// A message that waits for `initialized`.
#[derive(Debug)]
pub(super) enum Deferred {
    Notification(Outgoing),
    Request(RequestHandle, Outgoing),
}

#[derive(Debug, Default)]
pub(super) struct Outbound {
    pending: FlatMap<RequestHandle, Pending>,
    deadlines: FlatSet<(Instant, RequestHandle)>,
    deferred: VecDeque<Deferred>,
    last: u64,
}

impl Outbound {
    /// Takes a request in. Wire ids count from 1: some peers take 0 for absent.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        (timeout, longest): (Duration, Duration),
    ) -> RequestHandle {
        self.last += 1;
        let handle = RequestHandle(self.last);
        let patience = Patience::new(now, timeout, longest);
        self.pending.insert(handle, Pending { sent: None, patience });
        self.deadlines.insert((patience.deadline(), handle));
        handle
    }

    /// Ids up to this one have been used before.
    pub(super) const fn resume_after(&mut self, last: u64) {
        self.last = last;
    }

    /// The newest id there has been.
    pub(super) const fn used(&self) -> u64 {
        self.last
    }

    pub(super) fn remove(&mut self, handle: RequestHandle) -> Option<Pending> {
        let pending = self.pending.remove(&handle)?;
        self.deadlines.remove(&(pending.patience.deadline(), handle));
        if pending.sent.is_none() {
            let is_it = |item: &Deferred| matches!(item, Deferred::Request(it, _) if *it == handle);
            self.deferred.retain(|item| !is_it(item));
        }
        Some(pending)
    }

    pub(super) fn is_sent(&self, handle: RequestHandle) -> bool {
        self.pending.get(&handle).is_some_and(|pending| pending.sent.is_some())
    }

    pub(super) fn mark_sent(&mut self, handle: RequestHandle, lane: Lane) {
        if let Some(pending) = self.pending.get_mut(&handle) {
            pending.sent = Some(lane);
        }
    }

    /// Starts the request's time anew; false if no such request has been sent.
    pub(super) fn progressed(&mut self, now: Instant, handle: RequestHandle) -> bool {
        let Some(pending) = self.pending.get_mut(&handle).filter(|it| it.sent.is_some()) else {
            return false;
        };
        self.deadlines.remove(&(pending.patience.deadline(), handle));
        pending.patience.renew(now);
        self.deadlines.insert((pending.patience.deadline(), handle));
        true
    }

    /// A request whose time has run out.
    pub(super) fn expired(&self, now: Instant) -> Option<RequestHandle> {
        let (deadline, handle) = self.deadlines.first()?;
        (*deadline <= now).then_some(*handle)
    }

    /// Takes any request out, oldest first.
    pub(super) fn pop(&mut self) -> Option<(RequestHandle, Pending)> {
        let (handle, _) = self.pending.first()?;
        let handle = *handle;
        self.remove(handle).map(|pending| (handle, pending))
    }

    pub(super) fn defer(&mut self, item: Deferred) {
        self.deferred.push_back(item);
    }

    pub(super) fn undefer(&mut self) -> Option<Deferred> {
        self.deferred.pop_front()
    }

    pub(super) fn deferred(&self) -> usize {
        self.deferred.len()
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn clear_deferred(&mut self) {
        self.deferred.clear();
    }
}
