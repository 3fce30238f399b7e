//! Things a server offers, in an order that lasts, with their lists ready to send.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasherDefault;
use core::num::NonZeroUsize;
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::jsonrpc::{ErrorObject, InvalidJson, RawJson, Reply, with_meta_member};
use crate::model::{Cursor, Meta};
use crate::revision::{Era, Revision};

/// Something that is listed and looked up by name.
pub(super) trait Item: Sized {
    /// What it is called in errors.
    const KIND: &'static str;
    /// What cursors of its list start with, so that they fit no other list.
    const MARK: char;

    /// What it is looked up by: the name; for resources, the URI.
    fn key(&self) -> &str;

    /// One page of the list, as a revision wants it.
    fn page(
        items: &[Arc<Self>],
        next: Option<Cursor>,
        revision: Revision,
    ) -> Result<RawJson, InvalidJson>;
}

/// The things of one kind that a server offers.
///
/// Until the first change at run time nothing is locked; after it, looking something up takes a
/// read lock for as long as the look takes. What the server was built with is kept as long as
/// the server.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    built: Stock<T>,
    changed: OnceLock<RwLock<Stock<T>>>,
    form: Form,
}

/// What the pages of a list are like.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) page_size: Option<NonZeroUsize>,
    /// Our name, as it stands in results of the modern era (META-13).
    pub(super) signature: RawJson,
}

impl<T: Item> Shelf<T> {
    pub(super) fn new(items: Vec<T>, form: Form) -> Self {
        let mut built = Stock::default();
        for item in items {
            built.put(item);
        }
        Self { built, changed: OnceLock::new(), form }
    }

    /// Takes things away, then puts things on; those of the same name are replaced in place.
    ///
    /// Says whether anything has changed.
    pub(super) fn change(&self, put: Vec<T>, remove: &[String]) -> bool {
        if put.is_empty() && remove.iter().all(|name| self.get(name).is_none()) {
            return false;
        }
        let stock = self.changed.get_or_init(|| RwLock::new(self.built.clone()));
        let mut stock = stock.write().unwrap_or_else(PoisonError::into_inner);
        for name in remove {
            stock.remove(name);
        }
        for item in put {
            stock.put(item);
        }
        true
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<T>> {
        self.read(|stock| stock.get(name).cloned())
    }

    /// The first thing, in order, of which `pick` makes something.
    pub(super) fn find_map<R>(&self, pick: impl Fn(&Arc<T>) -> Option<R>) -> Option<R> {
        self.read(|stock| stock.items.iter().find_map(|(_, item)| pick(item)))
    }

    /// A page of the list: the first, or the one a cursor leads to.
    ///
    /// A cursor holds the place of the last thing before it. Places are given once, in the order
    /// of arrival, so a cursor stays good whatever is put on or taken away meanwhile.
    pub(super) fn list(&self, cursor: Option<&Cursor>, revision: Revision) -> Reply {
        let page = self.read(|stock| {
            let after = match cursor {
                None => Some(0),
                Some(cursor) => self.place(cursor).filter(|after| *after <= stock.index.last),
            };
            Some(stock.page(after?, revision, &self.form))
        });
        page.ok_or_else(|| ErrorObject::invalid_params("Invalid cursor"))?
            .ok_or_else(|| ErrorObject::internal("the list has no JSON form"))
    }

    fn read<R>(&self, look: impl FnOnce(&Stock<T>) -> R) -> R {
        match self.changed.get() {
            None => look(&self.built),
            Some(stock) => look(&stock.read().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// The place in a cursor, if the cursor is one that this list can have made.
    fn place(&self, cursor: &Cursor) -> Option<u64> {
        self.form.page_size?;
        let place = cursor.as_str().strip_prefix(T::MARK)?.parse().ok()?;
        (place > 0 && cursor_after::<T>(place) == *cursor).then_some(place)
    }
}

fn cursor_after<T: Item>(place: u64) -> Cursor {
    Cursor::new(format!("{}{place}", T::MARK))
}

#[derive(Debug)]
struct Stock<T> {
    /// With their places, which they are in the order of.
    items: Vec<(u64, Arc<T>)>,
    index: Index,
}

/// What is the same for things of all kinds.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Hashed, where to search through an order would take a line of memory for each comparison.
    /// The names are our own, so there is nobody to choose them for what they hash to.
    places: HashMap<Box<str>, u64, BuildHasherDefault<DefaultHasher>>,
    /// The last place that was given.
    last: u64,
    /// The whole list for each revision, made when it is first asked for.
    lists: [OnceLock<Vec<Page>>; Revision::ALL.len()],
}

impl Index {
    /// Puts a name in; false if it is there already.
    pub(super) fn is_new(&mut self, key: &str) -> bool {
        let last = self.last;
        self.put(key) > last
    }

    /// The place of something that is put on: the one it has, or the next.
    fn put(&mut self, key: &str) -> u64 {
        self.lists = Default::default();
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        self.last += 1;
        self.places.insert(key.into(), self.last);
        self.last
    }

    fn remove(&mut self, key: &str) -> Option<u64> {
        let place = self.places.remove(key)?;
        self.lists = Default::default();
        Some(place)
    }
}

#[derive(Clone, Debug)]
struct Page {
    /// The place of the last thing before it.
    after: u64,
    json: Option<RawJson>,
}

impl<T> Default for Stock<T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: Index::default() }
    }
}

