//! Containers for what there is mostly one of.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

/// How many entries are kept in a row. Beyond that looking through them costs more than a tree.
const FEW: usize = 8;

/// An ordered map that is small while it holds little.
///
/// A session has a dozen tables, most of which hold one entry or none at almost any time. A node
/// of a [`BTreeMap`] has room for eleven: hundreds of bytes to allocate for every request, or to
/// keep for a session that is idle. Here a few entries stand in a row that is used again; more of
/// them are in a tree, so that nothing takes more than logarithmic time.
#[derive(Clone, Debug)]
pub(crate) enum SmallMap<K, V> {
    /// At most [`FEW`], in order.
    Few(Vec<(K, V)>),
    /// At least one.
    Many(BTreeMap<K, V>),
}

impl<K: Ord, V> SmallMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    /// Puts an entry in; returns the value it takes the place of.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let row = match self {
            Self::Many(tree) => return tree.insert(key, value),
            Self::Few(row) => row,
        };
        let place = match find(row, &key) {
            Ok(place) => {
                let (_, present) = row.get_mut(place)?;
                return Some(core::mem::replace(present, value));
            }
            Err(place) => place,
        };
        if row.len() < FEW {
            if row.capacity() == 0 {
                row.reserve_exact(1);
            }
            row.insert(place, (key, value));
        } else {
            let mut tree: BTreeMap<K, V> = core::mem::take(row).into_iter().collect();
            tree.insert(key, value);
            *self = Self::Many(tree);
        }
        None
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        match self {
            Self::Few(row) => find(row, key).ok().map(|place| row.remove(place).1),
            Self::Many(tree) => {
                let value = tree.remove(key);
                self.settle();
                value
            }
        }
    }

    #[cfg(any(test, feature = "driver"))]
    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        match self {
            Self::Few(row) => (!row.is_empty()).then(|| row.remove(0)),
            Self::Many(tree) => {
                let entry = tree.pop_first();
                self.settle();
                entry
            }
        }
    }

    /// Takes out everything from a key on.
    #[cfg(any(test, feature = "driver"))]
    pub(crate) fn split_off(&mut self, from: &K) -> Self {
        match self {
            Self::Few(row) => {
                let place = find(row, from).unwrap_or_else(|place| place);
                if place < row.len() { Self::Few(row.split_off(place)) } else { Self::new() }
            }
            Self::Many(tree) => {
                let rest = tree.split_off(from);
                self.settle();
                if rest.is_empty() { Self::new() } else { Self::Many(rest) }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self {
            Self::Few(row) => row.get(find(row, key).ok()?).map(|(_, value)| value),
            Self::Many(tree) => tree.get(key),
        }
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match self {
            Self::Few(row) => {
                let place = find(row, key).ok()?;
                row.get_mut(place).map(|(_, value)| value)
            }
            Self::Many(tree) => tree.get_mut(key),
        }
    }

    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        K: Copy,
        V: Default,
    {
        if !self.contains_key(&key) {
            self.insert(key, V::default());
        }
        self.get_mut(&key).expect("it has just been put in")
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The first entry from a key on.
    #[cfg(any(test, feature = "driver"))]
    pub(crate) fn first_from(&self, from: &K) -> Option<(&K, &V)> {
        match self {
            Self::Few(row) => {
                let place = find(row, from).unwrap_or_else(|place| place);
                row.get(place).map(|(key, value)| (key, value))
            }
            Self::Many(tree) => tree.range(from..).next(),
        }
    }

    /// The entries in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (row, tree) = match self {
            Self::Few(row) => (row.as_slice(), None),
            Self::Many(tree) => (&[][..], Some(tree)),
        };
        let row = row.iter().map(|(key, value)| (key, value));
        row.chain(tree.into_iter().flatten())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(row) => row.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does without a tree once it is empty. A map between the two sizes stays what it is.
    fn settle(&mut self) {
        if self.is_empty() {
            *self = Self::new();
        }
    }
}

impl<K: Ord, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends to a queue that mostly holds one item: it begins with room for that.
pub(crate) fn push_back<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.capacity() == 0 {
        queue.reserve_exact(1);
    }
    queue.push_back(item);
}

/// Where a key stands in a row, or where it belongs.
fn find<K: Ord, V>(row: &[(K, V)], key: &K) -> Result<usize, usize> {
    row.binary_search_by(|(present, _)| present.cmp(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few and many: whatever is done, it holds what a tree would hold.
    #[test]
    fn it_is_a_map_of_any_size() {
        for size in [1, FEW, FEW + 1, 100] {
            let (mut map, mut tree) = (SmallMap::new(), BTreeMap::new());
            let keys = || (0..size).map(|key| key * 7 % size);
            for key in keys().chain(keys()) {
                assert_eq!(map.insert(key, key + 1), tree.insert(key, key + 1));
            }
            assert!(map.iter().eq(tree.iter()));
            assert_eq!(map.first(), tree.first_key_value());
            for key in 0..=size {
                assert_eq!(map.get(&key), tree.get(&key));
                assert_eq!(map.get_mut(&key), tree.get_mut(&key));
                assert_eq!(map.first_from(&key), tree.range(key..).next());
                let (mut map, mut tree) = (map.clone(), tree.clone());
                assert!(map.split_off(&key).iter().eq(tree.split_off(&key).iter()));
                assert!(map.iter().eq(tree.iter()));
            }
            assert_eq!(map.pop_first(), tree.pop_first());
            for key in keys().chain([size]) {
                assert_eq!(map.remove(&key), tree.remove(&key));
                assert_eq!(map.len(), tree.len());
            }
            assert!(map.is_empty() && map.first().is_none() && map.pop_first().is_none());
        }
    }

    /// One entry after the other takes one allocation for all of them.
    #[test]
    fn the_row_is_used_again() {
        let mut map = SmallMap::new();
        for key in 0..100 {
            map.insert(key, key);
            let SmallMap::Few(row) = &map else { panic!("there are few") };
            assert_eq!(row.capacity(), 1);
            map.remove(&key);
        }
    }
}
