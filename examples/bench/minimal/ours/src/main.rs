//! The server of the README: as it is there with `--features derive`, else with the schema of its
//! tool written out.

use mcp_tokio::app::{Context, Server};
use mcp_tokio::model::Tool;
use serde::Deserialize;

#[derive(Deserialize)]
#[cfg_attr(feature = "derive", derive(schemars::JsonSchema))]
struct Add {
    a: f64,
    b: f64,
}

#[cfg(not(feature = "derive"))]
const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    "required": ["a", "b"]
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tool = Tool::new("add").with_description("Adds two numbers");
    let add = |args: Add, _cx: Context| async move { Ok((args.a + args.b).to_string()) };
    let server = Server::builder("demo", "1.0");
    #[cfg(feature = "derive")]
    let server = server.tool(tool, add);
    #[cfg(not(feature = "derive"))]
    let server = server
        .raw_tool(tool.with_input_schema(SCHEMA.parse::<mcp_tokio::model::RawObject>()?), add);
    mcp_tokio::serve(server.build()?).http("127.0.0.1:8000").await?;
    Ok(())
}
