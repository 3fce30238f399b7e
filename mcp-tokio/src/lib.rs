//! The Model Context Protocol on [tokio](https://tokio.rs).
//!
//! ```no_run
//! use mcp_tokio::app::{Context, Server};
//! use mcp_tokio::model::Tool;
//!
//! # #[derive(serde::Deserialize)] struct Add { a: f64, b: f64 }
//! # fn build() {}
//! ```
//!
//! Everything that does not depend on the runtime is [`mcp_core`], re-exported here; what is
//! here has the same names in `mcp-smol`.

mod http_server;
mod rt;
mod signal;
mod stdio;

pub use http_server::TcpListener;
use mcp_core::app::Handler;
pub use mcp_core::driver::{Bound, HttpOptions, HttpService, Serve, Shutdown};
pub use mcp_core::*;
pub use rt::TokioRuntime;
pub use signal::terminated;
pub use stdio::Stdin;

/// Serves a handler: set what differs from the defaults, then choose a transport.
pub fn serve<H: Handler>(handler: H) -> Serve<TokioRuntime, H> {
    Serve::new(TokioRuntime::new(), handler)
}
