//! Containers for what there is mostly one of.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::fmt;
#[cfg(feature = "driver")]
use core::iter::Chain;
use core::ops::{Deref, DerefMut};
#[cfg(feature = "driver")]
use core::option;
use core::slice;

/// How many entries stand in a row.
const ROW: usize = 32;

/// How many entries a row that is empty keeps the room of.
const FEW: usize = 8;

type Row<K, V> = Vec<(K, V)>;

/// The entries of a [`SmallMap`] in order. `Flatten` would do, in five times as much code.
#[derive(Clone, Debug)]
pub(crate) struct Iter<'a, K, V> {
    row: slice::Iter<'a, (K, V)>,
    others: slice::Iter<'a, Row<K, V>>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.row.next() {
                return Some((key, value));
            }
            self.row = self.others.next()?.iter();
        }
    }
}

/// The entries of a [`SmallMap`] in order, taken out.
#[derive(Debug)]
pub(crate) struct IntoIter<K, V> {
    row: vec::IntoIter<(K, V)>,
    others: vec::IntoIter<Row<K, V>>,
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        loop {
            if let Some(entry) = self.row.next() {
                return Some(entry);
            }
            self.row = self.others.next()?.into_iter();
        }
    }
}

/// An ordered map that is small while it holds little, in memory and in code.
///
/// A session has a dozen tables, most of which hold one entry or none at almost any time. A node
/// of a B-tree has room for eleven: hundreds of bytes to allocate for every request, or to keep
/// for a session that is idle. Here a few entries stand in a row that is used again, and more of
/// them in several rows. A change moves the entries of one row, and at times the list of rows: up
/// to hundreds of thousands of entries that takes no longer than a tree, of which each type of
/// entries would need one of its own, ten times as large.
#[derive(Clone)]
pub(crate) struct SmallMap<K, V> {
    /// Empty only if there are no others.
    first: Row<K, V>,
    /// Each has something in it.
    others: Others<K, V>,
}

/// The rows after the first. Mostly there are none, and then they take no more than a pointer.
#[derive(Clone)]
struct Others<K, V>(Option<Box<Rows<K, V>>>);

type Rows<K, V> = Vec<Row<K, V>>;

impl<K, V> Others<K, V> {
    const NONE: Self = Self(None);

    fn rows(&mut self) -> &mut Rows<K, V> {
        self.0.get_or_insert_default()
    }

    fn into_rows(self) -> Rows<K, V> {
        self.0.map(|rows| *rows).unwrap_or_default()
    }
}

impl<K, V> Deref for Others<K, V> {
    type Target = [Row<K, V>];

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&[], |rows| rows)
    }
}

impl<K, V> DerefMut for Others<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.as_mut().map_or(&mut [], |rows| rows)
    }
}

impl<K, V> SmallMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self { first: Vec::new(), others: Others::NONE }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let mut keeps = |(key, value): &mut (K, V)| keep(key, value);
        self.first.retain_mut(&mut keeps);
        if let Some(rows) = &mut self.others.0 {
            rows.retain_mut(|row| {
                row.retain_mut(&mut keeps);
                !row.is_empty()
            });
        }
        self.settle(0);
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        self.first.first().map(|(key, value)| (key, value))
    }

    pub(crate) fn last(&self) -> Option<(&K, &V)> {
        self.others.last().unwrap_or(&self.first).last().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        Iter { row: self.first.iter(), others: self.others.iter() }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.first.iter_mut().chain(self.others.iter_mut().flatten()).map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.others.iter().map(Vec::len).sum::<usize>()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    fn row(&self, index: usize) -> Option<&Row<K, V>> {
        match index.checked_sub(1) {
            None => Some(&self.first),
            Some(other) => self.others.get(other),
        }
    }

    fn row_mut(&mut self, index: usize) -> Option<&mut Row<K, V>> {
        match index.checked_sub(1) {
            None => Some(&mut self.first),
            Some(other) => self.others.get_mut(other),
        }
    }

    /// After something was taken out of a row.
    fn settle(&mut self, index: usize) {
        if !self.others.is_empty() || self.first.capacity() > FEW {
            self.tidy_up(index);
        }
    }

    /// Does without a row that is empty. Short ones stay: they take no more room than they did.
    #[cold]
    fn tidy_up(&mut self, index: usize) {
        if self.row(index).is_some_and(|row| !row.is_empty()) {
            return;
        }
        match index.checked_sub(1) {
            Some(other) => drop(self.others.rows().remove(other)),
            None if self.others.is_empty() => self.clear(),
            None => self.first = self.others.rows().remove(0),
        }
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    /// Puts an entry in; returns the value it takes the place of.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let index = self.row_of(&key);
        let row = self.row_mut(index)?;
        let place = match find(row, &key) {
            Ok(place) => {
                let (_, present) = row.get_mut(place)?;
                return Some(core::mem::replace(present, value));
            }
            Err(place) => place,
        };
        if row.len() >= ROW {
            self.split_row(index, place);
            return self.insert(key, value);
        }
        if row.capacity() == 0 {
            row.reserve_exact(1);
        }
        row.insert(place, (key, value));
        None
    }

    /// Makes two rows of a full one, where there has to be room.
    #[cold]
    fn split_row(&mut self, index: usize, place: usize) {
        // What comes in order fills its rows.
        let is_last = place == ROW && index == self.others.len();
        let middle = if is_last { ROW - 1 } else { ROW / 2 };
        if let Some(next) = self.row_mut(index).map(|row| row.split_off(middle)) {
            self.others.rows().insert(index, next);
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let index = self.row_of(key);
        let row = self.row_mut(index)?;
        let place = find(row, key).ok()?;
        let (_, value) = row.remove(place);
        self.settle(index);
        Some(value)
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let row = self.row(self.row_of(key))?;
        row.get(find(row, key).ok()?).map(|(_, value)| value)
    }

    pub(crate) fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let row = self.row(self.row_of(key))?;
        row.get(find(row, key).ok()?).map(|(key, value)| (key, value))
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let row = self.row_mut(self.row_of(key))?;
        let place = find(row, key).ok()?;
        row.get_mut(place).map(|(_, value)| value)
    }

    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        K: Clone,
        V: Default,
    {
        if !self.contains_key(&key) {
            self.insert(key.clone(), V::default());
        }
        self.get_mut(&key).expect("it has just been put in")
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The entries from a key on.
    pub(crate) fn range_from<Q: Ord + ?Sized>(&self, from: &Q) -> impl Iterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
    {
        let index = self.row_of(from);
        let row = self.row(index).and_then(|row| row.get(place(row, from)..)).unwrap_or_default();
        let others = self.others.get(index..).unwrap_or_default();
        Iter { row: row.iter(), others: others.iter() }
    }

    /// The row where a key stands, or where it belongs.
    #[inline]
    fn row_of<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        let begins_before = |row: &Row<K, V>| row.first().is_some_and(|it| it.0.borrow() <= key);
        if self.others.is_empty() { 0 } else { self.others.partition_point(begins_before) }
    }
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SmallMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SmallMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SmallMap<K, V> {}

impl<K, V> IntoIterator for SmallMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter { row: self.first.into_iter(), others: self.others.into_rows().into_iter() }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SmallMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// Items in the order they came, of which there is mostly one.
#[cfg(feature = "driver")]
pub(crate) struct Few<T> {
    /// Nothing only if there is no other.
    first: Option<T>,
    others: Vec<T>,
}

#[cfg(feature = "driver")]
impl<T> Few<T> {
    pub(crate) fn push(&mut self, item: T) {
        match &self.first {
            None => self.first = Some(item),
            Some(_) => self.others.push(item),
        }
    }

    pub(crate) fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let goes = self.first.as_mut().is_some_and(|first| !keep(first));
        self.others.retain_mut(keep);
        if goes {
            self.first = (!self.others.is_empty()).then(|| self.others.remove(0));
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

#[cfg(feature = "driver")]
impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: None, others: Vec::new() }
    }
}

