//! A server that only serves who has a token, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin protected-server-tokio -- --help
//! ```
//!
//! What it protects, and how, is in `protected.rs`, and the same for every runtime.

use std::process::ExitCode;

use mcp_examples::protected;
use mcp_tokio::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    protected::run(TokioRuntime::new(), mcp_tokio::terminated()).await
}
