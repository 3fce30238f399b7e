//! A server with hundreds of tools over HTTP+SSE or stdio, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin catalog-server-tokio -- --help
//! ```
//!
//! The tools are in `catalog.rs`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::{catalog, delay};
use mcp_tokio::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    catalog::run(TokioRuntime::new(), delay::tokio, mcp_tokio::terminated()).await
}
