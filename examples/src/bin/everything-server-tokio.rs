//! A server with a bit of everything over HTTP or stdio, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-server-tokio -- --help
//! ```
//!
//! What it offers is in `everything/`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::{delay, everything};
use mcp_tokio::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    everything::run(TokioRuntime::new(), delay::tokio, mcp_tokio::terminated()).await
}
