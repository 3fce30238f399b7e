//! The server that both runtimes serve: `PORT|stdio [TOOLS]`.

use std::error::Error;
use std::future::Future;

use mcp_core::app::{Context, Server};
use mcp_core::driver::{Platform, Serve};
use mcp_core::model::{RawObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    to: u32,
}

/// `tools` tools: fillers, one that reports progress, and last the one that is called.
fn server(tools: usize) -> Result<Server, Box<dyn Error>> {
    let echo = Tool::new("echo").with_description("Says what it is told");
    let count = Tool::new("count").with_description("Counts, and reports each step");
    let mut server = Server::builder("peer", "1");
    for number in 3..=tools {
        let schema = serde_json::json!({
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "What to look for."},
                "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
                "order": {"type": "string", "enum": ["ascending", "descending"]},
            },
            "required": ["query"],
        });
        let tool = Tool::new(format!("tool_{number:04}"))
            .with_description(format!("Looks through collection {number} and says what matches."))
            .with_input_schema(RawObject::encode(&schema)?);
        server = server.raw_tool(tool, |_: RawObject, _cx: Context| async move { Ok("nothing") });
    }
    if tools > 1 {
        server = server.tool(count, |Count { to }, cx: Context| async move {
            for step in 1..=to {
                let _ = cx.progress(f64::from(step), Some(f64::from(to)), Some("counting"));
            }
            Ok(format!("counted to {to}"))
        });
    }
    let server = server.tool(echo, |Echo { text }, _cx: Context| async move { Ok(text) });
    Ok(server.page_size(10_000).build()?)
}

/// Serves what the command line says.
pub fn run<P: Platform>(
    serve: impl FnOnce(Server) -> Serve<P, Server>,
) -> Result<impl Future<Output = Result<(), Box<dyn Error>>>, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap_or_else(|| "8000".into());
    let tools = arguments.next().map_or(Ok(380), |tools| tools.parse())?;
    let serve = serve(server(tools)?)
        .http_config(|http| http.max_sessions = 100_000)
        .http_options(|options| options.connections = 100_000);
    Ok(async move {
        match &*place {
            "stdio" => serve.stdio().await?,
            port => serve.http(&format!("127.0.0.1:{port}")).await?,
        }
        Ok(())
    })
}
