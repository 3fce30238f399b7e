//! The sessions of a server: a table in shards, and a lock for each session.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SessionId;
use super::refusal::Refusal;
use super::streams::{Reader, Streams, Turn, is_primed};
use crate::auth::Principal;
use crate::id::RequestKey;
use crate::session::{Lane, ServerSession};
use crate::small::SmallMap;
use crate::time::Instant;

/// Enough that two cores rarely want the same lock, few enough to walk.
const SHARDS: usize = 16;

/// A session under its lock, with what its driver keeps beside it.
#[derive(Debug)]
pub struct Slot<A> {
    /// The name of a session of Streamable HTTP, which has streams.
    id: Option<SessionId>,
    inner: Mutex<Inner>,
    /// On whose behalf its client began it.
    principal: Option<Principal>,
    attachment: A,
}

#[derive(Debug)]
struct Inner {
    session: ServerSession,
    /// The streams of a session of Streamable HTTP.
    streams: Option<Streams>,
}

/// Exclusive use of a session.
#[derive(Debug)]
pub struct SlotGuard<'a>(MutexGuard<'a, Inner>);

impl<A> Slot<A> {
    /// A session with an attachment.
    #[must_use]
    pub const fn new(session: ServerSession, attachment: A) -> Self {
        let inner = Mutex::new(Inner { session, streams: None });
        Self { id: None, inner, principal: None, attachment }
    }

    /// A session of Streamable HTTP.
    pub(super) const fn with_streams(
        id: SessionId,
        session: ServerSession,
        streams: Streams,
        attachment: A,
    ) -> Self {
        let inner = Mutex::new(Inner { session, streams: Some(streams) });
        Self { id: Some(id), inner, principal: None, attachment }
    }

    /// Binds the session to whoever begins it (SEC-02), or had it elsewhere.
    pub(super) fn owned_by(mut self, principal: Option<Principal>) -> Self {
        self.principal = principal;
        self
    }

    /// The name of a session of Streamable HTTP; one of HTTP+SSE is named by its stream.
    #[must_use]
    pub const fn session_id(&self) -> Option<SessionId> {
        self.id
    }

    /// Waits for the session to be free.
    #[must_use]
    pub fn lock(&self) -> SlotGuard<'_> {
        // A panic elsewhere must not take the session with it: every method leaves it whole.
        SlotGuard(self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// On whose behalf the session's client speaks, if it had to say. Requests that come on
    /// anybody else's never get to the session.
    #[must_use]
    pub const fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    /// What the driver keeps beside the session.
    #[must_use]
    pub const fn attachment(&self) -> &A {
        &self.attachment
    }
}

impl SlotGuard<'_> {
    /// Closes the connection on which a request would be answered; the client comes back for the
    /// answer after `retry` (SHTTP-L08, SHTTP-L09). Returns the lane whose writer has to look.
    ///
    /// `None` if that is not possible: the request has ended, nobody waits for it, or its client
    /// does not know of coming back, which came with 2025-11-25.
    pub fn hang_up(&mut self, request: RequestKey, retry: Duration) -> Option<Lane> {
        let Inner { session, streams } = &mut *self.0;
        let lane = session.lane_of(request).filter(|_| is_primed(session.revision()))?;
        let Lane::Exchange(stream) = lane else {
            return None;
        };
        streams.as_mut()?.hang_up(stream, retry).then_some(lane)
    }

    /// The streams, if the session is one of Streamable HTTP.
    pub(super) fn streams(&mut self) -> Option<&mut Streams> {
        self.0.streams.as_mut()
    }

    /// Does what is due in the session and its streams.
    pub(super) fn tick(&mut self, now: Instant) {
        let Inner { session, streams } = &mut *self.0;
        session.handle_timeout(now);
        if let Some(streams) = streams {
            streams.handle_timeout(now, session);
        }
    }

