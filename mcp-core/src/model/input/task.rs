//! Tasks: the experimental ones of 2025-11-25 and those of the extension of 2026-07-28.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire, wire_enum};
use super::{Cursor, ForRevision, InputRequests, InputResponses, Meta, RawObject, ResultType};
use crate::jsonrpc::ErrorObject;
use crate::revision::Revision;

/// A request that is worked on while nobody waits for its answer.
///
/// 2025-11-25 writes `ttl` and `pollInterval`, the extension of 2026-07-28 `ttlMs` and
/// `pollIntervalMs`: both are read, and [`ForRevision`] chooses what is written. Until then
/// it is the former.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// The id the receiver gave it.
    pub task_id: String,
    /// How far it is.
    pub status: TaskStatus,
    /// More about the status, for people.
    pub status_message: Option<String>,
    /// When it was made, in ISO 8601.
    pub created_at: String,
    /// When its status last changed, in ISO 8601.
    pub last_updated_at: String,
    /// How long it is kept, in milliseconds from its creation; `None` without limit.
    pub ttl_ms: Option<u64>,
    /// How often to ask, in milliseconds.
    pub poll_interval_ms: Option<u64>,
    /// Whether the members are named as in the extension.
    pub(super) modern: bool,
}

wire_enum! {
    /// How far a task is; the last three are final.
    pub enum TaskStatus {
        /// It is worked on.
        Working = "working",
        /// It waits for input.
        InputRequired = "input_required",
        /// It is done. In the extension also with a result that says `isError`.
        Completed = "completed",
        /// It failed. In 2025-11-25 also with a result that says `isError`.
        Failed = "failed",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether the status never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Task {
    /// A new task, made at `created_at` (ISO 8601) and worked on.
    #[must_use]
    pub fn new(task_id: impl Into<String>, created_at: impl Into<String>) -> Self {
        let created_at = created_at.into();
        Self {
            task_id: task_id.into(),
            status: TaskStatus::Working,
            status_message: None,
            last_updated_at: created_at.clone(),
            created_at,
            ttl_ms: None,
            poll_interval_ms: None,
            modern: false,
        }
    }

    /// Sets how far it is, since `at` (ISO 8601).
    #[must_use]
    pub fn with_status(mut self, status: TaskStatus, at: impl Into<String>) -> Self {
        self.status = status;
        self.last_updated_at = at.into();
        self
    }

    /// Says more about the status.
    #[must_use]
    pub fn with_status_message(mut self, message: impl Into<String>) -> Self {
        self.status_message = Some(message.into());
        self
    }

    /// Sets how long it is kept, in milliseconds from its creation.
    #[must_use]
    pub const fn with_ttl_ms(mut self, ttl_ms: u64) -> Self {
        self.ttl_ms = Some(ttl_ms);
        self
    }

    /// Sets how often to ask, in milliseconds.
    #[must_use]
    pub const fn with_poll_interval_ms(mut self, interval_ms: u64) -> Self {
        self.poll_interval_ms = Some(interval_ms);
        self
    }
}

impl ForRevision for Task {
    fn adapt(&mut self, revision: Revision) {
        self.modern = revision >= Revision::V2026_07_28;
    }
}

/// A task with all that may stand beside its members: the result of `tasks/get`, and the params
/// of `notifications/tasks/status` (2025-11-25) or `notifications/tasks` (extension).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DetailedTask {
    /// The task.
    pub task: Task,
    /// What the task asks for, all that is open. Extension only.
    pub input_requests: Option<InputRequests>,
    /// The result of a completed task. Extension only.
    pub result: Option<RawObject>,
    /// The JSON-RPC error of a failed task. Extension only.
    pub error: Option<ErrorObject>,
    /// The kind of result; for results of the extension.
    pub result_type: Option<ResultType>,
    /// Metadata.
    pub meta: Option<Meta>,
}

impl DetailedTask {
    /// A task with nothing beside it.
    #[must_use]
    pub const fn new(task: Task) -> Self {
        Self {
            task,
            input_requests: None,
            result: None,
            error: None,
            result_type: None,
            meta: None,
        }
    }

    /// Sets what the task asks for.
    #[must_use]
    pub fn with_input_requests(mut self, requests: impl Into<InputRequests>) -> Self {
        self.input_requests = Some(requests.into());
        self
    }

    /// Sets the result of the completed task.
    #[must_use]
    pub fn with_result(mut self, result: impl Into<RawObject>) -> Self {
        self.result = Some(result.into());
        self
    }

    /// Sets the JSON-RPC error of the failed task.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<ErrorObject>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// Marks it as the result of a request, which the extension wants to be of a kind.
    #[must_use]
    pub fn into_result(mut self) -> Self {
        self.result_type = Some(ResultType::COMPLETE);
        self
    }

    /// Sets the metadata.
    #[must_use]
    pub fn with_meta(mut self, meta: impl Into<Meta>) -> Self {
        self.meta = Some(meta.into());
        self
    }
}

impl ForRevision for DetailedTask {
    fn adapt(&mut self, revision: Revision) {
        self.task.adapt(revision);
        if revision < Revision::V2026_07_28 {
            self.input_requests = None;
            self.result = None;
            self.error = None;
            self.result_type = None;
        } else {
            self.input_requests.adapt(revision);
        }
    }
}

/// The result that says a task was made of the request.
///
/// It holds the task under `task` in 2025-11-25 and as its own members in the extension
/// (`resultType` `task`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CreateTaskResult {
    /// The task.
    pub task: Task,
    /// Metadata.
    pub meta: Option<Meta>,
}

impl CreateTaskResult {
    /// The result for a task.
    #[must_use]
    pub const fn new(task: Task) -> Self {
        Self { task, meta: None }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn with_meta(mut self, meta: impl Into<Meta>) -> Self {
        self.meta = Some(meta.into());
        self
    }
}

impl ForRevision for CreateTaskResult {
    fn adapt(&mut self, revision: Revision) {
        self.task.adapt(revision);
    }
}

wire! {
    /// The params of `tasks/get`, `tasks/cancel` and (2025-11-25) `tasks/result`.
    pub struct TaskParams {
        required {
            /// The task's id.
            task_id: String,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The params of `tasks/update`: answers to what a task asks for; extension only.
    pub struct UpdateTaskParams {
        required {
            /// The task's id.
            task_id: String,
            /// The answers, by the keys of the requests.
            input_responses: InputResponses,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of `tasks/list`; 2025-11-25 only.
    pub struct ListTasksResult {
        required {
            /// The tasks of this page.
            tasks: Vec<Task>,
        }
        always {
            /// Where the next page starts; absent on the last one.
            next_cursor / with_next_cursor: Cursor,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}
