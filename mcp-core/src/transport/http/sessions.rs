//! The sessions of a server: a table in shards, and a lock for each session.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SessionId;
use super::refusal::Refusal;
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
        Self { session: Mutex::new(session), attachment }
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
    shards: [Shard<A>; SHARDS],
    count: AtomicUsize,
    limit: usize,
    /// No session may be added any more.
    closed: AtomicBool,
}

impl<A> Sessions<A> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            shards: Default::default(),
            count: AtomicUsize::new(0),
            limit,
            closed: AtomicBool::new(false),
        }
    }

    /// Adds a session.
    pub(super) fn insert(&self, id: SessionId, slot: Slot<A>) -> Result<Arc<Slot<A>>, Refusal> {
        let slot = Arc::new(slot);
        let mut shard = self.shard(id);
        // Under the lock: whoever closes the table and then walks it meets every session.
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refusal::ShuttingDown);
        }
        let more = |count: usize| (count < self.limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map_err(|_| Refusal::TooManySessions)?;
        shard.insert(id, Arc::clone(&slot));
        Ok(slot)
    }

    /// Lets no session be added any more, and returns those there are.
    pub(super) fn close(&self) -> Vec<Arc<Slot<A>>> {
        self.closed.store(true, Ordering::Relaxed);
        self.all()
    }

    pub(super) fn get(&self, id: SessionId) -> Option<Arc<Slot<A>>> {
        self.shard(id).get(&id).cloned()
    }

    pub(super) fn remove(&self, id: SessionId) {
        if self.shard(id).remove(&id).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot<A>>> {
        let mut all = Vec::with_capacity(self.len());
        for shard in &self.shards {
            all.extend(lock(shard).values().cloned());
        }
        all
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Slot<A>>>> {
        let [first, ..] = &self.shards;
        lock(self.shards.get(id.shard(SHARDS)).unwrap_or(first))
    }
}

fn lock<A>(shard: &Shard<A>) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Slot<A>>>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
