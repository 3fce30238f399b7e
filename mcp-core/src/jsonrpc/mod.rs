//! JSON-RPC 2.0 as the protocol uses it: envelopes in, frames out, nothing interpreted.
//!
//! [`Incoming::parse`] reads an envelope without touching what it carries: `params` and `result`
//! stay slices of the bytes that arrived ([`RawJson`]), so they can be handed on byte for byte.
//! [`Frame`] is an encoded message that no transport can split by accident.

mod code;
mod depth;
mod envelope;
mod error;
mod frame;
mod params;
mod raw;
mod scan;
mod splice;

pub use code::ErrorCode;
pub use envelope::{
    EnvelopeError, EnvelopeErrorKind, EnvelopeLimits, Incoming, Message, Notification, Outcome,
    Request, Response,
};
pub use error::{ErrorObject, Reply};
pub use frame::{Chunks, Frame};
pub use params::Params;
pub(crate) use params::{Found, Member, Members, read_json, text_of};
pub use raw::{InvalidJson, RawJson, Text};
pub(crate) use scan::position;
#[cfg(feature = "std")]
pub(crate) use splice::json_with_meta_member;
#[cfg(any(feature = "client", feature = "std"))]
pub(crate) use splice::with_member;
pub(crate) use splice::with_meta_member;
#[cfg(feature = "client")]
pub(crate) use splice::with_meta_members;
