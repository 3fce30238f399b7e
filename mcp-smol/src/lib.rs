//! The Model Context Protocol on [smol](https://docs.rs/smol).
//!
//! Everything that does not depend on the runtime is [`mcp_core`], re-exported here; what is
//! here has the same names in `mcp-tokio`.

mod http_server;
mod io;
mod rt;
mod signal;
mod stdio;

pub use http_server::TcpListener;
pub use io::SmolIo;
use mcp_core::app::Handler;
pub use mcp_core::driver::{Bound, HttpOptions, HttpService, Serve, Shutdown};
pub use mcp_core::*;
pub use rt::{Sleep, SmolRuntime};
pub use signal::terminated;

/// Serves a handler: set what differs from the defaults, then choose a transport.
pub fn serve<H: Handler>(handler: H) -> Serve<SmolRuntime, H> {
    Serve::new(SmolRuntime::new(), handler)
}
