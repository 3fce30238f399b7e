//! Room for a session where there are as many as there may be.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::PoisonError;

use super::SessionId;
use super::refusal::Refusal;
use super::server::Shared;
use super::sessions::{Place, Slot};
use crate::time::Instant;

/// How long a session must have been left alone to be ended for the sake of a new one.
const ABANDONED: Duration = Duration::from_secs(5 * 60);

/// How often all sessions may be looked through: a flood of new ones must not cost a walk each.
/// Whoever is refused is told to come back after as long.
const SEARCH: Duration = Duration::from_secs(1);

/// The sessions that can make room, as far as they are known.
#[derive(Default)]
pub(super) struct Abandoned {
    /// When all sessions were looked through.
    searched: Option<Instant>,
    /// Those that had been left alone then, and since when; the one for longest comes last.
    found: Vec<(Instant, SessionId)>,
}

impl<A> Shared<A> {
    /// Room for one more session. A full table makes some by ending the session that has been
    /// left alone for longest: most clients never say that they are done (`case_49`).
    pub(super) fn reserve(&self, now: Instant) -> Result<Place<A>, Refusal> {
        match self.sessions.reserve() {
            Err(Refusal::TooManySessions) if self.end_the_idlest(now) => self.sessions.reserve(),
            place => place,
        }
    }

    fn end_the_idlest(&self, now: Instant) -> bool {
        while let Some((since, id)) = self.next_abandoned(now) {
            let Some(slot) = self.sessions.get(id) else {
                continue;
            };
            let mut session = slot.lock();
            // Its client may have come back.
            if session.idle_since() != Some(since) {
                continue;
            }
            session.close(now);
            self.sessions.remove(id);
            drop(session);
            self.note_end(slot);
            return true;
        }
        false
    }

    /// Takes the session that had been left alone for longest when all were looked through.
    fn next_abandoned(&self, now: Instant) -> Option<(Instant, SessionId)> {
        // Nobody waits for this with a session locked, so all of them can be locked meanwhile.
        let mut abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
        if abandoned.found.is_empty() && abandoned.searched.is_none_or(|at| now >= at + SEARCH) {
            abandoned.searched = Some(now);
            let left_alone = |slot: Arc<Slot<A>>| {
                let since = slot.lock().idle_since()?;
                (now - since >= ABANDONED).then_some((since, slot.session_id()?))
            };
            abandoned.found = self.sessions.all().into_iter().filter_map(left_alone).collect();
            abandoned.found.sort_unstable_by(|one, other| other.cmp(one));
        }
        abandoned.found.pop()
    }
}