    /// Since when nobody has had to do with a session of Streamable HTTP: it has no stream that is
    /// read, nothing is in flight, nothing came.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let Inner { session, streams } = &*self.0;
        let streams = streams.as_ref()?;
        (!streams.is_read() && session.in_flight() == 0).then(|| session.heard_at())
    }

    /// Has the session looked at again when something is due.
    pub(super) fn look_again(&mut self, now: Instant) {
        let Inner { session, streams } = &mut *self.0;
        if let Some(streams) = streams {
            streams.look_again(now, session);
        }
    }

    pub(super) fn turn(&mut self, now: Instant, reader: (u64, Reader)) -> Turn {
        let Inner { session, streams } = &mut *self.0;
        streams.as_mut().map_or(Turn::End, |streams| streams.turn(now, session, reader))
    }

    pub(super) fn take_over(&mut self, now: Instant, stream: u64) -> Option<Reader> {
        let Inner { session, streams } = &mut *self.0;
        streams.as_mut()?.take_over(now, session, stream)
    }

    pub(super) fn detach(&mut self, now: Instant, reader: (u64, Reader)) {
        let Inner { session, streams } = &mut *self.0;
        if let Some(streams) = streams {
            streams.detach(now, session, reader);
        }
    }
}

impl Drop for SlotGuard<'_> {
    /// Whatever was done to the session, what nobody reads is where a client can ask for it, and
    /// what has a deadline is looked at.
    fn drop(&mut self) {
        let Inner { session, streams } = &mut *self.0;
        if let Some(streams) = streams {
            streams.collect(session);
            streams.keep_time(session);
        }
    }
}

impl Deref for SlotGuard<'_> {
    type Target = ServerSession;

    fn deref(&self) -> &ServerSession {
        &self.0.session
    }
}

impl DerefMut for SlotGuard<'_> {
    fn deref_mut(&mut self) -> &mut ServerSession {
        &mut self.0.session
    }
}

type Shard<A> = Mutex<SmallMap<SessionId, Arc<Slot<A>>>>;

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

    /// Room for a session that is about to begin.
    pub(super) fn reserve(self: &Arc<Self>) -> Result<Place<A>, Refusal> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refusal::ShuttingDown);
        }
        let more = |count: usize| (count < self.limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map_err(|_| Refusal::TooManySessions)?;
        Ok(Place(Some(Arc::clone(self))))
    }

    /// Adds a session.
    pub(super) fn insert(
        self: &Arc<Self>,
        id: SessionId,
        slot: Slot<A>,
    ) -> Result<Arc<Slot<A>>, Refusal> {
        let slot = Arc::new(slot);
        self.reserve()?.fill(id, &slot)?;
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

    fn shard(&self, id: SessionId) -> MutexGuard<'_, SmallMap<SessionId, Arc<Slot<A>>>> {
        let [first, ..] = &self.shards;
        lock(self.shards.get(id.shard(SHARDS)).unwrap_or(first))
    }
}

/// Room for one session, which counts as one until it is dropped.
pub(super) struct Place<A>(Option<Arc<Sessions<A>>>);

impl<A> Place<A> {
    /// Puts a session there.
    pub(super) fn fill(mut self, id: SessionId, slot: &Arc<Slot<A>>) -> Result<(), Refusal> {
        let Some(sessions) = &self.0 else {
            return Ok(());
        };
        let mut shard = sessions.shard(id);
        // Under the lock: whoever closes the table and then walks it meets every session.
        if sessions.closed.load(Ordering::Relaxed) {
            return Err(Refusal::ShuttingDown);
        }
        // Two may bring the same session from elsewhere at once: the first one counts.
        if shard.contains_key(&id) {
            return Ok(());
        }
        shard.insert(id, Arc::clone(slot));
        drop(shard);
        self.0 = None;
        Ok(())
    }
}

impl<A> Drop for Place<A> {
    fn drop(&mut self) {
        if let Some(sessions) = &self.0 {
            sessions.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn lock<A>(shard: &Shard<A>) -> MutexGuard<'_, SmallMap<SessionId, Arc<Slot<A>>>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
