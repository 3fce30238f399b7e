//! Telling the client what goes on while a tool works: log messages and progress; and letting it
//! come back for the answer when the work takes long.
//!
//! Messages and progress are notifications that the client gets only if it asked for them, so handlers report and
//! need not look. Log messages are asked for by level: for the whole session with
//! `logging/setLevel` in the older revisions, for one request since 2026-07-28. Progress is asked
//! for with a token in the request.

use std::time::Duration;

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::model::Tool;

use crate::delay::Sleep;

/// How long each step of the work takes.
const STEP: Duration = Duration::from_millis(50);

pub(super) fn add(server: ServerBuilder, sleep: Sleep) -> ServerBuilder {
    server
        .tool(
            Tool::new("test_tool_with_logging").with_description("Logs while it works"),
            move |(), cx: Context| with_logging(cx, sleep),
        )
        .tool(
            Tool::new("test_tool_with_progress").with_description("Reports how far it is"),
            move |(), cx: Context| with_progress(cx, sleep),
        )
        .tool(Tool::new("test_logging_tool").with_description("Logs at several levels"), logging)
        .tool(
            Tool::new("test_reconnection").with_description("Lets go of the connection meanwhile"),
            move |(), cx: Context| away(cx, sleep),
        )
}

async fn with_logging(cx: Context, sleep: Sleep) -> Result<&'static str, CallError> {
    cx.info("Tool execution started");
    sleep(STEP).await;
    cx.info("Tool processing data");
    sleep(STEP).await;
    cx.info("Tool execution completed");
    Ok("Logged three messages.")
}

async fn with_progress(cx: Context, sleep: Sleep) -> Result<&'static str, CallError> {
    cx.progress(0.0, Some(100.0), Some("starting"));
    sleep(STEP).await;
    cx.progress(50.0, Some(100.0), Some("half way"));
    sleep(STEP).await;
    cx.progress(100.0, Some(100.0), Some("done"));
    Ok("Reported three times.")
}

async fn logging(_: (), cx: Context) -> Result<&'static str, CallError> {
    cx.debug("A detail nobody needs unless something goes wrong");
    // Anything that has a JSON form can be logged, not just text.
    cx.info(serde_json::json!({"event": "called", "tool": "test_logging_tool"}));
    cx.warning("Something to look at");
    Ok("Logged at three levels.")
}

/// The work goes on after the connection is closed. The client comes back for the answer, and for
/// what was reported meanwhile.
async fn away(cx: Context, sleep: Sleep) -> Result<&'static str, CallError> {
    cx.hang_up(4 * STEP);
    sleep(2 * STEP).await;
    cx.progress(1.0, Some(2.0), Some("nobody listens"));
    sleep(6 * STEP).await;
    Ok("Reconnection test completed successfully.")
}
