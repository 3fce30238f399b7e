//! A client with a bit of everything over HTTP, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-client-tokio -- --help
//! ```
//!
//! What it does is in `everything_client/`, and the same for every runtime; here is what differs.

use std::error::Error;

use mcp_examples::everything_client::{self, options};
use mcp_tokio::driver::Platform;
use mcp_tokio::{Client, TokioRuntime};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options::from_env();
    let client = Client::builder("everything-client", env!("CARGO_PKG_VERSION"));
    everything_client::run(client, TokioRuntime::new().seed()?, options).await
}
