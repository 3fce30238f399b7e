//! What a peer hears that asks for something at the wrong time.

use serde::Serialize;

use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson};

/// A refusal for reasons of our own; the same request can succeed later.
pub(super) fn busy(message: &'static str, reason: &'static str) -> ErrorObject {
    #[derive(Serialize)]
    struct Data {
        reason: &'static str,
        retryable: bool,
    }
    let error = ErrorObject::internal(message);
    match RawJson::from_value(&Data { reason, retryable: true }) {
        Ok(data) => error.with_data(data),
        Err(_) => error,
    }
}

/// What a peer hears whose request the application left lying.
pub(super) fn unanswered() -> ErrorObject {
    ErrorObject::internal("Internal error: the request was not answered in time")
}

/// What a server hears that asked on behalf of a request of ours that is no longer wanted.
#[cfg(feature = "client")]
pub(super) fn withdrawn() -> ErrorObject {
    ErrorObject::internal("Internal error: the request that this is part of was cancelled")
}

/// What a peer hears that names a request anew that is not answered yet.
pub(super) fn duplicate_id() -> ErrorObject {
    ErrorObject::new(
        ErrorCode::INVALID_REQUEST,
        "Invalid request: the id is in use by a request that is not answered yet",
    )
}
