//! What ties a session to the tasks that work for it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Waker};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::peer::Answer;
use crate::app::Connection;
use crate::flat::FlatMap;
use crate::id::{RequestHandle, RequestKey};
use crate::session::{Lane, ServerSession};
use crate::small::Few;
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

/// Handlers at work.
pub(super) type Jobs = Few<Job>;

/// Kept beside each session.
#[derive(Default)]
pub(super) struct Links {
    tables: Mutex<Tables>,
    /// Whether there may be writers asleep. It changes while the tables are locked.
    may_wake: AtomicBool,
    stations: AtomicU64,
    connection: OnceLock<Arc<Connection>>,
    /// How many times somebody has asked for the events to be handled and not been heard yet.
    turns: AtomicUsize,
}

/// Nothing is woken, stopped or dropped while they are locked: that could come back here.
#[derive(Default)]
struct Tables {
    writers: FlatMap<WriterKey, Writer>,
    /// Work for answers that are polled together with it, on its way there.
    exchanges: FlatMap<Lane, Jobs>,
    /// The handlers at work that nobody has stopped, and whom to wake to stop them.
    tasks: FlatMap<Work, Waker>,
    /// Who waits for answers of the client.
    answers: FlatMap<RequestHandle, Arc<Answer>>,
}

/// Writers that are to look what there is.
#[must_use = "they sleep until they are woken"]
#[derive(Default)]
pub(super) struct Wakeful(Few<Waker>);

impl Wakeful {
    pub(super) fn wake(self) {
        if !self.0.is_empty() {
            self.0.into_iter().for_each(Waker::wake);
        }
    }
}

