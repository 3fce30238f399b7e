//! Ordered maps in one row.

use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::fmt;
use core::mem;

/// How many entries a map that is empty keeps the room of.
const FEW: usize = 8;

/// An ordered map of a few entries, and never more than some thousand: tables that limits bound.
///
/// A change moves the entries after it. For those that there may be any number of there is
/// [`SmallMap`](crate::small::SmallMap), which is more code for each type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct FlatMap<K, V>(Vec<(K, V)>);

impl<K, V> FlatMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty map that will hold so many entries before long.
    pub(crate) fn with_room_for(entries: usize) -> Self {
        Self(Vec::with_capacity(entries))
    }

    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.0.is_empty()).then(|| self.take(0))
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        self.0.first().map(|(key, value)| (key, value))
    }

    pub(crate) fn last(&self) -> Option<(&K, &V)> {
        self.0.last().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, place: usize) -> (K, V) {
        let entry = self.0.remove(place);
        if self.0.is_empty() && self.0.capacity() > FEW {
            self.0 = Vec::new();
        }
        entry
    }
}

impl<K: Ord, V> FlatMap<K, V> {
    /// Puts an entry in; returns the value it takes the place of.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(place) => self.0.get_mut(place).map(|(_, present)| mem::replace(present, value)),
            Err(place) => {
                self.put(place, key, value);
                None
            }
        }
    }

    fn put(&mut self, place: usize, key: K, value: V) {
        if self.0.capacity() == 0 {
            self.0.reserve_exact(1);
        }
        self.0.insert(place, (key, value));
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key).ok()?;
        Some(self.take(place).1)
    }

    /// Takes out everything from a key on.
    pub(crate) fn split_off(&mut self, from: &K) -> Self {
        Self(self.0.split_off(self.find(from).unwrap_or_else(|place| place)))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let place = self.find(&key).unwrap_or_else(|place| {
            self.put(place, key, V::default());
            place
        });
        &mut self.0[place].1
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The entries from a key on.
    pub(crate) fn range_from(&self, from: &K) -> impl Iterator<Item = (&K, &V)> {
        let place = self.find(from).unwrap_or_else(|place| place);
        self.0.iter().skip(place).map(|(key, value)| (key, value))
    }

    /// Where a key stands, or where it belongs.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(present, _)| present.borrow().cmp(key))
    }
}

impl<K, V> Default for FlatMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for FlatMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// An ordered set of a few items: a [`FlatMap`] of keys alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlatSet<T>(FlatMap<T, ()>);

impl<T> FlatSet<T> {
    pub(crate) const fn new() -> Self {
        Self(FlatMap::new())
    }

    pub(crate) fn pop_first(&mut self) -> Option<T> {
        self.0.pop_first().map(|(item, ())| item)
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.0.first().map(|(item, ())| item)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.keys()
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> FlatSet<T> {
    /// Puts something in. False if it is there already.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        self.0.insert(item, ()).is_none()
    }

    /// Takes something out. False if it is not there.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(item).is_some()
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(item)
    }
}

impl<T> IntoIterator for FlatSet<T> {
    type Item = T;
    type IntoIter = core::iter::Map<vec::IntoIter<(T, ())>, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.0.into_iter().map(|(item, ())| item)
    }
}

impl<T> Default for FlatSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord> FromIterator<T> for FlatSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

impl<T: Ord> Extend<T> for FlatSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    /// Few and many, in any order: whatever is done, it holds what a tree would hold.
    #[test]
    fn it_is_a_map() {
        let orders = [|key, _| key, |key, size| size - key - 1, |key, size| key * 7 % size];
        for (size, order) in [1, 2, 9, 100].into_iter().flat_map(|it| orders.map(|by| (it, by))) {
            let (mut map, mut tree) = (FlatMap::new(), BTreeMap::new());
            let keys = || (0..size).map(|key| 2 * order(key, size));
            for key in keys().chain(keys()) {
                assert_eq!(map.insert(key, key + 1), tree.insert(key, key + 1));
                *map.get_or_default(key) += 1;
                *tree.entry(key).or_default() += 1;
            }
            for key in 0..=2 * size {
                assert_eq!(map.get(&key), tree.get(&key));
                assert_eq!(map.contains_key(&key), tree.contains_key(&key));
            }
            assert_eq!(map.first(), tree.first_key_value());
            assert!(map.iter().eq(tree.iter()));
            assert_eq!(map.pop_first(), tree.pop_first());
            for key in keys().chain([2 * size]) {
                assert_eq!(map.remove(&key), tree.remove(&key));
                assert_eq!(map.len(), tree.len());
            }
            assert!(map.is_empty() && map.pop_first().is_none() && map.0.capacity() <= FEW);
        }
    }

    /// One entry after the other takes one allocation for all of them.
    #[test]
    fn the_row_is_used_again() {
        let mut map = FlatMap::new();
        for key in 0..100 {
            map.insert(key, key);
            assert_eq!(map.0.capacity(), 1);
            map.remove(&key);
        }
    }
}
