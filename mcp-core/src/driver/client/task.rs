//! Requests that a server makes a task of.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::time::Duration;

use super::call::send;
use super::error::ClientError;
use super::link::Link;
use crate::error::RequestError;
use crate::jsonrpc::RawJson;
use crate::model::{CreateTaskResult, DetailedTask, Outcome, Task, TaskParams, TaskStatus};
use crate::session::Outgoing;

/// How often a task is asked after if its server does not say.
const INTERVAL: Duration = Duration::from_secs(1);

/// Bounds of what a server may say: neither a flood of requests nor a task that is forgotten.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(60));

/// The result of a request: what was answered, or what the task comes to that it was made.
pub(super) async fn settled(
    link: &Arc<Link>,
    method: &str,
    result: RawJson,
) -> Result<RawJson, ClientError> {
    // Only results that say so are looked at as tasks: the rest is read once, by whoever asked.
    let may_be_task = matches!(method, "tools/call") && result.as_str().contains("\"taskId\"");
    if !may_be_task {
        return Ok(result);
    }
    match Outcome::<RawJson>::from_json(result.as_str()) {
        Ok(Outcome::Task(created)) => follow(link, *created).await,
        _ => Ok(result),
    }
}

/// Asks after a task until it ends; cancels it if that is not waited for.
async fn follow(link: &Arc<Link>, created: CreateTaskResult) -> Result<RawJson, ClientError> {
    let mut running = Running { link: Arc::clone(link), id: Some(created.task.task_id.clone()) };
    let mut state = DetailedTask::new(created.task);
    loop {
        let Task { status, .. } = &state.task;
        match status {
            TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled => break,
            _ => {}
        }
        let wait = state.task.poll_interval_ms.map_or(INTERVAL, Duration::from_millis);
        let wake = link.clock().now() + wait.clamp(INTERVALS.0, INTERVALS.1);
        link.clock().sleep_until(wake).await;
        let got = send(link, about("tasks/get", &state.task.task_id)?, None).await?;
        state = got.to().map_err(|error| ClientError::Malformed {
            method: "tasks/get".into(),
            why: error.to_string(),
        })?;
    }
    let id = running.id.take().unwrap_or_default();
    if let Some(error) = state.error {
        let error = RequestError::Refused(error);
        return Err(ClientError::Request { error, trouble: None });
    }
    if let Some(result) = state.result {
        return Ok(RawJson::from(result));
    }
    if state.task.status == TaskStatus::Cancelled {
        let (status, message) = (String::from("cancelled"), state.task.status_message);
        return Err(ClientError::Task { status, message });
    }
    // 2025-11-25 keeps the result apart, that of a failure too.
    send(link, about("tasks/result", &id)?, None).await
}

fn about(method: &'static str, task: &str) -> Result<Outgoing, ClientError> {
    let params = RawJson::from_value(&TaskParams::new(task));
    let params = params.map_err(|error| ClientError::Arguments(error.to_string()))?;
    Ok(Outgoing::new(method, Some(params)).uncached())
}

/// Cancels a task that is no longer waited for.
struct Running {
    link: Arc<Link>,
    id: Option<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && let Ok(cancel) = about("tasks/cancel", &id)
        {
            self.link.with(|state, now| drop(state.machine.request(now, cancel)));
        }
    }
}
