//! What a client's session is told at the start.

use core::time::Duration;

use crate::jsonrpc::EnvelopeLimits;
use crate::lifecycle::{Method, MethodSet};
use crate::model::{ClientCapabilities, Implementation, Level};
use crate::revision::Revision;

/// Which era a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// It asks with `server/discover`, and goes on to `initialize` if the server does not know
    /// that (`2026-07-28/basic/versioning`). The default.
    #[default]
    Auto,
    /// Like `Auto`, but it starts with `initialize`: for servers that are remembered to be of the
    /// legacy era. A server that refuses it is asked with `server/discover`.
    LegacyFirst,
    /// It speaks the modern era alone; a server that does not ends the session.
    Modern,
    /// It speaks the legacy era alone and proposes this revision; the server may answer with
    /// another one of that era. A revision of the modern era stands for the latest before it.
    Legacy(Revision),
}

/// Bounds of one client's session. Every queue has one, and meets it with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// Bounds on each incoming frame.
    pub envelope: EnvelopeLimits,
    /// Requests of ours without an answer, held ones included. Default 1024; beyond it they are
    /// handed back.
    pub requests: usize,
    /// Bytes of the parameters of such requests and of waiting notifications. Default 32 MiB:
    /// they are kept, for they may have to be sent again.
    pub request_bytes: usize,
    /// Notifications of ours that wait to leave. Default 256; beyond it they are handed back.
    pub notifications: usize,
    /// Requests of the server the application works on. Default 256; beyond it they are refused.
    pub incoming: usize,
    /// Answers and cancellations that wait to leave at which the session wants no input. Default
    /// 4096; a session whose transport takes none of four times as many is closed.
    pub outbox_frames: usize,
    /// Bytes of them. Default 4 MiB; the same holds.
    pub outbox_bytes: usize,
    /// Events that wait to be polled at which the session wants no input; what only informs is
    /// then dropped and counted. Default 4096.
    pub events: usize,
    /// How often one request may be asked for input. Default 16. With 0 the session asks nobody:
    /// the result that asks is the result of the request.
    pub rounds: u32,
    /// How many questions one round may have. Default 64.
    pub input_requests: usize,
    /// How often the session may start over in a row without getting ready. Default 3.
    pub restarts: u32,
    /// Results that are kept for as long as their server says they are fresh. Default 256, the
    /// one that becomes stale first leaves; 0 keeps none.
    pub cached_results: usize,
    /// Bytes of such results. Default 8 MiB.
    pub cached_bytes: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            envelope: EnvelopeLimits::default(),
            requests: 1024,
            request_bytes: 32 << 20,
            notifications: 256,
            incoming: 256,
            outbox_frames: 4096,
            outbox_bytes: 4 << 20,
            events: 4096,
            rounds: 16,
            input_requests: 64,
            restarts: 3,
            cached_results: 256,
            cached_bytes: 8 << 20,
        }
    }
}

/// Deadlines of one client's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientTimeouts {
    /// How long `server/discover` may take before the server counts as one of the legacy era.
    /// Default 5 s: some of those never answer what they do not know (`case_44`).
    pub probe: Duration,
    /// How long the handshake may take from `initialize` on. Default 60 s.
    pub initialize: Duration,
    /// How long a request waits for its answer if it sets no deadline. Default 60 s, from when it
    /// is given to the session.
    pub request: Duration,
    /// How much progress may stretch that wait in all. Default 10 min.
    pub request_max: Duration,
    /// How long the application may take to answer a request of the server. Default 1 h: people
    /// are asked.
    pub incoming: Duration,
    /// The most time between two questions about a task, whatever interval its server names: at
    /// least 100 ms. Default 5 min, for servers that mean seconds and say milliseconds.
    pub task_interval: Duration,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        Self {
            probe: Duration::from_secs(5),
            initialize: Duration::from_secs(60),
            request: Duration::from_secs(60),
            request_max: Duration::from_secs(600),
            incoming: Duration::from_secs(60 * 60),
            task_interval: Duration::from_secs(300),
        }
    }
}

/// Everything a client's session is told at the start.
///
/// ```
/// use mcp_core::config::{ClientConfig, Protocol};
/// use mcp_core::model::{ClientCapabilities, Implementation, RootsCapability};
///
/// let mut config = ClientConfig::new(Implementation::new("demo", "1.0"));
/// config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
/// config.protocol = Protocol::Auto;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What the client calls itself.
    pub info: Implementation,
    /// Whether requests of the modern era say so. Default on (META-11).
    pub announces_info: bool,
    /// What the server may ask for. The application then gets `roots/list`,
    /// `sampling/createMessage` and `elicitation/create` to answer; what is not declared is
    /// refused with -32601.
    pub capabilities: ClientCapabilities,
    /// Which era to speak.
    pub protocol: Protocol,
    /// Further methods of the server's that the application answers.
    pub methods: MethodSet,
    /// The least severe log messages the server should send. Default none said: then a legacy
    /// server decides for itself and a modern one sends none.
    pub log_level: Option<Level>,
    /// Bounds.
    pub limits: ClientLimits,
    /// Deadlines.
    pub timeouts: ClientTimeouts,
}

impl ClientConfig {
    /// The defaults, for a client that can be asked nothing.
    #[must_use]
    pub fn new(info: Implementation) -> Self {
        Self {
            info,
            announces_info: true,
            capabilities: ClientCapabilities::new(),
            protocol: Protocol::default(),
            methods: MethodSet::default(),
            log_level: None,
            limits: ClientLimits::default(),
            timeouts: ClientTimeouts::default(),
        }
    }

    /// Whether the application answers a method of the server's.
    #[must_use]
    pub fn answers(&self, method: &Method) -> bool {
        let declared = match method {
            Method::RootsList => self.capabilities.roots.is_some(),
            Method::SamplingCreateMessage => self.capabilities.sampling.is_some(),
            Method::ElicitationCreate => self.capabilities.elicitation.is_some(),
            Method::TasksGet | Method::TasksResult => self.capabilities.tasks.is_some(),
            Method::TasksList => {
                self.capabilities.tasks.as_ref().is_some_and(|tasks| tasks.list.is_some())
            }
            Method::TasksCancel => {
                self.capabilities.tasks.as_ref().is_some_and(|tasks| tasks.cancel.is_some())
            }
            _ => false,
        };
        declared || self.methods.contains(method)
    }
}
