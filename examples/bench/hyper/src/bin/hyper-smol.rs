//! Bare hyper on smol, with the sockets and the executor of our own server there: what is left is
//! the runtime.

use mcp_core::driver::{Listener, Platform, Runtime};
use mcp_smol::SmolRuntime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (address, server) = bench_hyper::from_arguments()?;
    let runtime = SmolRuntime::new();
    let (mut listener, _) = smol::block_on(runtime.bind(&address))?;
    let serving = async move {
        loop {
            runtime.spawn(server.serve(listener.accept().await?));
        }
    };
    let served: std::io::Result<()> = smol::block_on(runtime.run(serving));
    Ok(served?)
}
