//! Tools that fail.
//!
//! Whatever can go wrong in a handler becomes a [`CallError`] with `?`. For a tool that is a
//! result marked as an error, which the model reads and can react to. The JSON-RPC error of a
//! request is for what the model cannot help, and is asked for by name: return an
//! [`ErrorObject`](mcp_core::jsonrpc::ErrorObject).

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::model::Tool;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server.tool(Tool::new("test_error_handling").with_description("Always fails"), failing)
}

async fn failing(_: (), _cx: Context) -> Result<(), CallError> {
    Err(CallError::new("This tool intentionally returns an error for testing"))
}
