//! A server that changes while it runs.
//!
//! [`Server::apply`] adds, replaces and removes; whoever wants to know is told. Clients of the
//! older revisions hear of every change; since 2026-07-28 a client says with
//! `subscriptions/listen` what it wants to hear of.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use mcp_core::app::{CallError, Changes, Context, Server, ServerBuilder};
use mcp_core::model::{Prompt, Tool};

/// The server, for tools that change it.
///
/// The server holds the tool and the tool the server: both live as long as the process.
#[derive(Clone, Debug, Default)]
pub(super) struct Handle(Arc<OnceLock<Server>>);

impl Handle {
    pub(super) fn set(&self, server: &Server) {
        // It is set once, right after the server has been built.
        let _ = self.0.set(server.clone());
    }

    fn apply(&self, changes: Changes) -> Result<(), CallError> {
        let server = self.0.get().ok_or_else(|| CallError::new("the server is not built yet"))?;
        Ok(server.apply(changes)?)
    }
}

pub(super) fn add(server: ServerBuilder, handle: &Handle) -> ServerBuilder {
    let (tools, prompts) = (handle.clone(), handle.clone());
    let (tool_changes, prompt_changes) = (AtomicU32::new(0), AtomicU32::new(0));
    server
        .tool(
            Tool::new("test_trigger_tool_change").with_description("Changes the list of tools"),
            move |(), _cx: Context| {
                let count = tool_changes.fetch_add(1, Ordering::Relaxed) + 1;
                let tool = Tool::new("changing_tool")
                    .with_description(format!("Has been changed {count} times"));
                let done = tools.apply(Changes::new().tool(tool, counted));
                async move { done.map(|()| "Changed a tool.") }
            },
        )
        .tool(
            Tool::new("test_trigger_prompt_change").with_description("Changes the list of prompts"),
            move |(), _cx: Context| {
                let count = prompt_changes.fetch_add(1, Ordering::Relaxed) + 1;
                let prompt = Prompt::new("changing_prompt")
                    .with_description(format!("Has been changed {count} times"));
                let done = prompts.apply(Changes::new().prompt(prompt, counted));
                async move { done.map(|()| "Changed a prompt.") }
            },
        )
}

async fn counted(_: (), _cx: Context) -> Result<&'static str, CallError> {
    Ok("My description says how often I have been changed.")
}
