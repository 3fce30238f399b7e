//! The client's end of a session, in both eras.

mod cache;
mod commands;
mod ending;
mod event;
mod getters;
mod handshake;
mod incoming;
mod inputs;
mod outbox;
mod outgoing;
mod pages;
mod requests;
mod responses;
mod rounds;
mod screen;
mod task;

pub use event::{
    ClientCloseReason, ClientEvent, ClientTransmit, Server, TransmitKey, TransmitKind,
};
pub use pages::{PageError, Pages};
pub use task::{TaskOutcome, TaskWatch};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use self::cache::Cache;
use self::handshake::Handshake;
use self::outbox::{Ahead, Outbox};
use self::requests::Requests;
use self::screen::Elicitations;
use super::Counters;
use super::events::inform;
use super::in_flight::InFlightTable;
use crate::config::ClientConfig;
use crate::id::{RequestHandle, RequestId, RequestKey};
use crate::jsonrpc::Frame;
use crate::lifecycle::{ClientPhase, ClientStep, client_step};
use crate::time::Instant;

/// The client's end of one session, in whichever era the server is of: frames go in, events and
/// frames come out.
///
/// Requests are legal from the start. They wait, not yet encoded, until the server is known and
/// `notifications/initialized` has reached it, and leave in the order they were given; none is
/// overtaken by a newer one. Every request ends exactly once, with a
/// [`ClientEvent::Response`].
///
/// What a server asks its client for comes as the same [`ClientEvent::Request`] in both eras. In
/// the modern one it is part of a result that asks for input; when all of a round is answered, the
/// session sends the request again with the answers, under the same handle
/// (`2026-07-28/basic/patterns/mrtr`); [`part_of`](Self::part_of) tells which request that is.
///
/// The session does no IO and reads no clock. Whoever owns it feeds it, drains it, tells what
/// became of each frame and calls [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) says so; any order of calls is legal.
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use mcp_core::config::{ClientConfig, Protocol};
/// use mcp_core::model::Implementation;
/// use mcp_core::revision::Revision;
/// use mcp_core::session::{ClientEvent, ClientSession, Lane, Outgoing, TransmitKind};
/// use mcp_core::time::Instant;
///
/// let mut config = ClientConfig::new(Implementation::new("demo", "1.0"));
/// config.protocol = Protocol::Legacy(Revision::V2025_11_25);
/// let now = Instant::EPOCH;
/// let mut session = ClientSession::new(now, Arc::new(config));
/// let list = session.request(now, Outgoing::new("tools/list", None)).unwrap();
///
/// let mut answer = None;
/// while let Some(out) = session.poll_transmit() {
///     session.handle_sent(now, out.key);
///     let reply = match out.kind {
///         TransmitKind::Initialize => {
///             r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",
///                 "capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}"#
///         }
///         TransmitKind::Request(handle) => {
///             assert_eq!(handle, list);
///             r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#
///         }
///         _ => continue,
///     };
///     session.handle_frame(now, Lane::Standing, Bytes::from_static(reply.as_bytes()))?;
/// }
/// while let Some(event) = session.poll_event() {
///     if let ClientEvent::Response(handle, result) = event {
///         assert_eq!(handle, list);
///         answer = Some(result.unwrap());
///     }
/// }
/// assert_eq!(answer.unwrap().as_str(), r#"{"tools":[]}"#);
/// # Ok::<(), mcp_core::error::PeerError>(())
/// ```
#[derive(Debug)]
pub struct ClientSession {
    config: Arc<ClientConfig>,
    /// The latest time we were told: time that runs backwards counts as standing still.
    now: Instant,
    phase: ClientPhase,
    handshake: Handshake,
    server: Option<Box<Server>>,
    /// What stands in the `_meta` of every request of the modern era.
    stamp: Vec<(&'static str, String)>,
    requests: Requests,
    outbox: Outbox,
    incoming: InFlightTable,
    /// Names of the server's requests that are being worked on.
    ids: BTreeMap<RequestId, RequestKey>,
    /// Which of them are input that a request of ours needs.
    inputs: BTreeMap<RequestKey, RequestHandle>,
    elicitations: Elicitations,
    cache: Cache,
    events: VecDeque<ClientEvent>,
    counters: Counters,
    /// Ids on the wire, used once each: late answers to what is over can be told.
    last_id: u64,
    last_place: u64,
    last_key: u64,
}

impl ClientSession {
    /// A session that begins now, with `server/discover` or `initialize` as the first frame.
    #[must_use]
    pub fn new(now: Instant, config: Arc<ClientConfig>) -> Self {
        let mut session = Self {
            now,
            phase: ClientPhase::Probing,
            handshake: Handshake::new(config.protocol),
            server: None,
            stamp: Vec::new(),
            requests: Requests::default(),
            outbox: Outbox::default(),
            incoming: InFlightTable::default(),
            ids: BTreeMap::new(),
            inputs: BTreeMap::new(),
            elicitations: Elicitations::default(),
            cache: Cache::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
            last_id: 0,
            last_place: 0,
            last_key: 0,
            config,
        };
        session.start(now);
        session
    }

    // Outputs.

    /// The next frame for the server.
    #[must_use = "a frame that is not written is lost"]
    pub fn poll_transmit(&mut self) -> Option<ClientTransmit> {
        self.next_transmit()
    }

    /// The next thing the application should know.
    #[must_use = "an event that is not handled is lost"]
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.phase == ClientPhase::Closed {
            return None;
        }
        [self.requests.deadline(), self.incoming.deadline(), self.handshake.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    // What every part needs.

    /// The latest of all times we were told.
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn is_outbox_full(&self) -> bool {
        let limits = &self.config.limits;
        self.outbox.ahead() >= limits.outbox_frames
            || self.outbox.ahead_bytes() >= limits.outbox_bytes
    }

    /// Queues an answer.
    fn answer(&mut self, frame: Frame) {
        if self.phase == ClientPhase::Closed {
            return;
        }
        self.outbox.push_ahead(Ahead::Response(frame));
        let limits = &self.config.limits;
        if self.outbox.ahead() > limits.outbox_frames.saturating_mul(4)
            || self.outbox.ahead_bytes() > limits.outbox_bytes.saturating_mul(4)
        {
            self.end(ClientCloseReason::Stalled);
            self.outbox.clear();
        }
    }

    fn step(&mut self, step: ClientStep) -> bool {
        let next = client_step(self.phase, step);
        self.phase = next.unwrap_or(self.phase);
        next.is_ok()
    }

    /// Tells what need not be known: dropped when nobody polls.
    fn inform(&mut self, event: ClientEvent) {
        inform(&mut self.events, self.config.limits.events, &mut self.counters, event);
    }

    const fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }
}
