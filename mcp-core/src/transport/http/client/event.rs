//! What goes in and out of an HTTP client.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};

use super::{DroppedTool, InvalidUrl, RedirectRefusal};
use crate::id::RequestHandle;
use crate::session::ClientEvent;

/// Our name for one HTTP exchange; unique in its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub(super) u64);

/// An HTTP request to send.
///
/// Whoever takes it reports the answer with [`handle_head`](super::HttpClient::handle_head),
/// [`handle_data`](super::HttpClient::handle_data) and
/// [`handle_end`](super::HttpClient::handle_end), or
/// [`handle_failure`](super::HttpClient::handle_failure), and follows no redirect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fetch {
    /// Names the exchange.
    pub id: FetchId,
    /// What to send, to an absolute URI.
    pub request: Request<Bytes>,
    /// Whether credentials for the server may be put on it: not after a redirect to another
    /// origin.
    pub authorize: bool,
    /// Whether the answer is a stream that stays open for as long as there is a session: it
    /// should not keep others from being sent.
    pub lasting: bool,
}

/// How an exchange broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The request did not leave: no connection, or one that ended before the first byte.
    NotSent,
    /// It left at least in part; the answer did not come to its end.
    Broken,
}

/// The server wants other credentials than the request had, or any at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// 401 or 403.
    pub status: StatusCode,
    /// The `WWW-Authenticate` headers, in their order.
    pub www_authenticate: Vec<HeaderValue>,
    /// What was asked for.
    pub uri: Uri,
}

/// What an HTTP client tells its application, in the one order in which it happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpClientEvent {
    /// What the session tells.
    Session(ClientEvent),
    /// Get credentials, then call [`handle_authorized`](super::HttpClient::handle_authorized) or
    /// [`handle_unauthorized`](super::HttpClient::handle_unauthorized). The requests that were
    /// refused wait for it, and so do the deadlines of the session.
    Challenge(Challenge),
    /// Something went wrong on the level of HTTP. Where a request or the session ends for it,
    /// that is the next event.
    Fault {
        /// The request it happened to, if it was one.
        request: Option<RequestHandle>,
        /// What happened.
        fault: HttpFault,
    },
    /// Tools that were left out of the result that comes next (HDR-19).
    ToolsDropped(Vec<DroppedTool>),
}

/// What can go wrong on the level of HTTP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFault {
    /// No connection, or it broke.
    #[error("{}", match .0 { Failure::NotSent => "no connection to the server", Failure::Broken => "the connection broke" })]
    Connection(Failure),
    /// The server refused, and did not say why in JSON-RPC.
    #[error("the server answered {status}{}{text}", if text.is_empty() { "" } else { ": " })]
    Status {
        /// The status.
        status: StatusCode,
        /// The beginning of what it said.
        text: String,
    },
    /// The answer is neither JSON nor a stream of events, or not the one of them that it must be.
    #[error("the server answered with content of the wrong type: {found}")]
    ContentType {
        /// The type, or `none`.
        found: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A message of the server is none.
    #[error("the server sent a malformed message: {0}")]
    Malformed(String),
    /// The answer ended before the response was there, and cannot be had again.
    #[error("the answer ended without a response")]
    NoResponse,
    /// A redirect was not followed.
    #[error("{0}")]
    Redirect(#[from] RedirectRefusal),
    /// The stream of HTTP+SSE ended before it said where to send messages.
    #[error("the event stream ended before its `endpoint` event")]
    NoEndpoint,
    /// The `endpoint` event names no usable URL.
    #[error("the `endpoint` event names no usable URL: {0}")]
    Endpoint(InvalidUrl),
    /// The `endpoint` event names another origin, to which nothing is sent (SSE-07).
    #[error("the `endpoint` event names another origin: {0}")]
    EndpointOrigin(Uri),
    /// `Mcp-Session-Id` holds more than visible ASCII characters, and was ignored (SHTTP-L22).
    #[error("the server's session id is malformed")]
    SessionId,
    /// There are no credentials that the server takes.
    #[error("the server answered {status}, and there are no other credentials: {reason}")]
    Unauthorized {
        /// 401 or 403.
        status: StatusCode,
        /// Why there are none.
        reason: String,
    },
    /// A stream was opened again as often as may be and brought nothing.
    #[error("gave up on the event stream after {attempts} attempts")]
    GaveUp {
        /// How many.
        attempts: u32,
    },
}
