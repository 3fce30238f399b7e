//! Applications: tools, resources and prompts, and the handlers behind them.
//!
//! A [`Server`] is put together by a [`ServerBuilder`] and given to a driver, which talks to it
//! through the [`Handler`] trait. There is no IO here and no runtime: handlers are functions that
//! return futures, and whoever drives them polls those.
//!
//! ```
//! use core::pin::pin;
//! use core::task::{Context as Polling, Poll, Waker};
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use mcp_core::app::{CallError, Connection, Context, Handler, Server};
//! use mcp_core::config::{EarlyRequests, SessionConfig};
//! use mcp_core::model::{RawObject, Tool};
//! use mcp_core::session::{Lane, ServerEvent, ServerSession};
//! use mcp_core::time::Instant;
//! # use mcp_core::app::{Peer, PeerAnswer};
//! # use mcp_core::error::{RequestError, SendError};
//! # use mcp_core::session::Outgoing;
//! # struct NoPeer;
//! # impl Peer for NoPeer {
//! #     fn notify(&self, item: Outgoing) -> Result<(), SendError<Outgoing>> {
//! #         Err(SendError::Closed(item))
//! #     }
//! #     fn request(&self, _: Outgoing) -> PeerAnswer {
//! #         Box::pin(async { Err(RequestError::NotSent) })
//! #     }
//! # }
//!
//! #[derive(serde::Deserialize)]
//! struct Divide {
//!     a: f64,
//!     by: f64,
//! }
//!
//! let schema: RawObject = r#"{"type":"object","properties":{"a":{"type":"number"},
//!     "by":{"type":"number"}},"required":["a","by"]}"#.parse()?;
//! let tool = Tool::new("divide").with_description("Divides a number").with_input_schema(schema);
//!
//! let server = Server::builder("calculator", "1.0")
//!     .instructions("Exact to 15 digits.")
//!     .raw_tool(tool, |args: Divide, _cx: Context| async move {
//!         if args.by == 0.0 {
//!             return Err(CallError::new("cannot divide by zero"));
//!         }
//!         Ok(format!("{}", args.a / args.by))
//!     })
//!     .build()?;
//!
//! // The rest is what a driver does, by hand.
//! let mut config = SessionConfig::new([]);
//! config.methods = server.methods();
//! config.early_requests = EarlyRequests::Serve;
//! let now = Instant::EPOCH;
//! let mut session = ServerSession::new(now, Arc::new(config));
//! let connection = Connection::new(NoPeer);
//! server.connected(&connection);
//!
//! let frame = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call",
//!     "params":{"name":"divide","arguments":{"a":1,"by":4}}}"#;
//! session.handle_frame(now, Lane::Standing, Bytes::from_static(frame.as_bytes()))?;
//! while let Some(event) = session.poll_event() {
//!     let ServerEvent::Request(request) = event else { continue };
//!     let cx = Context::new(connection.clone(), request.ticket.key(), request.progress_token);
//!     let mut call = pin!(server.call(cx, request.method, request.params));
//!     // Once to start it, and once for the work, which waits for nothing.
//!     let mut cx = Polling::from_waker(Waker::noop());
//!     let _ = call.as_mut().poll(&mut cx);
//!     if let Poll::Ready(reply) = call.as_mut().poll(&mut cx) {
//!         session.respond(now, request.ticket, reply);
//!     };
//! }
//! let answer = session.poll_transmit().map(|transmit| transmit.frame.to_bytes());
//! let expected = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"0.25"}]}}"#;
//! assert_eq!(answer.as_deref(), Some(expected.as_bytes()));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

use alloc::boxed::Box;
use core::pin::Pin;

#[cfg(feature = "ask")]
mod answer;
#[cfg(feature = "ask")]
mod ask;
mod audience;
mod builder;
mod changes;
mod completion;
mod connection;
mod context;
mod contract;
#[cfg(feature = "ask")]
mod conversation;
pub(crate) mod decode;
#[cfg(feature = "ask")]
mod digest;
mod dispatch;
mod error;
mod extension;
mod feature;
#[cfg(all(feature = "ask", feature = "schemars"))]
mod fields;
#[cfg(all(feature = "ask", feature = "schemars"))]
mod form;
mod greetings;
mod guard;
mod handler;
mod host;
#[cfg(feature = "ask")]
mod keys;
mod listen;
mod method;
mod prompt;
#[cfg(feature = "ask")]
mod questions;
mod resource;
#[cfg(feature = "ask")]
mod round;
#[cfg(not(feature = "ask"))]
#[path = "without/round.rs"]
mod round;
mod routes;
#[cfg(feature = "schemars")]
mod schema;
#[cfg(feature = "ask")]
mod seal;
mod server;
mod shelf;
#[cfg(feature = "tasks")]
mod task;
#[cfg(not(feature = "tasks"))]
#[path = "without/task.rs"]
mod task;
mod template;
#[cfg(all(test, feature = "ask"))]
mod tests;
mod tool;
#[cfg(feature = "validate")]
mod unique;

#[cfg(feature = "ask")]
pub use answer::Elicited;
#[cfg(feature = "ask")]
pub use ask::{Ask, Questions, ask_all};
pub use builder::ServerBuilder;
pub use changes::Changes;
pub use completion::CompletionInput;
pub use connection::Connection;
pub use context::{Context, Delivery};
pub use error::{AskError, CallError, ConfigError};
pub use feature::ClientFeature;
pub use handler::{Handler, Peer, PeerAnswer};
pub use host::Host;
pub use resource::ResourceOutput;
pub use server::Server;
#[cfg(feature = "tasks")]
pub use task::{MemoryTaskStore, TaskLimits, TaskOwner, TaskRecord, TaskStore, TaskStoreFull};
pub use template::{TemplateError, UriVariables};
#[cfg(feature = "schemars")]
pub use tool::Json;
pub use tool::ToolOutput;

use contract::Contract;

/// The work of a handler: the one allocation a call takes.
type Work<T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + Send>>;
