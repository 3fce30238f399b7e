//! The Model Context Protocol on [smol](https://docs.rs/smol).
//!
//! ```no_run
//! use mcp_smol::app::{Context, Server};
//! use mcp_smol::model::Tool;
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Add {
//!     a: f64,
//!     b: f64,
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tool = Tool::new("add").with_description("Adds two numbers");
//!     let server = Server::builder("demo", "1.0")
//!         .tool(tool, |args: Add, _cx: Context| async move { Ok((args.a + args.b).to_string()) })
//!         .build()?;
//!     let serving = mcp_smol::serve(server).until(mcp_smol::terminated());
//!     smol::block_on(serving.http("127.0.0.1:8000"))?;
//!     Ok(())
//! }
//! ```
//!
//! Everything that does not depend on the runtime is [`mcp_core`], re-exported here; what is
//! here has the same names in `mcp-tokio`.
//!
//! # Features
//!
//! `server`, `client`, `tls`, `ask` (handlers ask clients for input), `tasks` (calls go on as
//! tasks), `schemars` (input schemas from argument types) and `signal` (`terminated`) are on by
//! default. A server with `default-features = false` and `server` alone is the smallest: its tools
//! answer by themselves and bring their schemas, by `ServerBuilder::raw_tool`.

#[cfg(feature = "client")]
mod child;
mod executor;
mod http_server;
mod io;
#[cfg(feature = "client")]
mod net;
mod rt;
#[cfg(feature = "signal")]
mod signal;
mod stdio;
mod tcp;

#[cfg(feature = "client")]
pub use child::SmolChild;
pub use http_server::TcpListener;
pub use io::SmolIo;
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
pub use rt::{Sleep, SmolRuntime};
#[cfg(feature = "signal")]
pub use signal::terminated;
pub use tcp::TcpStream;

/// Serves a handler: set what differs from the defaults, then choose a transport.
#[cfg(feature = "server")]
pub fn serve<H: Handler>(handler: H) -> Serve<SmolRuntime, H> {
    Serve::new(SmolRuntime::new(), handler)
}

/// A connection to a server, on smol.
#[cfg(feature = "client")]
pub type Client = driver::client::Client<SmolRuntime>;
