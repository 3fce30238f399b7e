//! A client for people, on smol: the same program as `mcp`.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin mcp-smol -- --help
//! ```

use std::process::ExitCode;

use mcp_examples::cli::{self, Surroundings};
use mcp_examples::delay;
use mcp_smol::SmolRuntime;

fn main() -> ExitCode {
    smol::block_on(cli::run::<SmolRuntime>(Surroundings {
        sleep: delay::smol,
        interrupted: || Box::pin(mcp_smol::terminated()),
    }))
}
