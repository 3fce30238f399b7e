//! Tools: listed, called with arguments, with progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mcp_core::driver::client::{Client, ClientError};
use mcp_core::model::{CallToolResult, Content, TaskSupport, Tool};
use mcp_core::validate::OutputSchema;
use serde::Deserialize;
use serde_json::json;

use super::options::ToolCall;
use super::tour::attempt;

/// Calls every tool that needs no arguments.
pub(super) async fn tour<P>(client: &Client<P>) -> Result<(), ClientError> {
    let mut takes_time = None;
    for tool in client.list_tools().await? {
        if needs_arguments(&tool) {
            println!("Tool {} needs arguments", tool.display_name());
            continue;
        }
        let reports = Arc::new(AtomicBool::new(false));
        let reported = Arc::clone(&reports);
        let mut call = client.call_tool(&tool.name, json!({})).on_progress(move |progress| {
            reported.store(true, Ordering::Relaxed);
            let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
            println!("Progress: {}{total}", progress.progress);
        });
        // 2025-11-25 lets the client decide; its tools say which cannot be called otherwise. Since
        // then the server decides. Either way the answer is that of the task.
        if tool.task_support() == TaskSupport::Required {
            call = call.as_task(None);
        }
        if let Some(result) = attempt(&tool.name, call).await? {
            show(&tool.name, &result);
            hold_to_its_word(&tool, &result);
        }
        if reports.load(Ordering::Relaxed) {
            takes_time = Some(tool.name);
        }
    }
    match takes_time {
        Some(name) => change_mind(client, &name).await,
        None => Ok(()),
    }
}

/// A tool with an output schema promises what its results look like. Servers are not to be trusted
/// with that: whoever relies on structured content checks it.
fn hold_to_its_word(tool: &Tool, result: &CallToolResult) {
    match OutputSchema::of(tool) {
        Ok(None) => {}
        Ok(Some(schema)) => match schema.check(result) {
            Ok(()) => println!("Tool {}: the result is as promised", tool.name),
            Err(error) => println!("Tool {}: {error}", tool.name),
        },
        Err(error) => println!("Tool {}: its output schema {error}", tool.name),
    }
}

/// Calls a tool, and wants it no longer once it has begun: whoever drops a call cancels it.
async fn change_mind<P>(client: &Client<P>, name: &str) -> Result<(), ClientError> {
    let (begun, begins) = async_channel::bounded(1);
    let call = client.call_tool(name, json!({})).on_progress(move |_| {
        let _ = begun.try_send(());
    });
    let call = async { call.await.map(Some) };
    let changed = async {
        let _ = begins.recv().await;
        Ok(None)
    };
    match smol::future::or(call, changed).await {
        Ok(Some(result)) => show(name, &result),
        Ok(None) => println!("Tool {name}: cancelled"),
        Err(error) => println!("{name}: {error}"),
    }
    Ok(())
}

fn needs_arguments(tool: &Tool) -> bool {
    #[derive(Deserialize)]
    struct Schema {
        #[serde(default)]
        required: Vec<String>,
    }
    tool.input_schema.decode().is_ok_and(|Schema { required }| !required.is_empty())
}

pub(super) async fn list<P>(client: &Client<P>) -> Result<(), ClientError> {
    for tool in client.list_tools().await? {
        println!("{}: {}", tool.name, tool.input_schema.get());
    }
    Ok(())
}

/// Makes calls with arguments. Listing the tools first is not for the names: over HTTP some
/// arguments are repeated in headers, and the client learns from the list which.
pub(super) async fn call<P>(client: &Client<P>, calls: &[ToolCall]) -> Result<(), ClientError> {
    list(client).await?;
    for ToolCall { name, arguments } in calls {
        show(name, &client.call_tool(name, arguments).await?);
    }
    Ok(())
}

/// Sends the schema of one tool, as it came, to another.
pub(super) async fn echo_schema<P>(client: &Client<P>) -> Result<(), ClientError> {
    let tools = client.list_tools().await?;
    if let Some(tool) = tools.iter().find(|tool| tool.name == "json_schema_2020_12_tool") {
        let arguments = json!({"schema": &tool.input_schema});
        show("json_schema_echo", &client.call_tool("json_schema_echo", arguments).await?);
    }
    Ok(())
}

/// A tool that fails is a result as well.
fn show(name: &str, result: &CallToolResult) {
    let said: Vec<&str> = result.content.iter().map(said).collect();
    let failed = if result.is_error == Some(true) { " failed" } else { "" };
    println!("Tool {name}{failed}: {}", said.join(" "));
}

fn said(content: &Content) -> &str {
    match content {
        Content::Text(text) => &text.text,
        Content::Image(_) => "(a picture)",
        Content::Audio(_) => "(a sound)",
        Content::Resource(_) | Content::ResourceLink(_) => "(a resource)",
        _ => "(something new)",
    }
}
