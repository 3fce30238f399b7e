//! Which session to look after, and when.

use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SessionId;
use crate::small::SmallMap;
use crate::time::Instant;

/// The sessions of a server in the order of their deadlines, so that only those are looked at
/// whose time has come, however many there are.
#[derive(Debug, Default)]
pub(super) struct Schedule(Mutex<Entries>);

type Entries = SmallMap<(Instant, SessionId), ()>;

impl Schedule {
    /// Takes out the sessions whose time has come.
    pub(super) fn take_due(&self, now: Instant) -> Vec<SessionId> {
        let mut entries = self.entries();
        let mut due = Vec::new();
        while let Some((&entry, ())) = entries.first()
            && entry.0 <= now
        {
            entries.remove(&entry);
            due.push(entry.1);
        }
        due
    }

    /// When the first session is to be looked at.
    pub(super) fn first(&self) -> Option<Instant> {
        self.entries().first().map(|((at, _), ())| *at)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's place in the schedule, until it is dropped.
#[derive(Debug)]
pub(super) struct Appointment {
    schedule: Arc<Schedule>,
    session: SessionId,
    at: Option<Instant>,
}

impl Appointment {
    /// A session that is not to be looked after yet.
    pub(super) fn new(schedule: &Arc<Schedule>, session: SessionId) -> Self {
        Self { schedule: Arc::clone(schedule), session, at: None }
    }

    /// Has the session looked at then, and not before.
    pub(super) fn set(&mut self, at: Instant) {
        let mut entries = self.schedule.entries();
        if let Some(before) = self.at.replace(at) {
            entries.remove(&(before, self.session));
        }
        entries.insert((at, self.session), ());
    }

    pub(super) const fn session(&self) -> SessionId {
        self.session
    }

    pub(super) const fn at(&self) -> Option<Instant> {
        self.at
    }
}

impl Drop for Appointment {
    fn drop(&mut self) {
        if let Some(at) = self.at {
            self.schedule.entries().remove(&(at, self.session));
        }
    }
}
