//! A server with hundreds of tools over HTTP+SSE or stdio, on tokio.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin catalog-server-tokio -- --help
//! ```
//!
//! The tools are in `catalog.rs`, and the same for every runtime; here is what differs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use mcp_examples::catalog;
use mcp_examples::delay::Delay;
use mcp_examples::options::Options;

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::from_env();
    let catalog = catalog::build(options.tools, sleep).map_err(io::Error::other)?;
    let handler = Delay::new(catalog, sleep, options.init_delay, options.list_delay);
    // SIGTERM and Ctrl-C let what is in flight finish.
    let server = options.apply(mcp_tokio::serve(handler)).until(mcp_tokio::terminated());
    let Some(address) = &options.http else {
        return server.stdio().await;
    };
    let server = server.bind(address).await?;
    println!("{}", options.welcome(server.local_addr()));
    server.serve().await;
    Ok(())
}

fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(tokio::time::sleep(duration))
}
