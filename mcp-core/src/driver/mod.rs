//! The async glue, written once for every runtime.
//!
//! A runtime crate supplies a [`Runtime`], byte streams that implement [`hyper::rt::Read`] and
//! [`hyper::rt::Write`], and a [`Listener`]; everything else is here.

#[cfg(feature = "client-driver")]
pub mod client;
mod engine;
mod http_body;
mod http_connection;
mod http_listen;
mod http_service;
mod lines;
mod links;
mod modern;
mod peer;
mod runtime;
mod serve;
mod session_store;
mod shutdown;
mod station;
mod stdio;
mod timer;
mod verify;

pub use http_body::Body;
pub use http_listen::{HttpOptions, Listener, serve_http};
pub use http_service::{HttpService, ServiceFuture};
pub use runtime::Runtime;
pub use serve::{Bound, Platform, Serve};
pub use session_store::SessionStore;
pub use shutdown::{Shutdown, Started};
pub use stdio::serve_stdio;
pub use verify::TokenVerifier;