impl Tables {
    /// Takes a writer of a lane.
    fn take_writer(&mut self, lane: Lane) -> Option<Waker> {
        let (key, _) =
            self.writers.range_from(&(lane, 0)).next().filter(|(key, _)| key.0 == lane)?;
        let key = *key;
        self.writers.remove(&key).map(|writer| writer.waker)
    }
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
        let mut tables = self.tables();
        if let Some(writer) = tables.writers.get_mut(&key)
            && writer.waker.will_wake(cx.waker())
        {
            writer.wakes = None;
            return;
        }
        let writer = Writer { waker: cx.waker().clone(), wakes: None };
        let before = tables.writers.insert(key, writer);
        self.may_wake.store(true, Ordering::Relaxed);
        drop(tables);
        drop(before);
    }

    /// The writer has found nothing to do before `wakes`, if ever.
    pub(super) fn writer_sleeps(&self, key: WriterKey, wakes: Option<Instant>) {
        if let Some(writer) = self.tables().writers.get_mut(&key) {
            writer.wakes = wakes;
        }
    }

    /// The writer is awake, and need not be woken until it registers again.
    pub(super) fn writer_wakes(&self, key: WriterKey) {
        let writer = self.tables().writers.remove(&key);
        drop(writer);
    }

    /// The writer is gone, and with it whoever did the work for its lane. Returns the work nobody
    /// has taken.
    pub(super) fn close_station(&self, key: WriterKey) -> Jobs {
        let mut tables = self.tables();
        let writer = tables.writers.remove(&key);
        let jobs = tables.exchanges.remove(&key.0);
        drop(tables);
        drop(writer);
        jobs.unwrap_or_default()
    }

    pub(super) fn wake_writer(&self, lane: Lane) {
        loop {
            let waker = self.tables().take_writer(lane);
            match waker {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    /// Wakes whoever writes an exchange: one may have lost what it waits for.
    pub(super) fn wake_exchanges(&self) {
        let from = (Lane::Exchange(0), 0);
        let mut tables = self.tables();
        if tables.writers.last().is_none_or(|(last, _)| *last < from) {
            return;
        }
        let mut exchanges = tables.writers.split_off(&from);
        drop(tables);
        while let Some((_, writer)) = exchanges.pop_first() {
            writer.waker.wake();
        }
    }

    /// The writers of what waits to be written, and one more if all the others would sleep past
    /// the session's deadline; every writer there is when it is over.
    pub(super) fn whom_to_wake(&self, session: &ServerSession) -> Wakeful {
        let mut wakeful = Wakeful::default();
        // Mostly they are awake: whoever posts a message waits for its answer. One that registers
        // just now locks the session after us, and sees for itself.
        if !self.may_wake.load(Ordering::Relaxed) {
            return wakeful;
        }
        let mut tables = self.tables();
        if tables.writers.is_empty() {
            self.may_wake.store(false, Ordering::Relaxed);
            return wakeful;
        }
        if session.is_closed() {
            while let Some((_, writer)) = tables.writers.pop_first() {
                wakeful.0.push(writer.waker);
            }
            return wakeful;
        }
        for lane in session.lanes_with_transmit() {
            while let Some(waker) = tables.take_writer(lane) {
                wakeful.0.push(waker);
            }
        }
        if !tables.writers.is_empty()
            && let Some(due) = session.poll_timeout()
        {
            let in_time = |writer: &Writer| writer.wakes.is_some_and(|wakes| wakes <= due);
            if !tables.writers.iter().any(|(_, writer)| in_time(writer)) {
                wakeful.0.extend(tables.writers.pop_first().map(|(_, writer)| writer.waker));
            }
        }
        wakeful
    }

    /// A key for one more writer of a lane.
    pub(super) fn new_writer(&self, lane: Lane) -> WriterKey {
        (lane, self.stations.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Whoever writes the lane works for it, too.
    pub(super) fn open_exchange(&self, lane: Lane) {
        let before = self.tables().exchanges.insert(lane, Jobs::default());
        drop(before);
    }

    /// Hands work to whoever writes the lane; it comes back if nobody does.
    pub(super) fn hand_over(&self, lane: Lane, job: Job) -> Option<Job> {
        match self.tables().exchanges.get_mut(&lane) {
            Some(jobs) => {
                jobs.push(job);
                None
            }
            None => Some(job),
        }
    }

    /// Takes the work that has been handed over.
    pub(super) fn take_jobs(&self, lane: Lane) -> Jobs {
        self.tables().exchanges.get_mut(&lane).map(core::mem::take).unwrap_or_default()
    }

    /// Takes note of a handler, which wakes when it is stopped.
    pub(super) fn started(&self, work: Work, cx: &Context<'_>) {
        let before = self.tables().tasks.insert(work, cx.waker().clone());
        drop(before);
    }

    /// Whether a handler is to go on; if so, it wakes when it is stopped.
    pub(super) fn is_wanted(&self, work: Work, cx: &Context<'_>) -> bool {
        let mut tables = self.tables();
        let Some(waker) = tables.tasks.get_mut(&work) else {
            return false;
        };
        if waker.will_wake(cx.waker()) {
            return true;
        }
        let before = core::mem::replace(waker, cx.waker().clone());
        drop(tables);
        drop(before);
        true
    }

    /// Forgets a handler that has ended.
    pub(super) fn ended(&self, work: Work) {
        let waker = self.tables().tasks.remove(&work);
        drop(waker);
    }

    /// Stops a handler: it is dropped the next time it would run, which is soon.
    pub(super) fn stop(&self, work: Work) {
        let waker = self.tables().tasks.remove(&work);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn stop_all(&self) {
        let mut tasks = core::mem::take(&mut self.tables().tasks);
        while let Some((_, waker)) = tasks.pop_first() {
            waker.wake();
        }
    }

    pub(super) fn expect_answer(&self, handle: RequestHandle, answer: Arc<Answer>) {
        let before = self.tables().answers.insert(handle, answer);
        drop(before);
    }

    pub(super) fn take_answer(&self, handle: RequestHandle) -> Option<Arc<Answer>> {
        self.tables().answers.remove(&handle)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
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
