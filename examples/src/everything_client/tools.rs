//! Tools: listed, called with arguments, with progress.

use mcp_core::driver::client::{Client, ClientError};
use mcp_core::model::{CallToolResult, Tool};
use serde::Deserialize;
use serde_json::json;

use super::options::ToolCall;
use super::tour::attempt;

/// Calls every tool that needs no arguments.
pub(super) async fn tour<P>(client: &Client<P>) -> Result<(), ClientError> {
    for tool in client.list_tools().await? {
        if needs_arguments(&tool) {
            println!("Tool {} needs arguments", tool.display_name());
            continue;
        }
        let call = client.call_tool(&tool.name, json!({})).on_progress(|progress| {
            println!("{} of {:?}", progress.progress, progress.total);
        });
        if let Some(result) = attempt(&tool.name, call).await? {
            show(&tool.name, &result);
        }
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
    let text: Vec<&str> = result.content.iter().filter_map(|it| it.as_text()).collect();
    let failed = if result.is_error == Some(true) { " failed" } else { "" };
    println!("Tool {name}{failed}: {}", text.join(" "));
}
