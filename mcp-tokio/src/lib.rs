//! The Model Context Protocol on [tokio](https://tokio.rs).
//!
//! ```no_run
//! use mcp_tokio::app::{Context, Server};
//! use mcp_tokio::model::Tool;
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Add {
//!     a: f64,
//!     b: f64,
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tool = Tool::new("add").with_description("Adds two numbers");
//!     let server = Server::builder("demo", "1.0")
//!         .tool(tool, |args: Add, _cx: Context| async move { Ok((args.a + args.b).to_string()) })
//!         .build()?;
//!     mcp_tokio::serve(server).until(mcp_tokio::terminated()).http("127.0.0.1:8000").await?;
//!     Ok(())
//! }
//! ```
//!
//! Everything that does not depend on the runtime is [`mcp_core`], re-exported here; what is
//! here has the same names in `mcp-smol`.
//!
//! # Features
//!
//! `server`, `client`, `tls`, `ask` (handlers ask clients for input), `tasks` (calls go on as
//! tasks), `schemars` (input schemas from argument types) and `signal` (`terminated`) are on by
//! default. A server with `default-features = false` and `server` alone is the smallest: its tools
//! answer by themselves and bring their schemas, by `ServerBuilder::raw_tool`.

#[cfg(feature = "client")]
mod child;
mod http_server;
#[cfg(feature = "client")]
mod net;
mod rt;
#[cfg(feature = "signal")]
mod signal;
mod stdio;

#[cfg(feature = "client")]
pub use child::TokioChild;
pub use http_server::TcpListener;
#[cfg(feature = "server")]
use mcp_core::app::Handler;
#[cfg(feature = "skills")]
pub use mcp_core::driver::client::LoadedSkill;
#[cfg(feature = "client")]
pub use mcp_core::driver::client::{
    Call, ClientBuilder, ClientError, Command, NetOptions, Notification, OAuth, Proxies, Stderr,
    Subscription, Tls,
};
pub use mcp_core::driver::{Bound, HttpOptions, HttpService, Serve, Shutdown};
pub use mcp_core::*;
pub use rt::TokioRuntime;
#[cfg(feature = "signal")]
pub use signal::terminated;
pub use stdio::Stdin;

/// Serves a handler: set what differs from the defaults, then choose a transport.
#[cfg(feature = "server")]
pub fn serve<H: Handler>(handler: H) -> Serve<TokioRuntime, H> {
    Serve::new(TokioRuntime::new(), handler)
}

/// A connection to a server, on tokio.
#[cfg(feature = "client")]
pub type Client = driver::client::Client<TokioRuntime>;
