//! A client with a bit of everything on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-client-tokio -- --help
//! ```
//!
//! What it does is in `everything_client/`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::everything_client;
use mcp_tokio::{Client, TokioRuntime};

#[tokio::main]
async fn main() -> ExitCode {
    let client = Client::builder("everything-client", env!("CARGO_PKG_VERSION"));
    everything_client::run(client, TokioRuntime::new()).await
}
