//! A client for people, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin mcp -- --help
//! ```
//!
//! What it does is in `cli/`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::cli::{self, Surroundings};
use mcp_examples::delay;
use mcp_tokio::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run::<TokioRuntime>(Surroundings {
        sleep: delay::tokio,
        interrupted: || Box::pin(mcp_tokio::terminated()),
    })
    .await
}
