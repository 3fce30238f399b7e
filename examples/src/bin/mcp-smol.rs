//! A client for people, on smol: the same program as `mcp`.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin mcp-smol -- --help
//! ```

use std::process::ExitCode;

use mcp_examples::cli::{self, Surroundings};
use mcp_smol::SmolRuntime;

fn main() -> ExitCode {
    smol::block_on(cli::run::<SmolRuntime>(Surroundings {
        sleep: |duration| {
            Box::pin(async move {
                smol::Timer::after(duration).await;
            })
        },
        interrupted: || Box::pin(mcp_smol::terminated()),
    }))
}
