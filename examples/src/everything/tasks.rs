//! Tasks: work that goes on while nobody waits for the answer.
//!
//! A tool says whether it can be run as a task; `start_task` is where its call becomes one. The
//! handler is the same for clients that do not know tasks: for them `start_task` does nothing and
//! the call is answered when the work is done. A client that does know them asks how far the task
//! is, answers its questions, or cancels it, which drops the handler.

use std::time::Duration;

use mcp_core::app::{CallError, Context, Elicited, ServerBuilder, ask_all};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::model::{TaskSupport, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::delay::Sleep;

pub(super) fn add(server: ServerBuilder, sleep: Sleep) -> ServerBuilder {
    let task = |name: &str, does: &str, support: TaskSupport| {
        Tool::new(name).with_description(does).with_task_support(support)
    };
    server
        .task_poll_interval(Duration::from_millis(500))
        // A tool that says nothing is never a task.
        .tool(Tool::new("greet").with_description("Greets, at once"), greet)
        .tool(
            task("slow_compute", "Computes for some seconds", TaskSupport::Optional),
            move |work: Work, cx: Context| slow_compute(work, cx, sleep),
        )
        .tool(
            task("failing_job", "Works for a second, and fails", TaskSupport::Required),
            move |(), cx: Context| failing_job(cx, sleep),
        )
        .tool(
            task("protocol_error_job", "Ends with a JSON-RPC error", TaskSupport::Optional),
            move |(), cx: Context| protocol_error_job(cx, sleep),
        )
        .tool(
            task("confirm_delete", "Asks before it deletes a file", TaskSupport::Optional),
            confirm_delete,
        )
        .tool(task("multi_input", "Asks for two names at once", TaskSupport::Optional), multi_input)
        .tool(
            task("test_tool_with_task", "Asks for a name, then works", TaskSupport::Optional),
            move |(), cx: Context| name_first(cx, sleep),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    /// What to call you.
    name: String,
}

async fn greet(Name { name }: Name, _: Context) -> Result<String, CallError> {
    Ok(format!("Hello, {name}!"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Work {
    /// How long it takes.
    #[serde(default = "one")]
    seconds: f64,
    /// What to call the result.
    label: Option<String>,
}

fn one() -> f64 {
    1.0
}

async fn slow_compute(work: Work, cx: Context, sleep: Sleep) -> Result<String, CallError> {
    cx.start_task().await?;
    let total = Duration::try_from_secs_f64(work.seconds)?;
    for quarter in 1..=4_u8 {
        sleep(total / 4).await;
        // The message shows in the task as well.
        cx.progress(f64::from(quarter), Some(4.0), Some(&format!("{quarter} of 4 parts")));
    }
    let label = work.label.as_deref().unwrap_or("work");
    Ok(format!("{label} took {} s", work.seconds))
}

/// The task is completed all the same for clients of 2026-07-28: it has a result, which says that
/// the tool failed. In 2025-11-25 it counts as failed.
async fn failing_job(cx: Context, sleep: Sleep) -> Result<String, CallError> {
    cx.start_task().await?;
    sleep(Duration::from_secs(1)).await;
    Err(CallError::new("the job failed on purpose"))
}

/// A JSON-RPC error, on the other hand, is no result: the task has failed.
async fn protocol_error_job(cx: Context, sleep: Sleep) -> Result<String, CallError> {
    cx.start_task().await?;
    sleep(Duration::from_millis(100)).await;
    Err(ErrorObject::internal("the job broke down on purpose"))?
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Deletion {
    /// What to delete. Nothing is, really.
    filename: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Confirmation {
    /// Whether to go on.
    #[serde(default)]
    confirm: bool,
}

/// A question after `start_task` is asked through the task, and the handler waits for the answer:
/// it does not run again.
async fn confirm_delete(file: Deletion, cx: Context) -> Result<String, CallError> {
    cx.start_task().await?;
    let question = format!("Delete {}?", file.filename);
    let answer = cx.elicit_form::<Confirmation>("confirm", &question).await?;
    Ok(match answer {
        Elicited::Accepted(Confirmation { confirm: true }) => format!("Deleted {}", file.filename),
        _ => format!("Kept {}", file.filename),
    })
}

async fn multi_input(_: (), cx: Context) -> Result<String, CallError> {
    cx.start_task().await?;
    // Both are open at the same time; the client answers them together or one after the other.
    let (guest, host) = ask_all((
        cx.elicit_form::<Name>("guest", "Who is the guest?"),
        cx.elicit_form::<Name>("host", "Who is the host?"),
    ))
    .await?;
    Ok(match (guest.accepted(), host.accepted()) {
        (Some(guest), Some(host)) => format!("{}, meet {}!", guest.name, host.name),
        _ => "Somebody does not want to be introduced.".into(),
    })
}

/// What is asked before `start_task` is asked in rounds of the call, as without tasks.
async fn name_first(cx: Context, sleep: Sleep) -> Result<String, CallError> {
    let answer = cx.elicit_form::<Name>("user_name", "What is your name?").await?;
    cx.start_task().await?;
    sleep(Duration::from_millis(100)).await;
    let name = answer.accepted().map_or_else(|| "whoever you are".into(), |it| it.name);
    Ok(format!("Hello, {name}!"))
}
