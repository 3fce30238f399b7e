//! The server's end of a legacy session.

mod early;
mod handshake;
mod ids;
mod incoming;
mod lanes;
mod modern;
mod outgoing;
mod restore;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;

use self::ids::Ids;
use super::events::inform;
use super::hold::HoldQueue;
use super::in_flight::{InFlightTable, RequestKind};
use super::outbound::{Deferred, Outbound};
use super::outbox::{Kind, Outbox};
use super::refusal::unanswered;
use super::{CloseReason, Counters, EarlyRefusal, Lane, Outgoing, ServerEvent, Transmit};
use crate::config::{EarlyRequests, SessionConfig};
use crate::error::{PeerError, RequestError, SendError};
use crate::id::{RequestHandle, RequestId, RequestTicket};
use crate::jsonrpc::{EnvelopeError, Frame, Incoming, Reply};
use crate::lifecycle::{Method, NotificationMethod, Phase, Step, step};
use crate::revision::Revision;
use crate::small::push_back;
use crate::time::{Instant, is_due};

/// The server's end of one legacy session: frames go in, events and frames come out.
///
/// Requests that come before the handshake is done wait in a bounded queue and are let through
/// in the order they came, after `InitializeResult` and before anything newer; what cannot be
/// served is refused with -32002 and a reason, never lost. Ping, unknown methods and
/// notifications are dealt with at once in every phase.
///
/// The session does no IO and reads no clock. Whoever owns it feeds it, drains it and calls
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so;
/// any order of calls is legal.
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use mcp_core::config::SessionConfig;
/// use mcp_core::jsonrpc::RawJson;
/// use mcp_core::lifecycle::Method;
/// use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
/// use mcp_core::session::{Lane, ServerEvent, ServerSession};
/// use mcp_core::time::Instant;
///
/// let config = Arc::new(SessionConfig::new([Method::ToolsList]));
/// let now = Instant::EPOCH;
/// let mut session = ServerSession::new(now, config);
///
/// // The call overtakes the handshake, as it does when every message is its own POST.
/// for frame in [
///     r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
///     r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",
///         "capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
/// ] {
///     session.handle_frame(now, Lane::Standing, Bytes::from_static(frame.as_bytes()))?;
/// }
///
/// let mut answers = Vec::new();
/// loop {
///     while let Some(transmit) = session.poll_transmit() {
///         answers.push(transmit.frame.to_bytes());
///     }
///     match session.poll_event() {
///         Some(ServerEvent::Initialize(ticket, _client)) => {
///             let server = Implementation::new("demo", "1.0");
///             session.accept(now, ticket, InitializeResult::new(ServerCapabilities::new(), server));
///         }
///         Some(ServerEvent::Request(request)) => {
///             session.respond(now, request.ticket, RawJson::parse(r#"{"tools":[]}"#).map_err(|_| unreachable!()));
///         }
///         Some(_) => {}
///         None => break,
///     }
/// }
/// assert!(answers[0].starts_with(br#"{"jsonrpc":"2.0","id":1,"#), "the handshake comes first");
/// assert_eq!(answers[1], r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#);
/// # Ok::<(), mcp_core::error::PeerError>(())
/// ```
#[derive(Debug)]
pub struct ServerSession {
    config: Arc<SessionConfig>,
    /// The latest time we were told: time that runs backwards counts as standing still.
    now: Instant,
    phase: Phase,
    revision: Option<Revision>,
    /// The `initialize` being answered.
    initialize: Option<(RequestId, Lane, Revision)>,
    /// `initialized` came while `initialize` was still being answered.
    initialized_early: bool,
    /// The hold deadline has passed with no `initialize` in sight.
    gave_up: bool,
    /// Early requests have been served: [`EarlyRequests::Serve`].
    serving: bool,
    /// The session ends when nothing is in flight any more.
    draining: Option<CloseReason>,
    /// The client will send nothing more.
    input_ended: bool,
    hold: HoldQueue,
    in_flight: InFlightTable,
    ids: Ids,
    outbound: Outbound,
    outbox: Outbox,
    events: VecDeque<ServerEvent>,
    /// Boxed, for they are a quarter of it all, and nearly always only added to.
    counters: Box<Counters>,
    handshake_deadline: Option<Instant>,
    idle_deadline: Instant,
    drain_deadline: Option<Instant>,
}

