//! The server both catalog binaries run: a few tools that do something, and hundreds that make
//! the list long.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mcp_core::app::{Context, Server};
use mcp_core::driver::{Platform, Serve};
use mcp_core::jsonrpc::RawJson;
use mcp_core::model::{
    Content, Level, LogParams, Prompt, PromptArgument, PromptMessage, RawObject, Reference,
    Resource, ResourceTemplate, Tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::delay::{Delay, Sleep};
use crate::options::Options;
use crate::serving;

/// Serves the catalog as the command line says, until it is told to stop: what is in flight then
/// may finish.
pub async fn run<P: Platform>(
    platform: P,
    sleep: Sleep,
    stop: impl Future<Output = ()> + Send + 'static,
) -> ExitCode {
    let options = Options::from_env();
    let catalog = match build(options.tools, sleep) {
        Ok(catalog) => Delay::new(catalog, sleep, options.init_delay, options.list_delay),
        Err(error) => return serving::ended(Err(io::Error::other(error))),
    };
    let server = options.apply(Serve::new(platform, catalog)).until(stop);
    let welcome = |address| options.welcome(address);
    serving::ended(serving::serve(server, options.http.as_deref(), welcome).await)
}

/// Tools that do something; the rest fill up the list.
const WORKING_TOOLS: usize = 5;

/// Names that the `greeting` prompt can be completed with.
const NAMES: [&str; 6] = ["Ada", "Alan", "Barbara", "Dennis", "Grace", "Radia"];

#[derive(Debug, Deserialize, JsonSchema)]
struct Echo {
    /// What to say back.
    text: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Progress {
    /// How many steps to take, at most 10000.
    steps: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Log {
    /// The severity; `info` if left out.
    level: Option<String>,
    /// What to log.
    message: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Nap {
    /// How long to sleep in milliseconds, at most 60000.
    ms: u64,
}

#[derive(Debug, Deserialize)]
struct Greeting {
    name: String,
}

/// Builds the server.
///
/// # Errors
/// The catalog contradicts itself, which it does not.
pub fn build(
    tools: usize,
    sleep: Sleep,
) -> Result<Server, Box<dyn std::error::Error + Send + Sync>> {
    let sequence = Arc::new(AtomicU64::new(0));

    let mut server = Server::builder("catalog", env!("CARGO_PKG_VERSION"))
        .title("A large catalog")
        .instructions(
            "Most of these tools only make the list long. `echo` says back what it is told.",
        )
        .logging()
        .tool(
            Tool::new("echo").with_description("Says back what it is told"),
            |Echo { text }, _cx: Context| async move { Ok(text) },
        )
        .tool(
            Tool::new("sequence").with_description("Counts the calls of this process"),
            move |(), _cx: Context| {
                // Outside the async block: taken when the call is dispatched, in that order.
                let turn = sequence.fetch_add(1, Ordering::Relaxed);
                async move { Ok(turn.to_string()) }
            },
        )
        .tool(
            Tool::new("progress").with_description("Takes some steps and reports each"),
            |Progress { steps }, cx: Context| async move {
                let steps = steps.min(10_000);
                for step in 1..=steps {
                    cx.progress(f64::from(step), Some(f64::from(steps)), Some("working"));
                }
                Ok(format!("took {steps} steps"))
            },
        )
        .tool(
            Tool::new("log").with_description("Logs a message"),
            |Log { level, message }, cx: Context| async move {
                let level: Level = level.as_deref().unwrap_or("info").parse()?;
                cx.log_as(
                    LogParams::new(level, RawJson::from(Value::from(message)))
                        .with_logger("catalog"),
                );
                Ok("logged")
            },
        )
        .tool(
            Tool::new("sleep").with_description("Sleeps; a cancelled call stops sleeping"),
            move |Nap { ms }, _cx: Context| async move {
                let ms = ms.min(60_000);
                sleep(Duration::from_millis(ms)).await;
                Ok(format!("slept {ms} ms"))
            },
        );
    for number in WORKING_TOOLS + 1..=tools {
        let tool = filler(number)?;
        server = server.raw_tool(tool, move |_arguments: RawObject, _cx: Context| async move {
            Ok(format!("tool {number} has nothing to do"))
        });
    }

    let server = server
        .resource(
            Resource::new("catalog://readme", "readme").with_mime_type("text/plain"),
            move |_uri, _cx: Context| async move { Ok(format!("A catalog of {tools} tools.")) },
        )
        .resource_template(
            ResourceTemplate::new("catalog://tool/{name}", "tool").with_mime_type("text/plain"),
            |variables, _cx: Context| async move {
                let name = variables.get("name").unwrap_or_default();
                Ok(format!("{name} is a tool of this catalog."))
            },
        )
        .prompt(
            Prompt::new("greeting")
                .with_description("Greets somebody")
                .with_arguments([PromptArgument::new("name").with_required(true)]),
            |Greeting { name }, _cx: Context| async move {
                Ok([PromptMessage::user(Content::text(format!("Say hello to {name}.")))])
            },
        )
        .completion(Reference::prompt("greeting"), "name", |input, _cx: Context| async move {
            let matches =
                |name: &&str| name.to_lowercase().starts_with(&input.value.to_lowercase());
            Ok(NAMES.into_iter().filter(matches).collect::<Vec<_>>())
        });
    Ok(server.build()?)
}

/// A tool with a schema of the usual size.
fn filler(number: usize) -> Result<Tool, serde_json::Error> {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What to look for."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
            "order": {"type": "string", "enum": ["ascending", "descending"]},
        },
        "required": ["query"],
    });
    Ok(Tool::new(format!("tool_{number:04}"))
        .with_description(format!("Looks through collection {number} and returns what matches."))
        .with_input_schema(RawObject::encode(&schema)?))
}
