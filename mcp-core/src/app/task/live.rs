//! A task that is being worked on in this process.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::keys::Keys;
use super::super::{CallError, Connection, Host, decode};
use super::date::iso_8601;
use super::desk::{Tasks, detail};
use super::{TaskRecord, TaskStoreFull};
use crate::id::RequestKey;
use crate::jsonrpc::{ErrorObject, RawJson, Reply};
use crate::lifecycle::NotificationMethod;
use crate::model::{CallToolResult, ForRevision, InputRequests, Task, TaskStatus};
use crate::revision::{Era, Revision};
use crate::small::SmallMap;

/// The most bytes of a status message: it travels with every answer about the task.
const MAX_STATUS: usize = 1 << 10;

/// A task at work: its handler, those who wait for its result, and its questions meet here.
pub(in super::super) struct Live {
    id: Arc<str>,
    pub(super) revision: Revision,
    pub(super) host: Host,
    tasks: Arc<Tasks>,
    /// The client that made it.
    home: Weak<Connection>,
    /// The task as it was made.
    made: Task,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) record: TaskRecord,
    is_over: bool,
    /// The questions that wait for answers.
    pub(super) open: usize,
    /// The keys of all the questions there have been (TASKX-18).
    pub(super) keys: Keys,
    /// The answers that nobody has picked up yet.
    pub(super) answers: BTreeMap<String, RawJson>,
    /// Requests that wait for the result: the questions of 2025-11-25 leave beside their answers.
    windows: SmallMap<u64, (Arc<Connection>, RequestKey)>,
    last_window: u64,
    /// Whoever waits for anything of this. Few do, so all are woken by any change.
    wakers: Vec<Waker>,
}

