//! What ties a session to the tasks that work for it.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Waker};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::abort::AbortHandle;
use super::peer::Answer;
use crate::app::Connection;
use crate::id::{RequestHandle, RequestKey};
use crate::time::Instant;

/// What a handler works on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    Initialize,
    Request(RequestKey),
}

/// Whoever writes a session's frames and keeps its time, asleep.
struct Writer {
    waker: Waker,
    /// When it wakes by itself; unknown while it is about to fall asleep.
    wakes: Option<Instant>,
}

/// Kept beside each session.
#[derive(Default)]
pub(super) struct Links {
    writer: Mutex<Option<Writer>>,
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
    pub(super) fn register_writer(&self, cx: &Context<'_>) {
        match &mut *lock(&self.writer) {
            Some(writer) => {
                writer.waker.clone_from(cx.waker());
                writer.wakes = None;
            }
            writer => {
                let waker = cx.waker().clone();
                *writer = Some(Writer { waker, wakes: None });
            }
        }
    }

    /// The writer has found nothing to do before `wakes`.
    pub(super) fn writer_sleeps(&self, wakes: Instant) {
        if let Some(writer) = &mut *lock(&self.writer) {
            writer.wakes = Some(wakes);
        }
    }

    /// The writer is awake, and need not be woken until it registers again.
    pub(super) fn writer_wakes(&self) {
        lock(&self.writer).take();
    }

    pub(super) fn wake_writer(&self) {
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer {
            writer.waker.wake();
        }
    }

    /// Wakes the writer if it would sleep past `due`.
    pub(super) fn wake_writer_by(&self, due: Instant) {
        let early = |writer: &mut Writer| writer.wakes.is_none_or(|wakes| due < wakes);
        let writer = lock(&self.writer).take_if(early);
        if let Some(writer) = writer {
            writer.waker.wake();
        }
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
