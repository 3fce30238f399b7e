//! What ties a session to the tasks that work for it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Waker};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::abort::AbortHandle;
use super::peer::Answer;
use crate::app::Connection;
use crate::id::{RequestHandle, RequestKey};
use crate::session::Lane;
use crate::time::Instant;

/// What a handler works on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    Initialize,
    Request(RequestKey),
}

/// Whoever writes the frames of one lane and keeps the session's time, asleep.
struct Writer {
    waker: Waker,
    /// When it wakes by itself; unknown while it is about to fall asleep.
    wakes: Option<Instant>,
}

/// A lane, and which of those that write it: there are two for a moment when a stream is taken
/// over.
pub(super) type WriterKey = (Lane, u64);

/// The writer of a session that has one stream.
pub(super) const ONLY: WriterKey = (Lane::Standing, 0);

/// A handler at work, which answers when it is done.
pub(super) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Kept beside each session.
#[derive(Default)]
pub(super) struct Links {
    writers: Mutex<BTreeMap<WriterKey, Writer>>,
    stations: AtomicU64,
    /// Work for answers that are polled together with it, on its way there.
    exchanges: Mutex<BTreeMap<Lane, Vec<Job>>>,
    /// The handlers at work.
    tasks: Mutex<BTreeMap<Work, AbortHandle>>,
    /// Who waits for answers of the client.
    answers: Mutex<BTreeMap<RequestHandle, Arc<Answer>>>,
    connection: OnceLock<Arc<Connection>>,
    /// How many times somebody has asked for the events to be handled and not been heard yet.
    turns: AtomicUsize,
}

impl Links {
    pub(super) fn connect(&self, connection: Arc<Connection>) {
        let _ = self.connection.set(connection);
    }

    pub(super) fn connection(&self) -> Option<&Arc<Connection>> {
        self.connection.get()
    }

    /// Takes note of whom to wake. Whatever happens from here on wakes it, so it can now look
    /// whether there is anything to do.
    pub(super) fn register_writer(&self, key: WriterKey, cx: &Context<'_>) {
        match lock(&self.writers).entry(key) {
            Entry::Occupied(mut entry) => {
                let writer = entry.get_mut();
                writer.waker.clone_from(cx.waker());
                writer.wakes = None;
            }
            Entry::Vacant(entry) => {
                entry.insert(Writer { waker: cx.waker().clone(), wakes: None });
            }
        }
    }

    /// The writer has found nothing to do before `wakes`, if ever.
    pub(super) fn writer_sleeps(&self, key: WriterKey, wakes: Option<Instant>) {
        if let Some(writer) = lock(&self.writers).get_mut(&key) {
            writer.wakes = wakes;
        }
    }

    /// The writer is awake, and need not be woken until it registers again.
    pub(super) fn writer_wakes(&self, key: WriterKey) {
        lock(&self.writers).remove(&key);
    }

    pub(super) fn wake_writer(&self, lane: Lane) {
        loop {
            let mut writers = lock(&self.writers);
            let Some((key, _)) = writers.range((lane, 0)..=(lane, u64::MAX)).next() else {
                return;
            };
            let key = *key;
            let writer = writers.remove(&key);
            drop(writers);
            if let Some(writer) = writer {
                writer.waker.wake();
            }
        }
    }

    /// Wakes whoever writes an exchange: one may have lost what it waits for.
    pub(super) fn wake_exchanges(&self) {
        let exchanges = lock(&self.writers).split_off(&(Lane::Exchange(0), 0));
        for writer in exchanges.into_values() {
            writer.waker.wake();
        }
    }

    pub(super) fn wake_writers(&self) {
        let writers = core::mem::take(&mut *lock(&self.writers));
        for writer in writers.into_values() {
            writer.waker.wake();
        }
    }

