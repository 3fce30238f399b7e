//! A server that only serves who has a token, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin protected-server-tokio -- --help
//! ```
//!
//! What it protects, and how, is in `protected.rs`, and the same for every runtime.

use std::io;

use mcp_examples::protected::{self, Options};

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::from_env();
    let origins = options.origins.clone();
    let server = mcp_tokio::serve(protected::build()?)
        .protected_by(options.resource()?, options.verifier())
        .http_config(move |http| {
            http.origins = origins.into_iter().fold(http.origins.clone(), |all, it| all.allow(it));
        })
        .until(mcp_tokio::terminated())
        .bind(&options.address)
        .await?;
    println!("Serving {} on http://{}/mcp", options.url, server.local_addr());
    server.serve().await;
    Ok(())
}
