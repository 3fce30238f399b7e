//! Where the ids that the client may not use again stand, and what each stream still owes.

use super::Lane;
use crate::flat::FlatMap;
use crate::id::{RequestId, RequestKey};
use crate::small::SmallMap;

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Initialize,
    Held,
    InFlight(RequestKey),
}

#[derive(Debug, Default)]
pub(super) struct Ids {
    places: SmallMap<RequestId, (Place, Lane)>,
    /// How many requests of an exchange are still to be answered.
    owed: FlatMap<u64, usize>,
}

impl Ids {
    /// Says where an id stands, which may have stood elsewhere.
    pub(super) fn insert(&mut self, id: RequestId, place: Place, lane: Lane) {
        if let Lane::Exchange(exchange) = lane {
            *self.owed.get_or_default(exchange) += 1;
        }
        if let Some((_, before)) = self.places.insert(id, (place, lane)) {
            self.settle(before);
        }
    }

    pub(super) fn remove(&mut self, id: &RequestId) {
        if let Some((_, lane)) = self.places.remove(id) {
            self.settle(lane);
        }
    }

    /// One request less is to be answered on a lane.
    fn settle(&mut self, lane: Lane) {
        let Lane::Exchange(exchange) = lane else {
            return;
        };
        if let Some(owed) = self.owed.get_mut(&exchange) {
            *owed -= 1;
            if *owed == 0 {
                self.owed.remove(&exchange);
            }
        }
    }

    pub(super) fn get(&self, id: &RequestId) -> Option<Place> {
        self.places.get(id).map(|(place, _)| *place)
    }

    pub(super) fn owes(&self, exchange: u64) -> bool {
        self.owed.contains_key(&exchange)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
