//! Tools that fail.
//!
//! Whatever can go wrong in a handler becomes a [`CallError`] with `?`. For a tool that is a
//! result marked as an error, which the model reads and can react to. The JSON-RPC error of a
//! request is for what the model cannot help, and is asked for by name: return an
//! [`ErrorObject`](mcp_core::jsonrpc::ErrorObject).

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::model::{CreateMessageParams, SamplingMessage, Tool};

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server.tool(Tool::new("test_error_handling").with_description("Always fails"), failing).tool(
        Tool::new("test_missing_capability").with_description("Cannot do without a model"),
        needs_sampling,
    )
}

async fn failing(_: (), _cx: Context) -> Result<(), CallError> {
    Err(CallError::new("This tool intentionally returns an error for testing"))
}

/// The only thing to do is to ask. Clients that cannot be asked are told which capability is
/// missing: since 2026-07-28 with an error of its own, before as a failed tool.
async fn needs_sampling(_: (), cx: Context) -> Result<String, CallError> {
    let question = CreateMessageParams::new([SamplingMessage::user("Say something.")], 100_u64);
    let answer = cx.sample("something", question).await?;
    Ok(format!("{} said something", answer.model))
}