impl Live {
    pub(super) fn new(
        tasks: Arc<Tasks>,
        host: Host,
        (revision, home): (Revision, Weak<Connection>),
        record: TaskRecord,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: record.task.task_id.as_str().into(),
            revision,
            host,
            tasks,
            home,
            made: record.task.clone(),
            state: Mutex::new(State {
                record,
                is_over: false,
                open: 0,
                keys: Keys::default(),
                answers: BTreeMap::new(),
                windows: SmallMap::new(),
                last_window: 0,
                wakers: Vec::new(),
            }),
        })
    }

    /// The work has come to an end.
    pub(super) fn settle(&self, result: Result<CallToolResult, CallError>) {
        let revision = self.revision;
        let reply = result.or_else(|error| error.into_tool_result(revision));
        let (status, message) = match &reply {
            // TASK-28, TASKX-13
            Ok(result) if result.is_error == Some(true) && revision.era() == Era::Legacy => {
                let text = result.content.iter().find_map(|block| block.as_text());
                (TaskStatus::Failed, text.map(Into::into))
            }
            Ok(_) => (TaskStatus::Completed, None),
            Err(error) => (TaskStatus::Failed, Some(error.message().into())),
        };
        let reply = reply.and_then(|result| {
            RawJson::from_value(&result.for_revision(revision))
                .map_err(|_| ErrorObject::internal("the result has no JSON form"))
        });
        self.end(status, message, reply);
    }

    /// The work has broken off: it panicked, or whoever runs it has stopped.
    pub(super) fn fail(&self) {
        let error = ErrorObject::internal("Internal error");
        self.end(TaskStatus::Failed, Some(error.message().into()), Err(error));
    }

    /// The client wants it to end (TASK-26). False if it has ended already.
    pub(super) fn cancel(&self) -> bool {
        let error = ErrorObject::invalid_params("The task was cancelled: it has no result");
        self.end(TaskStatus::Cancelled, None, Err(error))
    }

    /// Its time is over.
    pub(super) fn expire(&self) {
        let error = ErrorObject::invalid_params("The task has expired: it has no result");
        self.end(TaskStatus::Failed, Some("The task has expired".into()), Err(error));
    }

    fn end(&self, status: TaskStatus, message: Option<String>, outcome: Reply) -> bool {
        self.change(|state| {
            state.record.task.status = status;
            state.record.task.status_message =
                message.map(|message| decode::shorten_to(MAX_STATUS, message));
            state.record.outcome = Some(outcome);
            state.record.input_requests = InputRequests::new();
        })
    }

    /// Says more about how far it is.
    pub(super) fn set_message(&self, message: &str) -> bool {
        let message = decode::shorten_to(MAX_STATUS, message.into());
        self.change(|state| state.record.task.status_message = Some(message))
    }

    /// Changes a task that has not ended, and tells everyone. False if it has.
    pub(super) fn change(&self, make: impl FnOnce(&mut State)) -> bool {
        let now = self.host.now();
        let mut state = self.lock();
        // TASK-12
        if state.is_over {
            return false;
        }
        make(&mut state);
        state.record.task.last_updated_at = iso_8601(now);
        // Under the lock: the store hears of changes in their order.
        if let Err(TaskStoreFull) = self.tasks.store().update(now, state.record.clone()) {
            let message = "there is no room for what the task has come to";
            let record = &mut state.record;
            record.task.status = TaskStatus::Failed;
            record.task.status_message = Some(message.into());
            record.outcome = Some(Err(ErrorObject::internal(message)));
            record.input_requests = InputRequests::new();
            // It takes no more room than before, or next to none.
            let _ = self.tasks.store().update(now, record.clone());
        }
        state.is_over = state.record.task.status.is_final();
        let wakers = core::mem::take(&mut state.wakers);
        let (is_over, task) = (state.is_over, state.record.task.clone());
        drop(state);
        if is_over {
            self.tasks.forget(&self.id);
        }
        wakers.into_iter().for_each(Waker::wake);
        self.tell(task);
        true
    }

    /// Tells the client, which may or may not listen (TASK-23, TASKX-24).
    fn tell(&self, task: Task) {
        match self.revision.era() {
            Era::Modern => self.tasks.listeners().task_changed(&self.id),
            Era::Legacy => {
                if let Some(home) = self.home.upgrade() {
                    let params = detail(task, self.revision);
                    // Whoever cannot be told has to ask.
                    let _ = home.notify(&NotificationMethod::TasksStatus, params.ok());
                }
            }
        }
    }

    /// A client waits for the result: until the guard is dropped, it can be asked.
    pub(super) fn open_window(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        request: RequestKey,
    ) -> Window {
        let mut state = self.lock();
        state.last_window += 1;
        let key = state.last_window;
        state.windows.insert(key, (Arc::clone(connection), request));
        let wakers = core::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        Window { live: Arc::clone(self), key }
    }

    /// Looks for something, and takes note of whom to wake when there is another chance.
    pub(super) fn poll<T>(
        &self,
        cx: &core::task::Context<'_>,
        look: impl FnOnce(&mut State) -> Option<T>,
    ) -> core::task::Poll<T> {
        let mut state = self.lock();
        if let Some(found) = look(&mut state) {
            return core::task::Poll::Ready(found);
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.wakers.push(cx.waker().clone());
        }
        core::task::Poll::Pending
    }

    /// Whoever waits for the result, the latest first.
    pub(super) fn window(&self) -> Option<(Arc<Connection>, RequestKey)> {
        self.lock().window().map(|(_, connection, request)| (connection, request))
    }

    /// Nothing can be sent through a window any more.
    pub(super) fn close_window(&self, key: u64) {
        self.lock().windows.remove(&key);
    }

    pub(super) fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The task as it was when it was made (TASK-11).
    pub(super) fn made(&self) -> Task {
        self.made.clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn window(&self) -> Option<(u64, Arc<Connection>, RequestKey)> {
        let (key, (connection, request)) = self.windows.last()?;
        Some((*key, Arc::clone(connection), *request))
    }

    /// What the status is while the task goes on.
    pub(super) const fn set_status(&mut self) {
        self.record.task.status =
            if self.open > 0 { TaskStatus::InputRequired } else { TaskStatus::Working };
    }
}

/// A request that waits for a task's result.
pub(super) struct Window {
    live: Arc<Live>,
    key: u64,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.live.close_window(self.key);
    }
}
