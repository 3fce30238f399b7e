//! What goes in and out of a client's session.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::RequestError;
use crate::id::{RequestHandle, RequestKey};
use crate::jsonrpc::{ErrorObject, Frame, RawJson};
use crate::lifecycle::NotificationMethod;
use crate::model::{Implementation, ServerCapabilities};
use crate::revision::Revision;
use crate::session::{CancelReason, IncomingRequest, Lane};

/// Our name for a frame that was given to the transport; unique in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransmitKey(pub(super) u64);

impl TransmitKey {
    /// The lane of the answer, for transports on which every frame has an exchange of its own.
    ///
    /// Frames that come in on it are then known to belong to the request the exchange was made
    /// for, whatever they say themselves.
    #[must_use]
    pub const fn lane(self) -> Lane {
        Lane::Exchange(self.0)
    }
}

/// What a frame is to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransmitKind {
    /// `server/discover`, sent to learn the server's era.
    Probe,
    /// `initialize`.
    Initialize,
    /// `notifications/initialized`. Nothing else leaves before
    /// [`handle_sent`](super::ClientSession::handle_sent) is called for it.
    Initialized,
    /// A request.
    Request(RequestHandle),
    /// `notifications/cancelled` for a request of ours, or for nothing in particular if the
    /// application sends one itself. Over HTTP in the modern era, closing the request's exchange
    /// takes its place (SHTTP-M11).
    Cancel(RequestHandle),
    /// Any other notification.
    Notification,
    /// The answer to a request of the server.
    Response,
}

/// A frame for the server.
///
/// Whoever takes it tells what became of it: [`handle_sent`](super::ClientSession::handle_sent),
/// [`handle_not_sent`](super::ClientSession::handle_not_sent),
/// [`handle_lost`](super::ClientSession::handle_lost) or
/// [`handle_session_gone`](super::ClientSession::handle_session_gone).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientTransmit {
    /// Names the frame.
    pub key: TransmitKey,
    /// What it is.
    pub kind: TransmitKind,
    /// The revision it is written in; none for `initialize`, which proposes one.
    pub revision: Option<Revision>,
    /// The method, unless it is a response.
    pub method: Option<Cow<'static, str>>,
    /// The parameters as they stand in the frame.
    pub params: Option<RawJson>,
    /// For a cancellation: the frame the request left in.
    pub cancels: Option<TransmitKey>,
    /// What to write.
    pub frame: Frame,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Server {
    /// The revision both sides speak.
    pub revision: Revision,
    /// What the server offers.
    pub capabilities: ServerCapabilities,
    /// What the server calls itself, if it does. Self-reported: decide nothing on it.
    pub info: Option<Implementation>,
    /// How to use the server, for the model.
    pub instructions: Option<String>,
}

impl Server {
    pub(super) const fn new(revision: Revision, capabilities: ServerCapabilities) -> Self {
        Self { revision, capabilities, info: None, instructions: None }
    }
}

/// Why a client's session ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCloseReason {
    /// The application closed it.
    #[error("the session was closed")]
    Local,
    /// The transport is gone.
    #[error("there is no connection to the server")]
    Disconnected,
    /// The handshake was not done in time.
    #[error("the server did not complete the handshake in time")]
    HandshakeTimeout,
    /// The server refused the handshake.
    #[error("the server refused the handshake: {0}")]
    Refused(ErrorObject),
    /// The server speaks no revision that we speak; these are the ones it named (VER-06).
    #[error("no protocol revision in common: the server speaks {}", list(.0))]
    UnsupportedVersion(Vec<String>),
    /// The server's answer to the handshake is none.
    #[error("the server's answer to the handshake is invalid: {0}")]
    InvalidHandshake(String),
    /// The server forgets the session again and again.
    #[error("the server forgets the session before the handshake is done")]
    TooManyRestarts,
    /// The transport does not take what it is given.
    #[error("the server does not read what it is sent")]
    Stalled,
}

fn list(versions: &[String]) -> String {
    if versions.is_empty() { "none that it names".into() } else { versions.join(", ") }
}

/// What a client's session tells its application.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server is known and requests leave. Comes again after a restart.
    Ready(Box<Server>),
    /// A request of the server, or input that a request of ours needs: answer with
    /// [`ClientSession::respond`](super::ClientSession::respond).
    Request(IncomingRequest),
    /// Stop working on a request; an answer is no longer wanted.
    Cancelled(RequestKey, CancelReason),
    /// The server reports something.
    Notification {
        /// What happened.
        method: NotificationMethod,
        /// An object, or absent.
        params: Option<RawJson>,
        /// The request it belongs to, a subscription in most cases.
        about: Option<RequestHandle>,
    },
    /// The server works on a request; these are the parameters of its notification.
    Progress(RequestHandle, RawJson),
    /// A request of ours ended. There is one for each, and it is the last of it.
    Response(RequestHandle, Result<RawJson, RequestError>),
    /// The session is over. It is the last event.
    Closed(ClientCloseReason),
}
