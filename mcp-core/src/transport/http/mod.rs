//! HTTP as a state machine: request heads and body bytes go in, response heads and body bytes
//! come out.
//!
//! [`HttpServer::begin`] judges a request by its head and says what to do next; nothing of the
//! body is read before that. [`HttpClient`] is the other end: requests come out of it, answers go
//! in. The caller owns sockets, clocks and tasks.

mod access;
mod admit;
mod budget;
#[cfg(feature = "client")]
mod client;
mod config;
mod cors;
mod event_stream;
mod events;
mod exchange;
mod head;
mod mcp;
mod mcp_stream;
mod metadata;
mod modern;
mod modern_answer;
mod moving;
mod pieces;
mod refusal;
mod room;
mod schedule;
mod server;
mod session_id;
mod sessions;
mod streams;
mod upload;

pub use access::{Hosts, Origins};
pub use admit::{PendingAuth, Protection};
#[cfg(feature = "client")]
pub use client::{
    Challenge, DroppedTool, Failure, Fetch, FetchId, HttpClient, HttpClientConfig, HttpClientEvent,
    HttpClientLimits, HttpFault, InvalidClientConfig, InvalidUrl, Known, Reconnection,
    RedirectRefusal, Transport,
};
pub use config::{HttpConfig, SsePaths};
pub use cors::Cors;
pub use event_stream::EventStream;
pub use events::{EventId, EventLog, EventStore, MemoryEvents};
pub use exchange::{Answer, Exchange};
pub use mcp_stream::McpStream;
pub use modern::{ModernCall, ModernNotice};
pub use modern_answer::{ModernAnswer, Payload};
pub use server::{Admission, HttpServer};
pub use session_id::SessionId;
pub use sessions::{Slot, SlotGuard};
pub use upload::{Posted, Upload};
