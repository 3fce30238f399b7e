//! A server with hundreds of tools over HTTP+SSE or stdio, on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin catalog-server-smol -- --help
//! ```
//!
//! The tools are in `catalog.rs`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::{catalog, delay};
use mcp_smol::SmolRuntime;

fn main() -> ExitCode {
    smol::block_on(catalog::run(SmolRuntime::new(), delay::smol, mcp_smol::terminated()))
}
