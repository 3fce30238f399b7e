//! Framing for the transports of the specification: stdio lines, server-sent events, HTTP.

pub mod sse;
pub mod stdio;
