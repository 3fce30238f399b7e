//! A client with a bit of everything over HTTP, on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-client-smol -- --help
//! ```
//!
//! What it does is in `everything_client/`, and the same for every runtime; here is what differs.

use std::error::Error;

use mcp_examples::everything_client::{self, options};
use mcp_smol::driver::Platform;
use mcp_smol::{Client, SmolRuntime};

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let options = options::from_env();
        let client = Client::builder("everything-client", env!("CARGO_PKG_VERSION"));
        everything_client::run(client, SmolRuntime::new().seed()?, options).await
    })
}
