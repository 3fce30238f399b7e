//! Server-sent events, as HTTP+SSE (`2024-11-05/basic/transports#http-with-sse`) and Streamable
//! HTTP (`2025-11-25/basic/transports#streamable-http`) use them.
//!
//! The format is the one of the WHATWG HTML standard, section "Server-sent events". [`Decoder`]
//! reads it, [`EventFields`] and [`write_comment`] write it.

mod decoder;
mod encoder;

pub use decoder::{DEFAULT_MAX_EVENT_BYTES, DecodeError, Decoder, SseEvent};
pub use encoder::{EventFields, FieldError, MESSAGE_PREFIX, SUFFIX, write_comment};