impl<T> Clone for Stock<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), index: self.index.clone() }
    }
}

impl<T: Item> Stock<T> {
    fn put(&mut self, item: T) {
        let place = self.index.put(item.key());
        let item = Arc::new(item);
        match self.find(place) {
            Some(index) => {
                if let Some((_, present)) = self.items.get_mut(index) {
                    *present = item;
                }
            }
            None => self.items.push((place, item)),
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(place) = self.index.remove(name) {
            self.items.retain(|(it, _)| *it != place);
        }
    }

    fn get(&self, name: &str) -> Option<&Arc<T>> {
        let index = self.find(*self.index.places.get(name)?)?;
        self.items.get(index).map(|(_, item)| item)
    }

    /// Where the thing with a place stands: where it was put, unless one before it is gone.
    fn find(&self, place: u64) -> Option<usize> {
        let first = usize::try_from(place.checked_sub(1)?).ok()?;
        if self.items.get(first).is_some_and(|(it, _)| *it == place) {
            return Some(first);
        }
        self.items.binary_search_by_key(&place, |(place, _)| *place).ok()
    }

    fn page(&self, after: u64, revision: Revision, form: &Form) -> Option<RawJson> {
        let list = self.index.lists.get(revision as usize)?;
        let pages = list.get_or_init(|| self.pages(revision, form));
        match pages.binary_search_by_key(&after, |page| page.after) {
            Ok(index) => pages.get(index)?.json.clone(),
            // The cursor is older than a change to the list.
            Err(_) => self.encode(after, revision, form).0,
        }
    }

    fn pages(&self, revision: Revision, form: &Form) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut next = Some(0);
        while let Some(after) = next {
            let (json, end) = self.encode(after, revision, form);
            pages.push(Page { after, json });
            next = end;
        }
        pages
    }

    /// The page after a place, and the place where the next one starts.
    fn encode(
        &self,
        after: u64,
        revision: Revision,
        form: &Form,
    ) -> (Option<RawJson>, Option<u64>) {
        let start = self.items.partition_point(|(place, _)| *place <= after);
        let mut rest = self.items.iter().skip(start);
        let size = form.page_size.map_or(usize::MAX, NonZeroUsize::get);
        let mut end = after;
        let page = rest.by_ref().take(size).map(|(place, item)| {
            end = *place;
            Arc::clone(item)
        });
        let page: Vec<Arc<T>> = page.collect();
        let next = rest.next().map(|_| end);
        let json = T::page(&page, next.map(cursor_after::<T>), revision).ok();
        let json = json.map(|json| match revision.era() {
            Era::Legacy => json,
            Era::Modern => with_meta_member(&json, Meta::SERVER_INFO, form.signature.as_str()),
        });
        (json.map(RawJson::kept), next)
    }
}
