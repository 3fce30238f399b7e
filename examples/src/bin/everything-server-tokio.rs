//! A server with a bit of everything over HTTP or stdio, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-server-tokio -- --help
//! ```
//!
//! What it offers is in `everything/`, and the same for every runtime; here is what differs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use mcp_examples::everything::{self, options};

#[tokio::main]
async fn main() -> io::Result<()> {
    let transport = options::from_env();
    let server = everything::build(sleep).map_err(io::Error::other)?;
    // SIGTERM and Ctrl-C let what is in flight finish.
    let server = mcp_tokio::serve(server).until(mcp_tokio::terminated());
    let Some(address) = transport else {
        return server.stdio().await;
    };
    let server = server.bind(&address).await?;
    println!("{}", options::welcome(server.local_addr()));
    server.serve().await;
    Ok(())
}

fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(tokio::time::sleep(duration))
}