#[cfg(feature = "driver")]
impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

#[cfg(feature = "driver")]
impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = Chain<option::IntoIter<T>, vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.others)
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
fn find<K: Borrow<Q>, V, Q: Ord + ?Sized>(row: &[(K, V)], key: &Q) -> Result<usize, usize> {
    row.binary_search_by(|(present, _)| present.borrow().cmp(key))
}

fn place<K: Borrow<Q>, V, Q: Ord + ?Sized>(row: &[(K, V)], key: &Q) -> usize {
    find(row, key).unwrap_or_else(|place| place)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    const SIZES: [usize; 7] = [1, 2, ROW, ROW + 1, 2 * ROW, 100, 1000];

    fn check(map: &SmallMap<usize, usize>, tree: &BTreeMap<usize, usize>) {
        assert!(map.iter().eq(tree.iter()));
        assert_eq!(map.len(), tree.len());
        assert_eq!(map.is_empty(), tree.is_empty());
        assert_eq!(map.first(), tree.first_key_value());
        assert_eq!(map.last(), tree.last_key_value());
        assert!(map.others.iter().all(|row| !row.is_empty() && row.len() <= ROW));
    }

    /// Few and many, in any order: whatever is done, it holds what a tree would hold.
    #[test]
    fn it_is_a_map_of_any_size() {
        let orders = [|key, _| key, |key, size| size - key - 1, |key, size| key * 7 % size];
        for (size, order) in SIZES.iter().flat_map(|size| orders.map(|order| (*size, order))) {
            let (mut map, mut tree) = (SmallMap::new(), BTreeMap::new());
            let keys = || (0..size).map(|key| 2 * order(key, size));
            for key in keys().chain(keys()) {
                assert_eq!(map.insert(key, key + 1), tree.insert(key, key + 1));
            }
            check(&map, &tree);
            for key in 0..=2 * size {
                assert_eq!(map.get(&key), tree.get(&key));
                assert_eq!(map.get_mut(&key), tree.get_mut(&key));
                assert!(map.range_from(&key).eq(tree.range(key..)));
            }
            let (mut kept, mut kept_of_tree) = (map.clone(), tree.clone());
            kept.retain(|key, _| key % 3 == 0);
            kept_of_tree.retain(|key, _| key % 3 == 0);
            check(&kept, &kept_of_tree);
            assert!(map.clone().into_iter().eq(tree.clone()));
            for key in keys().chain([2 * size]) {
                assert_eq!(map.remove(&key), tree.remove(&key));
                check(&map, &tree);
            }
            assert!(map.is_empty());
        }
    }

    /// One entry after the other takes one allocation for all of them.
    #[test]
    fn the_row_is_used_again() {
        let mut map = SmallMap::new();
        for key in 0..100 {
            map.insert(key, key);
            assert_eq!((map.first.capacity(), map.others.len()), (1, 0));
            map.remove(&key);
        }
    }

    /// What was large once is small again.
    #[test]
    fn room_is_given_back() {
        let mut map: SmallMap<usize, ()> = (0..1000).map(|key| (key, ())).collect();
        assert!(map.others.len() <= 1000 / (ROW - 1), "in order the rows are full");
        map.retain(|key, ()| key % 100 == 0);
        for key in 0..1000 {
            map.remove(&key);
        }
        assert_eq!((map.first.capacity(), map.others.0.is_none()), (0, true));
    }
}
