//! Who is connected, and who watches which resource.

use alloc::string::{String, ToString};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection::Connection;
use crate::flat::FlatSet;
use crate::small::SmallMap;

/// The live connections of a server, and their subscriptions.
///
/// A connection leaves by being dropped: it keeps a [`Seat`] that tidies up after it.
#[derive(Debug, Default)]
pub(super) struct Audience(Arc<Mutex<Members>>);

#[derive(Debug, Default)]
struct Members {
    members: SmallMap<Key, Member>,
    watchers: SmallMap<Arc<str>, FlatSet<Key>>,
}

/// A connection's address. It names no other as long as the table has a weak reference to it.
type Key = usize;

#[derive(Debug)]
struct Member {
    connection: Weak<Connection>,
    watches: FlatSet<Arc<str>>,
}

/// A connection's place in the audience.
pub(super) struct Seat {
    audience: Weak<Mutex<Members>>,
    key: Key,
}

/// The connection has as many subscriptions as it may have.
#[derive(Debug)]
pub(super) struct TooMany;

impl Audience {
    /// Lets a connection in, if it is not yet.
    pub(super) fn join(&self, connection: &Arc<Connection>) {
        let key = key(connection);
        let mut members = lock(&self.0);
        if members.members.contains_key(&key) {
            return;
        }
        let member = Member { connection: Arc::downgrade(connection), watches: FlatSet::new() };
        members.members.insert(key, member);
        drop(members);
        connection.keep_seat(Seat { audience: Arc::downgrade(&self.0), key });
    }

    pub(super) fn watch(
        &self,
        connection: &Arc<Connection>,
        uri: &str,
        limit: usize,
    ) -> Result<(), TooMany> {
        self.join(connection);
        let key = key(connection);
        let mut members = lock(&self.0);
        let Members { members, watchers } = &mut *members;
        let Some(member) = members.get_mut(&key) else {
            return Ok(());
        };
        if member.watches.contains(uri) {
            return Ok(());
        }
        if member.watches.len() >= limit {
            return Err(TooMany);
        }
        let uri: Arc<str> =
            watchers.get_key_value(uri).map_or_else(|| uri.into(), |(uri, _)| Arc::clone(uri));
        member.watches.insert(Arc::clone(&uri));
        watchers.get_or_default(uri).insert(key);
        Ok(())
    }

    /// What a connection watches.
    pub(super) fn watched(&self, connection: &Arc<Connection>) -> Vec<String> {
        let members = lock(&self.0);
        let member = members.members.get(&key(connection));
        member.into_iter().flat_map(|it| it.watches.iter()).map(|uri| uri.to_string()).collect()
    }

    pub(super) fn unwatch(&self, connection: &Arc<Connection>, uri: &str) {
        let key = key(connection);
        let mut members = lock(&self.0);
        if let Some(member) = members.members.get_mut(&key) {
            member.watches.remove(uri);
        }
        members.stop(key, uri);
    }

    pub(super) fn everyone(&self) -> Vec<Arc<Connection>> {
        // Upgraded under the lock, dropped outside: the last reference takes the lock.
        let members = lock(&self.0);
        let everyone = members.members.values();
        everyone.filter_map(|it| it.connection.upgrade()).collect()
    }

    pub(super) fn watchers(&self, uri: &str) -> Vec<Arc<Connection>> {
        let members = lock(&self.0);
        let keys = members.watchers.get(uri).into_iter().flat_map(FlatSet::iter);
        keys.filter_map(|key| members.members.get(key)?.connection.upgrade()).collect()
    }

    /// How many connections and how many watched resources there are.
    #[cfg(all(test, feature = "ask"))]
    pub(super) fn len(&self) -> (usize, usize) {
        let members = lock(&self.0);
        (members.members.len(), members.watchers.len())
    }
}

impl Members {
    fn stop(&mut self, key: Key, uri: &str) {
        if let Some(watchers) = self.watchers.get_mut(uri) {
            watchers.remove(&key);
            if watchers.is_empty() {
                self.watchers.remove(uri);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(audience) = self.audience.upgrade() else {
            return;
        };
        let mut members = lock(&audience);
        let Some(member) = members.members.remove(&self.key) else {
            return;
        };
        for uri in member.watches.iter() {
            members.stop(self.key, uri);
        }
    }
}

fn key(connection: &Arc<Connection>) -> Key {
    Arc::as_ptr(connection).addr()
}

fn lock(members: &Mutex<Members>) -> MutexGuard<'_, Members> {
    members.lock().unwrap_or_else(PoisonError::into_inner)
}
