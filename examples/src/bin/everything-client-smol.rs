//! A client with a bit of everything on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-client-smol -- --help
//! ```
//!
//! What it does is in `everything_client/`, and the same for every runtime; here is what differs.

use std::process::ExitCode;

use mcp_examples::everything_client;
use mcp_smol::{Client, SmolRuntime};

fn main() -> ExitCode {
    let client = Client::builder("everything-client", env!("CARGO_PKG_VERSION"));
    smol::block_on(everything_client::run(client, SmolRuntime::new()))
}
