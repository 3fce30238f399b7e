//! The sessions of a server: a table in shards, and a lock for each session.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SessionId;
use crate::session::ServerSession;

/// Enough that two cores rarely want the same lock, few enough to walk.
const SHARDS: usize = 16;

/// A session under its lock, with what its driver keeps beside it.
#[derive(Debug)]
pub struct Slot<A> {
    session: Mutex<ServerSession>,
    attachment: A,
}

/// Exclusive use of a session.
#[derive(Debug)]
pub struct SlotGuard<'a>(MutexGuard<'a, ServerSession>);

impl<A> Slot<A> {
    /// A session with an attachment.
    #[must_use]
    pub const fn new(session: ServerSession, attachment: A) -> Self {
        Self {
            session: Mutex::new(session),
            attachment,
        }
    }

    /// Waits for the session to be free.
    #[must_use]
    pub fn lock(&self) -> SlotGuard<'_> {
        // A panic elsewhere must not take the session with it: every method leaves it whole.
        SlotGuard(self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the driver keeps beside the session.
    #[must_use]
    pub const fn attachment(&self) -> &A {
        &self.attachment
    }
}

impl Deref for SlotGuard<'_> {
    type Target = ServerSession;

    fn deref(&self) -> &ServerSession {
        &self.0
    }
}

impl DerefMut for SlotGuard<'_> {
    fn deref_mut(&mut self) -> &mut ServerSession {
        &mut self.0
    }
}

type Shard<A> = Mutex<BTreeMap<SessionId, Arc<Slot<A>>>>;

pub(super) struct Sessions<A> {
    shards: Box<[Shard<A>]>,
    count: AtomicUsize,
    limit: usize,
}

impl<A> Sessions<A> {
    pub(super) fn new(limit: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            shards,
            count: AtomicUsize::new(0),
            limit,
        }
    }

    /// Adds what `make` returns; `None` if there are too many.
    pub(super) fn insert(
        &self,
        id: SessionId,
        make: impl FnOnce() -> Slot<A>,
    ) -> Option<Arc<Slot<A>>> {
        let more = |count: usize| (count < self.limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        let slot = Arc::new(make());
        if let Some(mut shard) = self.shard(id) {
            shard.insert(id, Arc::clone(&slot));
        }
        Some(slot)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<Arc<Slot<A>>> {
        self.shard(id)?.get(&id).cloned()
    }

    pub(super) fn remove(&self, id: SessionId) {
        if self
            .shard(id)
            .and_then(|mut shard| shard.remove(&id))
            .is_some()
        {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot<A>>> {
        let locked = self.shards.iter().map(lock);
        locked
            .flat_map(|shard| shard.values().cloned().collect::<Vec<_>>())
            .collect()
    }

    fn shard(&self, id: SessionId) -> Option<MutexGuard<'_, BTreeMap<SessionId, Arc<Slot<A>>>>> {
        self.shards.get(id.shard(SHARDS)).map(lock)
    }
}

fn lock<A>(shard: &Shard<A>) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Slot<A>>>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
