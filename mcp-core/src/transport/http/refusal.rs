//! Requests that are turned away: the status, and a body that says why in JSON-RPC.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::access::Denied;
use crate::auth::{Challenge, Reason, ResourceServer};
use crate::id::RequestId;
use crate::jsonrpc::{EnvelopeError, ErrorCode, ErrorObject, Frame};

/// Why a request was turned away.
#[derive(Debug)]
pub(super) enum Refusal {
    Denied(Denied),
    UnknownPath,
    MethodNotAllowed(&'static str),
    NotAcceptable,
    NeedsBoth,
    NotJson,
    TooLarge {
        limit: usize,
    },
    NoSessionId,
    UnknownSession,
    TooManySessions,
    SessionUnavailable,
    ShuttingDown,
    Busy,
    UnwantedResponse,
    Malformed(EnvelopeError),
    /// What it says of itself cannot be read.
    Unreadable(ErrorObject),
    /// Its token is missing, or not good enough.
    Challenged(Challenge, &'static str),
    CannotVerify,
    UploadsFull,
}

impl Refusal {
    /// What a protected server says to whom it does not serve.
    pub(super) fn challenge(resource: &ResourceServer, reason: &Reason) -> Self {
        let message = match reason {
            Reason::NoToken => {
                "Unauthorized: send a bearer token in Authorization; WWW-Authenticate says where \
                 to get one"
            }
            Reason::MalformedRequest => {
                "Bad Request: one Authorization header with one bearer token is required, and no \
                 token in the URI"
            }
            Reason::InvalidToken => {
                "Unauthorized: the token has expired, or is not for this server; get a new one"
            }
            Reason::InsufficientScope(_) => {
                "Forbidden: the token lacks a scope; WWW-Authenticate names those that are needed"
            }
        };
        Self::Challenged(resource.challenge(reason), message)
    }

    /// The response to a request whose body was not read, or has no id to echo.
    pub(super) fn into_response(self) -> Response<Bytes> {
        self.into_response_to(None)
    }

    /// The response to a request with this id.
    pub(super) fn into_response_to(self, id: Option<&RequestId>) -> Response<Bytes> {
        let (status, message): (_, &'static str) = match &self {
            Self::Denied(Denied::NoHost) => {
                (StatusCode::BAD_REQUEST, "Bad Request: exactly one Host header is required")
            }
            Self::Denied(Denied::Host) => (
                StatusCode::FORBIDDEN,
                "Forbidden: this server does not answer to that Host; its operator can allow it",
            ),
            Self::Denied(Denied::Origin) => (
                StatusCode::FORBIDDEN,
                "Forbidden: this Origin may not call the server; its operator can allow it",
            ),
            Self::UnknownPath => (StatusCode::NOT_FOUND, "Not Found: there is no endpoint here"),
            Self::MethodNotAllowed(_) => {
                (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed: see the Allow header")
            }
            Self::NotAcceptable => {
                (StatusCode::NOT_ACCEPTABLE, "Not Acceptable: the answer is text/event-stream")
            }
            Self::NeedsBoth => (
                StatusCode::NOT_ACCEPTABLE,
                "Not Acceptable: accept both application/json and text/event-stream",
            ),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported Media Type: the body must be application/json",
            ),
            Self::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large: the message exceeds the limit")
            }
            Self::NoSessionId => (
                StatusCode::BAD_REQUEST,
                "Bad Request: session_id is missing; POST to the URI from the endpoint event",
            ),
            Self::UnknownSession => (
                StatusCode::NOT_FOUND,
                "Session not found: it has ended; open a new one and initialize",
            ),
            Self::TooManySessions => {
                (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable: too many sessions")
            }
            Self::SessionUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable: the session cannot be brought here now; try again",
            ),
            Self::ShuttingDown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable: the server is shutting down",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable: the session is busy; read its event stream and try again",
            ),
            Self::UnwantedResponse => (
                StatusCode::BAD_REQUEST,
                "Bad Request: the server asked nothing; since 2026-07-28 it never does",
            ),
            Self::Malformed(_) | Self::Unreadable(_) => (StatusCode::BAD_REQUEST, ""),
            Self::Challenged(challenge, message) => (challenge.status, *message),
            Self::CannotVerify => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable: the token cannot be verified now; try again",
            ),
            Self::UploadsFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable: too many bytes are being received; try again",
            ),
        };
        let mut response = match &self {
            Self::Malformed(error) => failure(status, error.id(), &error.to_error()),
            Self::Unreadable(error) => failure(status, id, error),
            Self::TooLarge { limit } => {
                failure(status, id, &EnvelopeError::too_large(*limit).to_error())
            }
            _ => failure(status, id, &ErrorObject::new(ErrorCode::INVALID_REQUEST, message)),
        };
        let headers = response.headers_mut();
        match self {
            Self::MethodNotAllowed(allowed) => {
                headers.insert(ALLOW, HeaderValue::from_static(allowed));
            }
            Self::Challenged(challenge, _) => {
                let (name, value) = challenge.header();
                headers.insert(name, value);
            }
            _ => {}
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A status with a JSON-RPC error that says why.
pub(super) fn failure(
    status: StatusCode,
    id: Option<&RequestId>,
    error: &ErrorObject,
) -> Response<Bytes> {
    let mut response = json(Frame::error(id, error).into_bytes());
    *response.status_mut() = status;
    response
}

/// The answer to a message that wants none.
pub(super) fn accepted() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A JSON body.
pub(super) fn json<B>(body: B) -> Response<B> {
    json_in(&mut HeaderMap::new(), body)
}

/// The same, with the headers in the room of others, if those are cleared.
pub(super) fn json_in<B>(room: &mut HeaderMap, body: B) -> Response<B> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if room.is_empty() {
        core::mem::swap(headers, room);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
