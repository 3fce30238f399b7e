//! What clients ask about tasks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;

use super::super::{Context, decode};
use super::date::iso_8601;
use super::desk::{Tasks, detailed, encode};
use super::question::related;
use super::{TaskOwner, TaskRecord};
use crate::jsonrpc::{ErrorObject, Params, Reply};
use crate::lifecycle::Method;
use crate::model::{
    Cursor, EmptyResult, ListParams, ListTasksResult, TASKS_EXTENSION, Task, TaskParams,
    TaskStatus, UpdateTaskParams,
};
use crate::revision::{Era, Revision};

/// The tasks on a page. They are small; a client with more than that asks again.
const PAGE: usize = 100;

/// What cursors of this list start with.
const MARK: &str = "task:";

impl Tasks {
    /// Answers a request about tasks.
    pub(in super::super) async fn answer(
        &self,
        cx: Context,
        method: Method,
        params: Option<&Params>,
    ) -> Reply {
        let revision = cx.revision();
        // TASKX-23
        if revision.era() == Era::Modern {
            cx.require_extension(TASKS_EXTENSION).map_err(|error| error.into_error(revision))?;
        }
        let owner = TaskOwner::of(&cx);
        match method {
            Method::TasksGet => {
                let TaskParams { task_id, .. } = decode::params(params)?;
                let task = detailed(self.find(&task_id, &owner)?);
                encode(task.into_result(), revision)
            }
            Method::TasksResult => {
                let TaskParams { task_id, .. } = decode::params(params)?;
                let result = self.result(&cx, &task_id, &owner).await?;
                // TASK-17, TASK-18
                Ok(related(&result, &task_id))
            }
            Method::TasksList => self.list(params, &owner, revision),
            Method::TasksCancel => {
                let TaskParams { task_id, .. } = decode::params(params)?;
                self.cancel(&task_id, &owner, revision)
            }
            Method::TasksUpdate => {
                let UpdateTaskParams { task_id, input_responses, .. } = decode::params(params)?;
                self.find(&task_id, &owner)?;
                if let Some(live) = self.live(&task_id) {
                    let answers = input_responses.iter();
                    live.answer(answers.map(|(key, answer)| (key.clone(), answer.clone())));
                }
                encode(EmptyResult::new(), revision)
            }
            other => Err(ErrorObject::method_not_found(other.as_str())),
        }
    }

    /// What the request that became the task is answered with, as soon as that is known (TASK-16).
    async fn result(&self, cx: &Context, id: &str, owner: &TaskOwner) -> Reply {
        let record = self.find(id, owner)?;
        if let Some(outcome) = record.outcome {
            return outcome;
        }
        let Some(live) = self.live(id) else {
            // It may have ended just now.
            let ended = self.find(id, owner)?.outcome;
            return ended.unwrap_or_else(|| {
                Err(ErrorObject::internal("nobody works on the task any more"))
            });
        };
        let _window = live.open_window(cx.connection(), cx.request());
        poll_fn(|polling| {
            live.poll(polling, |state| state.record.outcome.clone().filter(|_| state.is_over()))
        })
        .await
    }

    fn cancel(&self, id: &str, owner: &TaskOwner, revision: Revision) -> Reply {
        let record = self.find(id, owner)?;
        let cancelled = match self.live(id) {
            Some(live) => live.cancel(),
            None if record.task.status.is_final() => false,
            None => self.cancel_left(record),
        };
        if revision.era() == Era::Modern {
            // TASKX-19: whatever it comes to.
            return encode(EmptyResult::new(), revision);
        }
        let record = self.find(id, owner)?;
        if !cancelled {
            // TASK-25
            let status = record.task.status.as_str();
            return Err(ErrorObject::invalid_params(format!("The task has ended: it is {status}")));
        }
        encode(detailed(record), revision)
    }

    /// Cancels a task that only the store knows: an earlier process worked on it.
    fn cancel_left(&self, mut record: TaskRecord) -> bool {
        let Some(now) = self.now() else {
            return false;
        };
        record.task.status = TaskStatus::Cancelled;
        record.task.last_updated_at = iso_8601(now);
        self.store().update(now, record).is_ok()
    }

    /// TASK-24
    fn list(&self, params: Option<&Params>, owner: &TaskOwner, revision: Revision) -> Reply {
        let ListParams { cursor, .. } = decode::params(params)?;
        let after = match &cursor {
            None => None,
            Some(cursor) => match cursor.as_str().strip_prefix(MARK) {
                Some(id) => Some(id),
                None => return Err(ErrorObject::invalid_params("Invalid cursor")),
            },
        };
        let records = match self.now() {
            Some(now) => self.store().list(now, owner, after, PAGE + 1),
            None => Vec::new(),
        };
        let more = records.len() > PAGE;
        let tasks: Vec<Task> = records.into_iter().take(PAGE).map(|it| it.task).collect();
        let last = tasks.last().map(|task| Cursor::new(format!("{MARK}{}", task.task_id)));
        let mut list = ListTasksResult::new(tasks);
        list.next_cursor = last.filter(|_| more);
        encode(list, revision)
    }

    /// Those of the ids that a client may listen to.
    pub(in super::super) fn visible(&self, ids: Vec<String>, cx: &Context) -> Vec<String> {
        let owner = TaskOwner::of(cx);
        ids.into_iter().filter(|id| self.find(id, &owner).is_ok()).collect()
    }
}