impl ServerSession {
    /// A session that begins now.
    #[must_use]
    pub fn new(now: Instant, config: Arc<SessionConfig>) -> Self {
        let waits = config.early_requests != EarlyRequests::Serve;
        Self {
            now,
            phase: Phase::New,
            revision: None,
            initialize: None,
            initialized_early: false,
            gave_up: false,
            serving: false,
            draining: None,
            input_ended: false,
            hold: HoldQueue::new(config.hold_budget.clone()),
            in_flight: InFlightTable::default(),
            ids: Ids::default(),
            outbound: Outbound::default(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            counters: Box::default(),
            handshake_deadline: waits.then(|| now + config.timeouts.handshake),
            idle_deadline: now + config.timeouts.idle,
            drain_deadline: None,
            config,
        }
    }

    // Commands.

    /// Answers a request. An answer to a request that has ended is dropped and counted.
    pub fn respond(&mut self, now: Instant, ticket: RequestTicket, reply: Reply) {
        let now = self.advance(now);
        let Some(request) = self.in_flight.remove(ticket.key()) else {
            self.counters.late_replies += 1;
            return;
        };
        self.ids.remove(&request.id);
        self.idle_deadline = now + self.config.timeouts.idle;
        if request.kind == RequestKind::Listen && reply.is_ok() {
            self.tell_end(now, request.lane, &request.id);
        }
        self.transmit(now, request.lane, Frame::response(&request.id, &reply));
        self.finish_drain(now);
    }

    /// Sends a notification.
    ///
    /// Before the handshake is complete only log messages, and whatever is about a request in
    /// flight, leave at once; the rest waits, bounded, for `initialized`
    /// (`2025-11-25/basic/lifecycle#initialization`).
    ///
    /// # Errors
    /// [`SendError`] hands the notification back.
    pub fn notify(&mut self, now: Instant, item: Outgoing) -> Result<(), SendError<Outgoing>> {
        let now = self.advance(now);
        let Some(lane) = self.lane_for(&item) else {
            return Err(self.refuse_to_send(item));
        };
        if self.has_no_room(lane) {
            return Err(SendError::Full(item));
        }
        if let Some(listens) = self.modern(item.about) {
            return self.notify_modern(now, (lane, listens), item);
        }
        let is_log = item.method == NotificationMethod::Message.as_str();
        if self.may_send(item.about.is_some() || is_log) {
            self.tell(now, lane, &item);
        } else if self.outbound.deferred() < self.config.limits.deferred {
            self.outbound.defer(Deferred::Notification(item));
        } else {
            return Err(SendError::Full(item));
        }
        Ok(())
    }

    /// Sends a request; a [`ServerEvent::Response`] tells how it ended.
    ///
    /// Before the handshake is complete only `ping` leaves at once; the rest waits, bounded, for
    /// `initialized`.
    ///
    /// # Errors
    /// [`SendError`] hands the request back.
    pub fn request(
        &mut self,
        now: Instant,
        item: Outgoing,
    ) -> Result<RequestHandle, SendError<Outgoing>> {
        let now = self.advance(now);
        if self.input_ended {
            return Err(SendError::Closed(item));
        }
        // SHTTP-M02: the modern era has no requests of the server.
        if self.modern(item.about).is_some() {
            return Err(SendError::Ended(item));
        }
        let Some(lane) = self.lane_for(&item) else {
            return Err(self.refuse_to_send(item));
        };
        let limits = &self.config.limits;
        // Each ends with an event: whoever does not poll those gets no more of them.
        if self.outbound.len() >= limits.outbound_requests
            || self.events.len() >= limits.events
            || self.has_no_room(lane)
        {
            return Err(SendError::Full(item));
        }
        let leaves = self.may_send(item.method == Method::Ping.as_str());
        if !leaves && self.outbound.deferred() >= limits.deferred {
            return Err(SendError::Full(item));
        }
        let timeouts = &self.config.timeouts;
        let timeout = item.timeout.unwrap_or(timeouts.outbound);
        let handle = self.outbound.insert(now, (timeout, timeouts.outbound_max));
        if leaves {
            self.send_request(now, lane, handle, &item);
        } else {
            self.outbound.defer(Deferred::Request(handle, item));
        }
        Ok(handle)
    }

    /// Gives up on a request of ours; the client is told to stop if it has heard of it.
    pub fn cancel(&mut self, now: Instant, handle: RequestHandle, reason: &str) {
        let now = self.advance(now);
        self.give_up_on(now, handle, reason, RequestError::Cancelled);
    }

    /// Takes no new requests and closes when those in flight are answered, at the latest after
    /// `within`.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        let now = self.advance(now);
        self.start_drain(now, within, CloseReason::Local);
    }

