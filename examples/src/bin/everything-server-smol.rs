//! A server with a bit of everything over HTTP or stdio, on smol.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin everything-server-smol -- --help
//! ```
//!
//! What it offers is in `everything/`, and the same for every runtime; here is what differs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use mcp_examples::everything::{self, options};

fn main() -> io::Result<()> {
    smol::block_on(run())
}

async fn run() -> io::Result<()> {
    let transport = options::from_env();
    let server = everything::build(sleep).map_err(io::Error::other)?;
    // SIGTERM and Ctrl-C let what is in flight finish.
    let server = mcp_smol::serve(server).until(mcp_smol::terminated());
    let Some(address) = transport else {
        return server.stdio().await;
    };
    let server = server.bind(&address).await?;
    println!("{}", options::welcome(server.local_addr()));
    server.serve().await;
    Ok(())
}

fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        smol::Timer::after(duration).await;
    })
}
