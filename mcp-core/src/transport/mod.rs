//! Framing for the transports of the specification: stdio lines, server-sent events, HTTP.

#[cfg(feature = "http")]
pub mod http;
pub mod sse;
pub mod stdio;