    /// Ends the session now. Frames already queued can still be polled.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        self.end(CloseReason::Local);
    }

    // Inputs.

    /// Takes a frame from the client.
    ///
    /// # Errors
    /// [`PeerError`] when it is no message; the answer the client is owed is queued already.
    pub fn handle_frame(
        &mut self,
        now: Instant,
        lane: Lane,
        frame: Bytes,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == Phase::Closed {
            return Err(PeerError::Closed);
        }
        match Incoming::parse(&frame, &self.config.limits.envelope) {
            Ok(incoming) => self.handle_incoming(now, lane, incoming, frame.len()),
            Err(error) => {
                self.note_received(now);
                Err(self.handle_malformed(now, lane, error))
            }
        }
    }

    /// Takes a frame that the caller has parsed; `bytes` is its length on the wire.
    ///
    /// # Errors
    /// [`PeerError`] when it is a batch the session may not take, or a member of one is no
    /// message.
    pub fn handle_incoming(
        &mut self,
        now: Instant,
        lane: Lane,
        incoming: Incoming,
        bytes: usize,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == Phase::Closed {
            return Err(PeerError::Closed);
        }
        self.note_received(now);
        match incoming {
            Incoming::Message(message) => {
                self.handle_message(now, lane, message, bytes);
                Ok(())
            }
            Incoming::Batch(messages) => self.handle_batch(now, lane, messages, bytes),
        }
    }

    /// Takes note of a frame that the transport did not read to the end because it is larger
    /// than [`EnvelopeLimits::bytes`](crate::jsonrpc::EnvelopeLimits::bytes); its sender is told.
    pub fn handle_oversized_frame(&mut self, now: Instant, lane: Lane) {
        let now = self.advance(now);
        self.note_received(now);
        let error = EnvelopeError::too_large(self.config.limits.envelope.bytes);
        let _ = self.handle_malformed(now, lane, error);
    }

    /// Takes note that the client will send nothing more.
    ///
    /// What is in flight may still be answered, for at most `within`; then the session closes
    /// (`case_62`). Requests of our own end at once: nobody is left to answer them.
    pub fn handle_end_of_input(&mut self, now: Instant, within: Duration) {
        let now = self.advance(now);
        self.input_ended = true;
        self.end_outbound();
        self.start_drain(now, within, CloseReason::Disconnected);
    }

    /// Takes note that nothing can be sent to the client any more.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.advance(now);
        self.end(CloseReason::Disconnected);
        self.outbox.clear();
    }

    /// Does what is due. Calling it early, late or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        if self.phase == Phase::Closed {
            return;
        }
        let config = Arc::clone(&self.config);
        if self.outbox.is_stalled(now, &config.limits, &config.timeouts) {
            self.end(CloseReason::Stalled);
            self.outbox.clear();
            return;
        }
        while let Some(key) = self.in_flight.expired(now) {
            self.expire(now, key);
        }
        while let Some(handle) = self.outbound.expired(now) {
            self.give_up_on(now, handle, "timed out", RequestError::TimedOut);
        }
        if is_due(self.hold.deadline(), now) {
            self.hold.disarm();
            self.refuse_held(now, EarlyRefusal::HoldTimeout);
            self.gave_up = self.phase == Phase::New;
        }
        if is_due(self.drain_deadline, now) {
            self.refuse_waiting(now);
            self.end(self.draining.unwrap_or(CloseReason::Local));
        } else if is_due(self.handshake_deadline, now) {
            self.refuse_waiting(now);
            self.end(CloseReason::HandshakeTimeout);
        } else if is_due(self.idle_timeout(), now) {
            self.refuse_waiting(now);
            self.end(CloseReason::Idle);
        } else {
            self.finish_drain(now);
        }
    }

    // Outputs.

    /// The next frame to write.
    #[must_use = "a frame that is not written is lost"]
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop()
    }

    /// The next thing the application should know.
    #[must_use = "an event that is not handled is lost"]
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.phase == Phase::Closed {
            return None;
        }
        [
            self.hold.deadline(),
            self.in_flight.deadline(),
            self.outbound.deadline(),
            self.outbox.deadline(),
            self.handshake_deadline,
            self.drain_deadline,
            self.idle_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    // Getters.

    /// Whether the session can take more from the client now. A transport that reads on all the
    /// same gets refusals where there would have been answers.
    ///
    /// While a request of our own waits for its answer, a full table of requests in flight does
    /// not count: the answer may be what one of them waits for.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        let limits = &self.config.limits;
        self.phase != Phase::Closed
            && !self.input_ended
            && (self.in_flight.len() < limits.in_flight || self.outbound.len() > 0)
            && self.events.len() < limits.events
            && !self.is_outbox_full()
    }

    /// Whether so much waits to be written that nothing may be added without need.
    #[must_use]
    pub fn is_outbox_full(&self) -> bool {
        self.outbox.is_full(&self.config.limits)
    }

    /// Whether the session takes no new requests, and closes when those in flight are answered.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    /// Whether a frame waits to be written.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Where the handshake stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// The negotiated revision, once there is one.
    #[must_use]
    pub const fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// What has been counted so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Requests held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.hold.len()
    }

    /// Bytes of requests held now.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.hold.bytes()
    }

    /// Requests the application works on now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Requests of ours that have no answer yet.
    #[must_use]
    pub fn outbound_requests(&self) -> usize {
        self.outbound.len()
    }

    /// Frames waiting to leave.
    #[must_use]
    pub fn outbox_frames(&self) -> usize {
        self.outbox.frames()
    }

    /// Bytes of frames waiting to leave, with what the queue takes for each.
    #[must_use]
    pub const fn outbox_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// Events waiting to be polled.
    #[must_use]
    pub fn queued_events(&self) -> usize {
        self.events.len()
    }

    /// Ids the client may not use now: held, in flight, or of an `initialize` being answered.
    #[must_use]
    pub fn ids_in_use(&self) -> usize {
        self.ids.len()
    }

    // What every part needs.

    /// The latest of all times we were told.
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    #[cfg(feature = "http")]
    pub(crate) const fn latest(&self) -> Instant {
        self.now
    }

    /// When something came from the client, or an answer left, for the last time.
    #[cfg(feature = "http")]
    pub(crate) fn heard_at(&self) -> Instant {
        Instant::from_epoch(
            self.idle_deadline.since_epoch().saturating_sub(self.config.timeouts.idle),
        )
    }

    fn start_drain(&mut self, now: Instant, within: Duration, reason: CloseReason) {
        if self.phase == Phase::Closed || self.draining.is_some() {
            return;
        }
        self.draining = Some(reason);
        self.drain_deadline = Some(now + within);
        self.end_subscriptions(now);
        self.finish_drain(now);
    }

    /// Ends a session that drains, once there is nothing left to do.
    ///
    /// What is still held then can only be waiting for a client that will not come.
    fn finish_drain(&mut self, now: Instant) {
        let Some(reason) = self.draining else { return };
        if self.initialize.is_some() || self.phase == Phase::Closed {
            return;
        }
        self.refuse_held(now, EarlyRefusal::NotInitialized);
        if self.in_flight.len() == 0 {
            self.end(reason);
        }
    }

    /// Answers everything that waits for the handshake, the handshake included.
    fn refuse_waiting(&mut self, now: Instant) {
        self.refuse_held(now, EarlyRefusal::HoldTimeout);
        if let Some((id, lane, _)) = self.initialize.take() {
            self.ids.remove(&id);
            self.transmit(now, lane, Frame::error(Some(&id), &unanswered()));
        }
    }

    fn end(&mut self, reason: CloseReason) {
        let Ok(next) = step(self.phase, Step::Close) else {
            return;
        };
        self.phase = next;
        while self.hold.pop().is_some() {}
        self.hold.disarm();
        self.in_flight.clear();
        self.ids.clear();
        self.initialize = None;
        self.end_outbound();
        self.outbound.clear_deferred();
        self.emit(ServerEvent::Closed(reason));
    }

    /// Ends every request of ours: there will be no answers.
    fn end_outbound(&mut self) {
        while let Some((handle, pending)) = self.outbound.pop() {
            let error =
                if pending.sent.is_some() { RequestError::Lost } else { RequestError::NotSent };
            self.emit(ServerEvent::Response(handle, Err(error)));
        }
    }

    /// Queues a response.
    fn transmit(&mut self, now: Instant, lane: Lane, frame: Frame) {
        self.push(now, Kind::Response, Transmit { lane, frame });
    }

    fn push(&mut self, now: Instant, kind: Kind, transmit: Transmit) {
        if self.phase == Phase::Closed {
            return;
        }
        let limits = (&self.config.limits, &self.config.timeouts);
        let over = self.outbox.bytes() >= self.config.limits.outbox_bytes_max;
        self.outbox.push(now, limits, &mut self.counters, (kind, transmit));
        if over {
            self.end(CloseReason::Stalled);
            self.outbox.clear();
        }
    }

    /// Whether a message of our own must wait until something has been read.
    fn has_no_room(&self, lane: Lane) -> bool {
        let limits = &self.config.limits;
        self.outbox.is_full(limits)
            || (lane == Lane::Standing && self.outbox.is_parked_full(limits))
    }

    fn note_received(&mut self, now: Instant) {
        self.counters.received += 1;
        self.idle_deadline = now + self.config.timeouts.idle;
    }

    /// Tells what has to be known.
    fn emit(&mut self, event: ServerEvent) {
        push_back(&mut self.events, event);
    }

    /// Tells what need not be known: dropped when nobody polls.
    fn inform(&mut self, event: ServerEvent) {
        inform(&mut self.events, self.config.limits.events, &mut self.counters, event);
    }

    fn idle_timeout(&self) -> Option<Instant> {
        (self.in_flight.len() == 0).then_some(self.idle_deadline)
    }
}
