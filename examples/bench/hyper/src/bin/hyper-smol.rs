//! Bare hyper on smol, over the sockets our own server has there: what is left is the runtime.

use mcp_core::driver::{Listener, Platform};
use mcp_smol::SmolRuntime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (address, server) = bench_hyper::from_arguments()?;
    smol::block_on(async {
        let (mut listener, _) = SmolRuntime::new().bind(&address).await?;
        loop {
            smol::spawn(server.serve(listener.accept().await?)).detach();
        }
    })
}
