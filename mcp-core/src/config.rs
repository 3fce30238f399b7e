//! What can be set: bounds, deadlines, and what happens to requests that come too early.

mod client;

pub use client::{ClientConfig, ClientLimits, ClientTimeouts, Protocol};

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use crate::jsonrpc::{EnvelopeLimits, ErrorCode};
use crate::lifecycle::MethodSet;

/// What happens to a request that arrives before the handshake is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlyRequests {
    /// It waits for the gate, bounded in number, bytes and time. The default.
    #[default]
    Hold,
    /// It is refused at once with [`ErrorCode::NOT_INITIALIZED`].
    Refuse,
    /// It is served as if the session were initialized by a client without capabilities. For
    /// deployments whose clients reconnect and never initialize again.
    Serve,
}

/// When held requests are let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// When `InitializeResult` has been queued to leave. The default: from then on a client may
    /// send requests (`2025-11-25/basic/lifecycle#initialization`).
    #[default]
    InitializeResult,
    /// When `notifications/initialized` has come as well.
    Initialized,
}

/// Bounds of one session. Every queue has one, and meets it with a refusal, never by growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bounds on each incoming frame.
    pub envelope: EnvelopeLimits,
    /// Requests that may wait for the handshake. Default 256: a client that fires its whole
    /// start-up at once stays far below.
    pub held_requests: usize,
    /// Bytes of requests that may wait for the handshake. Default 1 MiB.
    pub held_bytes: usize,
    /// Requests being worked on. Default 1024; beyond it the session wants no input.
    pub in_flight: usize,
    /// Bytes of frames waiting to leave at which the session wants no more input. Default 4 MiB.
    pub outbox_bytes: usize,
    /// Bytes of frames waiting to leave at which the session is closed. Default 32 MiB: what
    /// requests that were in flight at [`Self::outbox_bytes`] may still add.
    pub outbox_bytes_max: usize,
    /// Frames waiting to leave at which the session wants no more input. Default 4096.
    pub outbox_frames: usize,
    /// Messages of our own that wait for a client to open its stream, where it may do without
    /// one. Default 256; beyond it they are handed back.
    pub parked_frames: usize,
    /// Bytes of such messages. Default 1 MiB.
    pub parked_bytes: usize,
    /// Messages of our own that wait for `initialized`. Default 256.
    pub deferred: usize,
    /// Requests of our own that wait for an answer. Default 256.
    pub outbound_requests: usize,
    /// Notifications that wait to be read on the answer to one request of the modern era. Default
    /// 256; beyond it they are handed back: a handler that is faster than its client need not be
    /// remembered word by word.
    pub exchange_frames: usize,
    /// Bytes of such notifications. Default 1 MiB.
    pub exchange_bytes: usize,
    /// Events that wait to be polled at which the session wants no more input; what only
    /// informs is then dropped and counted. Default 4096.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            envelope: EnvelopeLimits::default(),
            held_requests: 256,
            held_bytes: 1 << 20,
            in_flight: 1024,
            outbox_bytes: 4 << 20,
            outbox_bytes_max: 32 << 20,
            outbox_frames: 4096,
            parked_frames: 256,
            parked_bytes: 1 << 20,
            deferred: 256,
            outbound_requests: 256,
            exchange_frames: 256,
            exchange_bytes: 1 << 20,
            events: 4096,
        }
    }
}

/// Deadlines of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long a session's early requests wait, from the first of them. Default 2 s: longer
    /// than any handshake in progress, short enough for a client that will never initialize to
    /// be told.
    pub hold: Duration,
    /// How long a session may go without a successful `initialize` before it is closed. Default
    /// 60 s.
    pub handshake: Duration,
    /// How long a session may go without anything from the client and nothing in flight before
    /// it is closed. Default 12 h: an open stream alone does not keep a session alive, but a
    /// desktop client may well say nothing all night.
    pub idle: Duration,
    /// How long the application may take to answer a request. Default 1 h: it exists so that a
    /// lost ticket is found, not to cut long work short.
    pub request: Duration,
    /// How long a request of our own waits for an answer if it sets no deadline. Default 60 s.
    pub outbound: Duration,
    /// How much progress may stretch that wait in all. Default 10 min.
    pub outbound_max: Duration,
    /// How long a full outbox may stand still before the session is closed. Default 30 s.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(2),
            handshake: Duration::from_secs(60),
            idle: Duration::from_secs(12 * 60 * 60),
            request: Duration::from_secs(60 * 60),
            outbound: Duration::from_secs(60),
            outbound_max: Duration::from_secs(600),
            stall: Duration::from_secs(30),
        }
    }
}

/// Bytes that the hold queues of many sessions may take together.
///
/// Cloning shares the budget. Thousands of sessions could each stay within their own bound and
/// still take all the memory there is; this is the bound on their sum.
///
/// ```
/// use mcp_core::config::HoldBudget;
///
/// let budget = HoldBudget::new(64 << 20);
/// assert_eq!(budget.used(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct HoldBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    used: AtomicUsize,
    limit: usize,
}

impl HoldBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Budget { used: AtomicUsize::new(0), limit }))
    }

    /// Bytes taken now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self, bytes: usize) -> bool {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.0.limit);
        self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Default for HoldBudget {
    /// 16 MiB.
    fn default() -> Self {
        Self::new(16 << 20)
    }
}

/// Everything a server's session is told at the start.
///
/// ```
/// use core::time::Duration;
/// use mcp_core::config::{EarlyRequests, SessionConfig};
/// use mcp_core::lifecycle::Method;
///
/// let mut config = SessionConfig::new([Method::ToolsList, Method::ToolsCall]);
/// config.early_requests = EarlyRequests::Hold;
/// config.timeouts.hold = Duration::from_millis(500);
/// config.limits.held_requests = 32;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionConfig {
    /// The request methods the application answers; others get -32601 at once, in every phase.
    /// `initialize` and `ping` are the session's own and need not be named.
    pub methods: MethodSet,
    /// Whether requests of the modern era are served, beside the handshake and whatever its state.
    /// Default off: an application must know of them, for they bring their own client along
    /// ([`IncomingRequest::caller`](crate::session::IncomingRequest::caller)).
    pub modern: bool,
    /// Bounds.
    pub limits: Limits,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// What happens to requests that come before the handshake is done.
    pub early_requests: EarlyRequests,
    /// When held requests are let through.
    pub gate: Gate,
    /// The code of a refusal for coming too early. Default [`ErrorCode::NOT_INITIALIZED`].
    pub not_initialized: ErrorCode,
    /// The bytes all sessions of the server may hold together.
    pub hold_budget: HoldBudget,
}

impl SessionConfig {
    /// The defaults, for an application that answers `methods`.
    #[must_use]
    pub fn new(methods: impl IntoIterator<Item = crate::lifecycle::Method>) -> Self {
        Self {
            methods: methods.into_iter().collect(),
            modern: false,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            early_requests: EarlyRequests::default(),
            gate: Gate::default(),
            not_initialized: ErrorCode::NOT_INITIALIZED,
            hold_budget: HoldBudget::default(),
        }
    }
}
