//! Applications: tools, resources and prompts, and the handlers behind them.

mod connection;
mod context;
mod handler;

pub use connection::Connection;
pub use context::Context;
pub use handler::{Handler, Peer, PeerAnswer};
