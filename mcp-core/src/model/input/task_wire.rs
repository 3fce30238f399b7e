//! How tasks are written, in both eras.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    CreateTaskResult, DetailedTask, InputRequests, Meta, RawObject, ResultType, Task, TaskStatus,
    num,
};
use crate::jsonrpc::ErrorObject;

/// The members of a task and of what may stand beside them, in both eras' names.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<ResultType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Box<Task>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<TaskStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_at: Option<String>,
    /// The outer `Option` is presence, the inner one `null`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    ttl: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    ttl_ms: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "num::hint")]
    poll_interval: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "num::hint")]
    poll_interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<InputRequests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<RawObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    num::hint(deserializer).map(Some)
}

impl Wire {
    fn of(task: &Task) -> Self {
        let task = task.clone();
        let wire = Self {
            task_id: Some(task.task_id),
            status: Some(task.status),
            status_message: task.status_message,
            created_at: Some(task.created_at),
            last_updated_at: Some(task.last_updated_at),
            ..Self::default()
        };
        if task.modern {
            Self { ttl_ms: Some(task.ttl_ms), poll_interval_ms: task.poll_interval_ms, ..wire }
        } else {
            Self { ttl: Some(task.ttl_ms), poll_interval: task.poll_interval_ms, ..wire }
        }
    }

    /// Takes the task's members out.
    fn take_task<E: serde::de::Error>(&mut self) -> Result<Task, E> {
        let required = E::missing_field;
        let modern = self.ttl_ms.is_some() || self.poll_interval_ms.is_some();
        let ttl = if modern { self.ttl_ms } else { self.ttl };
        Ok(Task {
            task_id: self.task_id.take().ok_or_else(|| required("taskId"))?,
            status: self.status.ok_or_else(|| required("status"))?,
            status_message: self.status_message.take(),
            created_at: self.created_at.take().ok_or_else(|| required("createdAt"))?,
            last_updated_at: self
                .last_updated_at
                .take()
                .ok_or_else(|| required("lastUpdatedAt"))?,
            ttl_ms: ttl.flatten(),
            poll_interval_ms: self.poll_interval_ms.or(self.poll_interval),
            modern,
        })
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.take_task()
    }
}

impl Serialize for DetailedTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { task, input_requests, result, error, result_type, meta } = self.clone();
        Wire { input_requests, result, error, result_type, meta, ..Wire::of(&task) }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DetailedTask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut wire = Wire::deserialize(deserializer)?;
        let task = wire.take_task()?;
        let Wire { input_requests, result, error, result_type, meta, .. } = wire;
        Ok(Self { task, input_requests, result, error, result_type, meta })
    }
}

impl Serialize for CreateTaskResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let meta = self.meta.clone();
        let wire = if self.task.modern {
            Wire { result_type: Some(ResultType::TASK), meta, ..Wire::of(&self.task) }
        } else {
            Wire { task: Some(Box::new(self.task.clone())), meta, ..Wire::default() }
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CreateTaskResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut wire = Wire::deserialize(deserializer)?;
        let meta = wire.meta.take();
        let task = match wire.task.take() {
            Some(task) => *task,
            None => wire.take_task()?,
        };
        Ok(Self { task, meta })
    }
}
