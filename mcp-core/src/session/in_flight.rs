//! Requests of the client that are being worked on.

use super::Lane;
use crate::id::{RequestId, RequestKey, RequestTicket};
use crate::small::SmallMap;
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) lane: Lane,
    pub(super) kind: RequestKind,
    deadline: Instant,
}

/// What a request is to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Legacy,
    Modern,
    /// A subscription of the modern era, which takes as long as its client likes.
    Listen,
}

/// Keys rise with every request and all have the same time to run, so the first key is always
/// the next to expire.
#[derive(Debug, Default)]
pub(super) struct InFlightTable {
    requests: SmallMap<RequestKey, InFlight>,
    subscriptions: SmallMap<RequestKey, InFlight>,
    next: u64,
}

impl InFlightTable {
    pub(super) fn insert(&mut self, id: RequestId, lane: Lane, deadline: Instant) -> RequestTicket {
        self.insert_as(RequestKind::Legacy, id, lane, deadline)
    }

    /// The deadline is not that of a subscription, which has none.
    pub(super) fn insert_as(
        &mut self,
        kind: RequestKind,
        id: RequestId,
        lane: Lane,
        deadline: Instant,
    ) -> RequestTicket {
        let key = RequestKey(self.next);
        self.next += 1;
        let table =
            if kind == RequestKind::Listen { &mut self.subscriptions } else { &mut self.requests };
        table.insert(key, InFlight { id, lane, kind, deadline });
        RequestTicket(key)
    }

    pub(super) fn remove(&mut self, key: RequestKey) -> Option<InFlight> {
        self.requests.remove(&key).or_else(|| self.subscriptions.remove(&key))
    }

    pub(super) fn lane(&self, key: RequestKey) -> Option<Lane> {
        self.get(key).map(|request| request.lane)
    }

    pub(super) fn kind(&self, key: RequestKey) -> Option<RequestKind> {
        self.get(key).map(|request| request.kind)
    }

    /// Those that came on a lane.
    #[cfg(feature = "client")]
    pub(super) fn on_lane(&self, lane: Lane) -> impl Iterator<Item = RequestKey> + '_ {
        self.requests.iter().filter(move |(_, it)| it.lane == lane).map(|(key, _)| *key)
    }

    pub(super) fn listening(&self) -> impl Iterator<Item = RequestKey> + '_ {
        self.subscriptions.keys().copied()
    }

    fn get(&self, key: RequestKey) -> Option<&InFlight> {
        self.requests.get(&key).or_else(|| self.subscriptions.get(&key))
    }

    /// The key of a request whose time has run out.
    pub(super) fn expired(&self, now: Instant) -> Option<RequestKey> {
        let (key, request) = self.requests.first()?;
        (request.deadline <= now).then_some(*key)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.requests.first().map(|(_, request)| request.deadline)
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len() + self.subscriptions.len()
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.subscriptions.clear();
    }
}
