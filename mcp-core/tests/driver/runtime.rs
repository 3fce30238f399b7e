//! A runtime with one thread and a clock of its own: every run is the same run.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard};

use mcp_core::driver::Runtime;
use mcp_core::time::Instant;

/// Clones are the same runtime.
#[derive(Clone, Default)]
pub(crate) struct Sim(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Instant,
    next: u64,
    tasks: BTreeMap<u64, Task>,
    ready: VecDeque<u64>,
    timers: BTreeMap<(Instant, u64), Waker>,
    panics: usize,
    polls: usize,
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a task came to.
pub(crate) struct Outcome<T>(Arc<Mutex<Option<T>>>);

impl<T> Outcome<T> {
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap().take()
    }
}

impl Sim {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Starts a task whose outcome is wanted.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Outcome<T> {
        let outcome = Arc::new(Mutex::new(None));
        let place = Arc::clone(&outcome);
        self.spawn(async move {
            let came = task.await;
            *place.lock().unwrap() = Some(came);
        });
        Outcome(outcome)
    }

    /// Runs every task until all of them wait. A task that panics is dropped, as elsewhere.
    pub(crate) fn run(&self) {
        for _ in 0..10_000_000 {
            let mut state = self.state();
            let Some(id) = state.ready.pop_front() else {
                return;
            };
            let Some(mut task) = state.tasks.remove(&id) else {
                continue;
            };
            state.polls += 1;
            drop(state);
            let waker = Waker::from(Arc::new(TaskWaker { sim: self.clone(), id }));
            let polled = catch_unwind(AssertUnwindSafe(|| {
                task.as_mut().poll(&mut Context::from_waker(&waker))
            }));
            match polled {
                Ok(Poll::Pending) => {
                    self.state().tasks.insert(id, task);
                }
                Ok(Poll::Ready(())) => drop(task),
                Err(_) => {
                    self.state().panics += 1;
                    drop(task);
                }
            }
        }
        panic!("the tasks never come to rest");
    }

    /// Lets time pass, from one timer to the next.
    pub(crate) fn advance(&self, time: Duration) {
        let end = self.now() + time;
        loop {
            self.run();
            let mut state = self.state();
            let due = state.timers.keys().next().copied();
            match due.filter(|(at, _)| *at <= end) {
                Some(key) => {
                    let waker = state.timers.remove(&key);
                    state.now = state.now.max(key.0);
                    drop(state);
                    waker.into_iter().for_each(Waker::wake);
                }
                None => {
                    state.now = end;
                    return;
                }
            }
        }
    }

    /// Tasks that have not ended.
    pub(crate) fn tasks(&self) -> usize {
        self.state().tasks.len()
    }

    pub(crate) fn timers(&self) -> usize {
        self.state().timers.len()
    }

    pub(crate) fn panics(&self) -> usize {
        self.state().panics
    }

    /// How often a task has been polled.
    pub(crate) fn polls(&self) -> usize {
        self.state().polls
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Runtime for Sim {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        self.state().now
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep { sim: self.clone(), at, key: None }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.tasks.insert(id, Box::pin(task));
        state.ready.push_back(id);
    }
}

struct TaskWaker {
    sim: Sim,
    id: u64,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut state = self.sim.state();
        if !state.ready.contains(&self.id) {
            state.ready.push_back(self.id);
        }
    }
}

pub(crate) struct Sleep {
    sim: Sim,
    at: Instant,
    key: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.sim.state();
        if state.now >= this.at {
            return Poll::Ready(());
        }
        let key = *this.key.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.timers.insert((this.at, key), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.sim.state().timers.remove(&(self.at, key));
        }
    }
}
