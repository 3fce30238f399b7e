//! The hold queue: requests that came before the handshake was done.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::{Counters, Lane};
use crate::config::{HoldBudget, Limits};
use crate::id::RequestId;
use crate::jsonrpc::Params;
use crate::lifecycle::Method;
use crate::time::Instant;

/// What a held request costs beyond its own bytes.
const OVERHEAD: usize = size_of::<Held>() + Params::OVERHEAD;

/// A request that waits, its parameters unread.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: RequestId,
    pub(super) method: Method,
    pub(super) params: Option<Params>,
    pub(super) lane: Lane,
    pub(super) since: Instant,
    cost: usize,
}

/// Requests in the order they came, bounded in number, bytes and time.
#[derive(Debug)]
pub(super) struct HoldQueue {
    requests: VecDeque<Held>,
    bytes: usize,
    budget: HoldBudget,
    deadline: Option<Instant>,
}

impl HoldQueue {
    pub(super) const fn new(budget: HoldBudget) -> Self {
        Self { requests: VecDeque::new(), bytes: 0, budget, deadline: None }
    }

    /// Takes a request of `bytes` on the wire; false if there is no room for it.
    ///
    /// The first one starts the session's hold deadline.
    pub(super) fn push(
        &mut self,
        (now, timeout): (Instant, Duration),
        limits: &Limits,
        counters: &mut Counters,
        (id, method, params, lane): (RequestId, Method, Option<Params>, Lane),
        bytes: usize,
    ) -> bool {
        let cost = bytes.saturating_add(OVERHEAD);
        let fits = self.requests.len() < limits.held_requests
            && self.bytes.saturating_add(cost) <= limits.held_bytes
            && self.budget.take(cost);
        if !fits {
            return false;
        }
        self.bytes += cost;
        // A slice keeps the whole buffer it was read into, which is larger than what was counted.
        let params = params.map(Params::detached);
        self.deadline.get_or_insert(now + timeout);
        self.requests.push_back(Held { id, method, params, lane, since: now, cost });
        counters.held += 1;
        counters.held_peak = counters.held_peak.max(self.requests.len());
        counters.held_bytes_peak = counters.held_bytes_peak.max(self.bytes);
        true
    }

    /// Takes the oldest request out.
    pub(super) fn pop(&mut self) -> Option<Held> {
        let held = self.requests.pop_front()?;
        self.free(held.cost);
        Some(held)
    }

    /// Takes the request with this id out.
    pub(super) fn remove(&mut self, id: &RequestId) -> Option<Held> {
        self.remove_at(self.position(|held| held.id == *id)?)
    }

    /// Where the oldest such request stands.
    pub(super) fn position(&self, which: impl Fn(&Held) -> bool) -> Option<usize> {
        self.requests.iter().position(which)
    }

    pub(super) fn remove_at(&mut self, index: usize) -> Option<Held> {
        let held = self.requests.remove(index)?;
        self.free(held.cost);
        Some(held)
    }

    /// Stops the deadline; the next request to be held starts a new one.
    pub(super) const fn disarm(&mut self) {
        self.deadline = None;
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn free(&mut self, cost: usize) {
        self.bytes -= cost;
        self.budget.give_back(cost);
    }
}

impl Drop for HoldQueue {
    /// The budget outlives the session.
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}
