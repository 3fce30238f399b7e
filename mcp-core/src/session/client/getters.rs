//! Where the session stands.

use super::{ClientSession, Server, TransmitKey};
use crate::config::ClientConfig;
use crate::id::{RequestHandle, RequestKey};
use crate::lifecycle::ClientPhase;
use crate::revision::{Era, Revision};
use crate::session::Counters;

impl ClientSession {
    /// Whether the session can take more from the server now. What a transport reads on all the
    /// same may be refused or, if it only informs, dropped.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.phase != ClientPhase::Closed
            && self.events.len() < self.config.limits.events
            && !self.is_outbox_full()
    }

    /// Whether a frame waits that may leave.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        !self.outbox.is_empty(self.phase.is_ready())
    }

    /// Whether the answer to what left in this frame is still waited for.
    #[must_use]
    pub fn awaits(&self, key: TransmitKey) -> bool {
        self.requests.by_key(key).is_some() || self.handshake_awaits(key)
    }

    /// Where the session stands.
    #[must_use]
    pub const fn phase(&self) -> ClientPhase {
        self.phase
    }

    /// Whether requests leave.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.phase.is_ready()
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, ClientPhase::Closed)
    }

    /// The era of the server, as far as it is known.
    #[must_use]
    pub fn era(&self) -> Option<Era> {
        self.revision().map(Revision::era)
    }

    /// The revision that was agreed on: from the answer to the handshake on.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.server.as_ref().map(|server| server.revision)
    }

    /// Who is at the other end: from the answer to the handshake on.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.as_deref()
    }

    /// What the session was told at the start.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Requests of ours that have no answer yet, those that wait to leave included.
    #[must_use]
    pub fn outbound_requests(&self) -> usize {
        self.requests.len()
    }

    /// Bytes that are kept for them.
    #[must_use]
    pub const fn outbound_bytes(&self) -> usize {
        self.requests.bytes()
    }

    /// Frames that wait to leave, those that may not yet included.
    #[must_use]
    pub fn outbox_frames(&self) -> usize {
        self.outbox.len()
    }

    /// The request of ours that cannot go on without the answer to another, if that is input for
    /// one of the modern era.
    #[must_use]
    pub fn part_of(&self, key: RequestKey) -> Option<RequestHandle> {
        self.inputs.get(&key).copied()
    }

    /// Requests of the server, and inputs of our own requests, that the application works on.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.incoming.len()
    }

    /// Results that are kept.
    #[must_use]
    pub fn cached_results(&self) -> usize {
        self.cache.len()
    }

    /// Bytes of them.
    #[must_use]
    pub const fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Events waiting to be polled.
    #[must_use]
    pub fn queued_events(&self) -> usize {
        self.events.len()
    }
}
