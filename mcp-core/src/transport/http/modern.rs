//! Requests of the modern era: no session, no handshake, everything in the request.

use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::refusal::failure;
use super::upload::Posted;
use crate::jsonrpc::{ErrorCode, ErrorObject, Incoming, Message, RawJson};
use crate::revision::Revision;
use crate::time::Instant;

/// A request of the modern era, ready to be worked on.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModernRequest {}

/// Takes a message of the modern era. There is no such era yet, and its sender is told so.
pub(super) fn accept<A>(
    _now: Instant,
    _headers: &HeaderMap,
    incoming: Incoming,
    _bytes: usize,
) -> Posted<A> {
    #[derive(Serialize)]
    struct Data {
        supported: [&'static str; 4],
    }
    let id = match incoming {
        Incoming::Message(Message::Request(request)) => Some(request.id),
        _ => None,
    };
    let code = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
    let error = ErrorObject::new(code, "Unsupported protocol version");
    let error =
        match RawJson::from_value(&Data { supported: Revision::LEGACY.map(Revision::as_str) }) {
            Ok(data) => error.with_data(data),
            Err(_) => error,
        };
    Posted::Refused(failure(StatusCode::BAD_REQUEST, id.as_ref(), &error))
}