    /// Wakes a writer if all of them would sleep past `due`.
    pub(super) fn wake_writer_by(&self, due: Instant) {
        let mut writers = lock(&self.writers);
        if writers.values().any(|writer| writer.wakes.is_some_and(|wakes| wakes <= due)) {
            return;
        }
        let writer = writers.pop_first();
        drop(writers);
        if let Some((_, writer)) = writer {
            writer.waker.wake();
        }
    }

    /// A key for one more writer of a lane.
    pub(super) fn new_writer(&self, lane: Lane) -> WriterKey {
        (lane, self.stations.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Whoever writes the lane works for it, too.
    pub(super) fn open_exchange(&self, lane: Lane) {
        lock(&self.exchanges).insert(lane, Vec::new());
    }

    pub(super) fn has_jobs(&self, lane: Lane) -> bool {
        lock(&self.exchanges).get(&lane).is_some_and(|jobs| !jobs.is_empty())
    }

    /// Hands work to whoever writes the lane; it comes back if nobody does.
    pub(super) fn hand_over(&self, lane: Lane, job: Job) -> Option<Job> {
        match lock(&self.exchanges).get_mut(&lane) {
            Some(jobs) => {
                jobs.push(job);
                None
            }
            None => Some(job),
        }
    }

    /// Takes the work that has been handed over.
    pub(super) fn take_jobs(&self, lane: Lane) -> Vec<Job> {
        lock(&self.exchanges).get_mut(&lane).map(core::mem::take).unwrap_or_default()
    }

    /// Nobody writes the lane any more. Returns the work nobody has taken.
    pub(super) fn close_exchange(&self, lane: Lane) -> Vec<Job> {
        lock(&self.exchanges).remove(&lane).unwrap_or_default()
    }

    pub(super) fn started(&self, work: Work, handle: AbortHandle) {
        lock(&self.tasks).insert(work, handle);
    }

    /// Forgets a handler; it has ended or is to be stopped.
    pub(super) fn ended(&self, work: Work) -> Option<AbortHandle> {
        lock(&self.tasks).remove(&work)
    }

    pub(super) fn abort_all(&self) {
        let tasks = core::mem::take(&mut *lock(&self.tasks));
        for handle in tasks.into_values() {
            handle.abort();
        }
    }

    pub(super) fn expect_answer(&self, handle: RequestHandle, answer: Arc<Answer>) {
        lock(&self.answers).insert(handle, answer);
    }

    pub(super) fn take_answer(&self, handle: RequestHandle) -> Option<Arc<Answer>> {
        lock(&self.answers).remove(&handle)
    }

    /// Runs `round` until nobody asks for it any more, one caller at a time: events are handled
    /// in the order the session gave them out (`case_57`). A caller that finds another at work
    /// leaves its wish there.
    pub(super) fn in_turn(&self, mut round: impl FnMut()) {
        if self.turns.fetch_add(1, Ordering::AcqRel) != 0 {
            return;
        }
        let turn = Turn(&self.turns);
        let mut asked = 1;
        loop {
            round();
            match self.turns.fetch_sub(asked, Ordering::AcqRel) - asked {
                0 => break,
                more => asked = more,
            }
        }
        core::mem::forget(turn);
    }
}

/// Ends a turn that an application's panic has broken off, or nobody would ever have one again.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::cell::RefCell;

    use super::*;

    /// case_57: whoever asks while a round runs is heard after it, not within it, and once.
    #[test]
    fn case_57_rounds_follow_each_other() {
        let links = Links::default();
        let log = RefCell::new(Vec::new());
        let mut left = 3;
        links.in_turn(|| {
            log.borrow_mut().push("begin");
            for _ in 0..left {
                links.in_turn(|| log.borrow_mut().push("nested"));
            }
            left = 0;
            log.borrow_mut().push("end");
        });
        assert_eq!(*log.borrow(), ["begin", "end", "begin", "end"]);
        links.in_turn(|| log.borrow_mut().push("later"));
        assert_eq!(log.borrow().last(), Some(&"later"));
    }
}
