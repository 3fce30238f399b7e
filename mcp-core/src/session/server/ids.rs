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
    owed: Owed,
}

/// How many requests of each exchange are still to be answered.
#[derive(Debug, Default)]
struct Owed {
    /// Mostly there is one exchange at a time, and then no other.
    one: Option<(u64, usize)>,
    others: FlatMap<u64, usize>,
}

impl Owed {
    fn add(&mut self, exchange: u64) {
        if let Some(owed) = self.get_mut(exchange) {
            *owed += 1;
        } else if self.one.is_none() {
            self.one = Some((exchange, 1));
        } else {
            self.others.insert(exchange, 1);
        }
    }

    fn settle(&mut self, exchange: u64) {
        let Some(owed) = self.get_mut(exchange) else {
            return;
        };
        *owed -= 1;
        if *owed > 0 {
            return;
        }
        if self.others.remove(&exchange).is_none() {
            self.one = None;
        }
    }

    fn has(&self, exchange: u64) -> bool {
        self.one.is_some_and(|(one, _)| one == exchange) || self.others.contains_key(&exchange)
    }

    fn get_mut(&mut self, exchange: u64) -> Option<&mut usize> {
        match &mut self.one {
            Some((one, owed)) if *one == exchange => Some(owed),
            _ => self.others.get_mut(&exchange),
        }
    }
}

impl Ids {
    /// Says where an id stands, which may have stood elsewhere.
    pub(super) fn insert(&mut self, id: RequestId, place: Place, lane: Lane) {
        if let Lane::Exchange(exchange) = lane {
            self.owed.add(exchange);
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
        if let Lane::Exchange(exchange) = lane {
            self.owed.settle(exchange);
        }
    }

    pub(super) fn get(&self, id: &RequestId) -> Option<Place> {
        self.places.get(id).map(|(place, _)| *place)
    }

    pub(super) fn owes(&self, exchange: u64) -> bool {
        self.owed.has(exchange)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whichever exchange came first, each is owed what was added to it.
    #[test]
    fn each_exchange_is_owed_its_own() {
        let orders = [[1, 2, 3, 1], [1, 1, 2, 3], [3, 2, 1, 1], [2, 1, 3, 1]];
        for (added, settled) in orders.iter().flat_map(|one| orders.iter().map(move |it| (one, it)))
        {
            let (mut owed, mut left) = (Owed::default(), [0_usize; 5]);
            let steps = added.iter().map(|exchange| (true, *exchange));
            for (adds, exchange) in steps.chain(settled.iter().map(|exchange| (false, *exchange))) {
                match adds {
                    true => owed.add(exchange),
                    false => owed.settle(exchange),
                }
                let count = left.get_mut(exchange as usize).unwrap();
                *count = if adds { *count + 1 } else { *count - 1 };
                for (exchange, count) in left.iter().enumerate() {
                    assert_eq!(owed.has(exchange as u64), *count > 0, "{added:?} {settled:?}");
                }
            }
            owed.settle(4);
            assert!(owed.one.is_none() && owed.others.is_empty());
        }
    }
}
