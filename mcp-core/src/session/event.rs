//! What goes in and out of a session.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::time::Duration;

use crate::error::RequestError;
use crate::id::{ProgressToken, RequestHandle, RequestId, RequestKey, RequestTicket};
use crate::jsonrpc::{Frame, Params, RawJson};
use crate::lifecycle::{Method, NotificationMethod};
use crate::model::{ClientCapabilities, Implementation};
use crate::modern::{Caller, ModernNotification};
use crate::revision::Revision;

/// The stream a frame came on or must leave on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// The one stream that lasts as long as the session: standard output, or the event stream
    /// of HTTP+SSE.
    Standing,
    /// The answer to one HTTP exchange.
    Exchange(u64),
}

/// A frame to write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// Where it must leave.
    pub lane: Lane,
    /// What to write.
    pub frame: Frame,
}

/// The right to answer `initialize`, once.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "the client waits for an answer"]
pub struct InitializeTicket(pub(super) ());

/// A message of our own, before it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outgoing {
    /// The method.
    pub method: Cow<'static, str>,
    /// An object, or absent.
    pub params: Option<RawJson>,
    /// The request of the client it belongs to; it then leaves on that request's lane.
    pub about: Option<RequestKey>,
    /// For requests: how long to wait for the answer. Default
    /// [`Timeouts::outbound`](crate::config::Timeouts::outbound).
    pub timeout: Option<Duration>,
    /// For requests: whether the peer should report progress.
    pub progress: bool,
    /// For requests: whether doing it twice is as good as doing it once, so that a client may
    /// send it again when nobody knows what became of it. Methods that only read need not say so.
    pub idempotent: bool,
    /// For requests: whether an answer that a client has kept will do.
    pub cached: bool,
}

impl Outgoing {
    /// A message that belongs to no request of the client.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, params: Option<RawJson>) -> Self {
        Self {
            method: method.into(),
            params,
            about: None,
            timeout: None,
            progress: false,
            idempotent: false,
            cached: true,
        }
    }

    /// Ties the message to a request of the client.
    #[must_use]
    pub const fn about(mut self, request: RequestKey) -> Self {
        self.about = Some(request);
        self
    }

    /// Sets how long to wait for the answer.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says that doing it twice is as good as doing it once.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Wants a fresh answer, not one that has been kept.
    #[must_use]
    pub const fn uncached(mut self) -> Self {
        self.cached = false;
        self
    }

    /// Asks the peer to report progress, which also gives it more time to answer: a progress
    /// token is added to the parameters unless they have one.
    #[must_use]
    pub const fn with_progress(mut self) -> Self {
        self.progress = true;
        self
    }
}

/// A request of the peer that is ready to be worked on.
#[derive(Debug)]
#[non_exhaustive]
pub struct IncomingRequest {
    /// Answers it.
    pub ticket: RequestTicket,
    /// Its name on the wire; for input that a request of ours needs, its key there.
    pub id: RequestId,
    /// What to do.
    pub method: Method,
    /// An object, or absent.
    pub params: Option<Params>,
    /// What to name in progress notifications, if the client wants any.
    pub progress_token: Option<ProgressToken>,
    /// How long it was held; zero if it was not.
    pub held_for: Duration,
    /// The stream it will be answered on.
    pub lane: Lane,
    /// Who sends it, for a request of the modern era: nothing else is known of its client, and
    /// nothing of the session's handshake holds for it.
    pub caller: Option<alloc::boxed::Box<Caller>>,
}

/// Why a request that came early was refused: `data.reason` of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EarlyRefusal {
    /// No handshake is in sight, or the policy is to refuse.
    NotInitialized,
    /// The handshake did not come in time.
    HoldTimeout,
    /// The hold queue is full, in number or in bytes, of the session or of the server.
    HoldQueueFull,
}

impl EarlyRefusal {
    /// The value of `data.reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotInitialized => "not_initialized",
            Self::HoldTimeout => "hold_timeout",
            Self::HoldQueueFull => "hold_queue_full",
        }
    }
}

/// Why the application must stop working on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// The peer said so, perhaps with a reason.
    Peer(Option<alloc::string::String>),
    /// It took longer than [`Timeouts::request`](crate::config::Timeouts::request).
    Deadline,
    /// The session takes no new requests, and this one would never end by itself. Its client has
    /// its answer.
    ShuttingDown,
    /// The request of ours that it is part of has ended.
    Withdrawn,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it.
    Local,
    /// The transport is gone: end of input, or the event stream was dropped.
    Disconnected,
    /// No successful `initialize` in time.
    HandshakeTimeout,
    /// Nothing came for too long.
    Idle,
    /// The client does not read what it is sent.
    Stalled,
}

/// Who is at the other end, from its `initialize`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Client {
    /// The revision both sides will speak.
    pub revision: Revision,
    /// What the client can be asked.
    pub capabilities: ClientCapabilities,
    /// What the client calls itself. Self-reported: decide nothing on it.
    pub info: Implementation,
}

impl Client {
    /// A client that speaks `revision`, for those who learn of it otherwise than by `initialize`.
    #[must_use]
    pub const fn new(
        revision: Revision,
        capabilities: ClientCapabilities,
        info: Implementation,
    ) -> Self {
        Self { revision, capabilities, info }
    }
}

/// What a session tells its application.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client wants to initialize: answer with
    /// [`ServerSession::accept`](super::ServerSession::accept),
    /// [`accept_written`](super::ServerSession::accept_written) or
    /// [`refuse`](super::ServerSession::refuse).
    Initialize(InitializeTicket, Arc<Client>),
    /// The handshake is complete: `notifications/initialized` has come.
    Initialized,
    /// A request to work on: answer with
    /// [`ServerSession::respond`](super::ServerSession::respond).
    Request(IncomingRequest),
    /// Stop working on a request; an answer is no longer wanted.
    Cancelled(RequestKey, CancelReason),
    /// The client reports something.
    Notification(NotificationMethod, Option<RawJson>),
    /// The same in the modern era: nothing of the session's handshake holds for it.
    ModernNotification(alloc::boxed::Box<ModernNotification>),
    /// A request of ours ended.
    Response(RequestHandle, Result<RawJson, RequestError>),
    /// The client works on a request of ours; these are the parameters of its notification.
    Progress(RequestHandle, RawJson),
    /// A request is being held.
    Held(RequestId),
    /// A request that came early was refused.
    Refused(RequestId, EarlyRefusal),
    /// The session is over. It is the last event.
    Closed(CloseReason),
}
