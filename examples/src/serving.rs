//! How the example servers are served: over HTTP at an address, or over standard input and output.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use mcp_core::app::Handler;
use mcp_core::driver::{Platform, Serve};

/// Serves until the server has stopped; `welcome` is what to tell the person who started it.
pub(crate) async fn serve<P: Platform, H: Handler>(
    server: Serve<P, H>,
    address: Option<&str>,
    welcome: impl FnOnce(SocketAddr) -> String,
) -> io::Result<()> {
    let Some(address) = address else {
        return server.stdio().await;
    };
    let server = server.bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })?;
    println!("{}", welcome(server.local_addr()));
    server.serve().await;
    Ok(())
}

/// Tells a person what went wrong, if anything did.
pub(crate) fn ended(outcome: io::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
