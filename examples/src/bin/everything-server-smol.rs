//! A server with a bit of everything over HTTP or stdio, on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-server-smol -- --help
//! ```
//!
//! What it offers is in `everything/`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::{delay, everything};
use mcp_smol::SmolRuntime;

fn main() -> ExitCode {
    smol::block_on(everything::run(SmolRuntime::new(), delay::smol, mcp_smol::terminated()))
}
