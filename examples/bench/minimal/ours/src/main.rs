//! The server of the README.

use mcp_tokio::app::{Context, Server};
use mcp_tokio::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: f64,
    b: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tool = Tool::new("add").with_description("Adds two numbers");
    let server = Server::builder("demo", "1.0")
        .tool(tool, |args: Add, _cx: Context| async move { Ok((args.a + args.b).to_string()) })
        .build()?;
    mcp_tokio::serve(server).http("127.0.0.1:8000").await?;
    Ok(())
}
