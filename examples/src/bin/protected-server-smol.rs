//! A server that only serves who has a token, on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin protected-server-smol -- --help
//! ```
//!
//! What it protects, and how, is in `protected.rs`, and the same for every runtime.

use std::process::ExitCode;

use mcp_examples::protected;
use mcp_smol::SmolRuntime;

fn main() -> ExitCode {
    smol::block_on(protected::run(SmolRuntime::new(), mcp_smol::terminated()))
}
