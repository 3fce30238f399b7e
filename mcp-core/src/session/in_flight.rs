//! Requests of the client that are being worked on.

use alloc::collections::BTreeMap;

use super::Lane;
use crate::id::{RequestId, RequestKey, RequestTicket};
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) lane: Lane,
    deadline: Instant,
}

/// Keys rise with every request and all have the same time to run, so the first key is always
/// the next to expire.
#[derive(Debug, Default)]
pub(super) struct InFlightTable {
    requests: BTreeMap<RequestKey, InFlight>,
    next: u64,
}

impl InFlightTable {
    pub(super) fn insert(&mut self, id: RequestId, lane: Lane, deadline: Instant) -> RequestTicket {
        let key = RequestKey(self.next);
        self.next += 1;
        self.requests.insert(key, InFlight { id, lane, deadline });
        RequestTicket(key)
    }

    pub(super) fn remove(&mut self, key: RequestKey) -> Option<InFlight> {
        self.requests.remove(&key)
    }

    pub(super) fn lane(&self, key: RequestKey) -> Option<Lane> {
        self.requests.get(&key).map(|request| request.lane)
    }

    /// The key of a request whose time has run out.
    pub(super) fn expired(&self, now: Instant) -> Option<RequestKey> {
        let (key, request) = self.requests.first_key_value()?;
        (request.deadline <= now).then_some(*key)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.requests.first_key_value().map(|(_, request)| request.deadline)
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
    }
}
