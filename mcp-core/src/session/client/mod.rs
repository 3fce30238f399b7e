//! The client's end of a session, in both eras.

mod cache;
mod event;
mod handshake;
mod incoming;
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
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use self::cache::Cache;
use self::handshake::Handshake;
use self::outbox::{Ahead, Outbox};
use self::requests::{Requests, State, cost};
use self::screen::Elicitations;
use super::in_flight::InFlightTable;
use super::patience::Patience;
use super::refusal::unanswered;
use super::{CancelReason, Counters, Lane, Outgoing};
use crate::config::ClientConfig;
use crate::error::{PeerError, RequestError, SendError};
use crate::id::{RequestHandle, RequestId, RequestKey, RequestTicket};
use crate::jsonrpc::{EnvelopeError, Frame, Incoming, RawJson, Reply};
use crate::lifecycle::{ClientPhase, ClientStep, Method, client_step};
use crate::revision::{Era, Revision};
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

    // Commands.

    /// Sends a request; a [`ClientEvent::Response`] tells how it ended.
    ///
    /// Until the session is ready it is held, and its time runs. `subscriptions/listen` has no
    /// deadline unless it sets one.
    ///
    /// # Errors
    /// [`SendError`] hands the request back.
    pub fn request(
        &mut self,
        now: Instant,
        item: Outgoing,
    ) -> Result<RequestHandle, SendError<Outgoing>> {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(SendError::Closed(item));
        }
        let limits = &self.config.limits;
        // Each ends with an event: whoever does not poll those gets no more of them.
        if self.requests.len() >= limits.requests
            || self.events.len() >= limits.events
            || !self.has_room_for(&item)
        {
            return Err(SendError::Full(item));
        }
        Ok(self.admit(now, item))
    }

    /// Sends a notification, in its turn.
    ///
    /// One that is [about](Outgoing::about) a request of the server leaves before the answer to
    /// that; the modern era has none of those.
    ///
    /// # Errors
    /// [`SendError`] hands the notification back.
    pub fn notify(&mut self, now: Instant, item: Outgoing) -> Result<(), SendError<Outgoing>> {
        self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(SendError::Closed(item));
        }
        if let Some(key) = item.about {
            if self.incoming.kind(key).is_none() || self.inputs.contains_key(&key) {
                return Err(SendError::Ended(item));
            }
            if self.is_outbox_full() {
                return Err(SendError::Full(item));
            }
            self.outbox.push_ahead(Ahead::About(item));
            return Ok(());
        }
        if self.outbox.notifications() >= self.config.limits.notifications
            || !self.has_room_for(&item)
        {
            return Err(SendError::Full(item));
        }
        let place = self.next_place();
        self.outbox.push_notification(place, item);
        Ok(())
    }

    /// Answers a request of the server. An answer to a request that has ended is dropped and
    /// counted.
    ///
    /// An error to input that a request of ours needs ends that request with
    /// [`RequestError::InputRefused`]: the server is not told, it has no ear for it (ROOTS-08).
    pub fn respond(&mut self, now: Instant, ticket: RequestTicket, reply: Reply) {
        let now = self.advance(now);
        let key = ticket.key();
        let Some(request) = self.incoming.remove(key) else {
            self.counters.late_replies += 1;
            return;
        };
        if let Some(handle) = self.inputs.remove(&key) {
            self.answer_input(now, handle, key, reply);
            return;
        }
        self.ids.remove(&request.id);
        self.answer(Frame::response(&request.id, &reply));
    }

    /// Gives up on a request of ours; the server is told to stop if it may have heard of it.
    pub fn cancel(&mut self, now: Instant, handle: RequestHandle, reason: &str) {
        self.advance(now);
        self.give_up_on(handle, reason, RequestError::Cancelled);
    }

    /// Forgets results that are for one authorization alone: the requests to come have another one
    /// (CACHE-11).
    pub fn forget_private_results(&mut self, now: Instant) {
        self.advance(now);
        self.cache.forget_private();
    }

    /// Ends the session now. Answers already queued can still be polled.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        self.end(ClientCloseReason::Local);
    }

    // Inputs.

    /// Takes a frame from the server.
    ///
    /// # Errors
    /// [`PeerError`] when it is no message. The session lives on.
    pub fn handle_frame(
        &mut self,
        now: Instant,
        lane: Lane,
        frame: Bytes,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(PeerError::Closed);
        }
        match Incoming::parse(&frame, &self.config.limits.envelope) {
            Ok(incoming) => self.handle_incoming(now, lane, incoming),
            Err(error) => {
                self.counters.received += 1;
                Err(self.handle_malformed(error))
            }
        }
    }

    /// Takes a frame that the caller has parsed.
    ///
    /// # Errors
    /// [`PeerError`] when it is a batch the session may not take, or a member of one is no
    /// message.
    pub fn handle_incoming(
        &mut self,
        now: Instant,
        lane: Lane,
        incoming: Incoming,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(PeerError::Closed);
        }
        self.counters.received += 1;
        match incoming {
            Incoming::Message(message) => {
                self.handle_message(now, lane, message);
                Ok(())
            }
            Incoming::Batch(messages) => self.handle_batch(now, lane, messages),
        }
    }

    /// Takes note of a frame that the transport did not read to the end because it is larger
    /// than [`EnvelopeLimits::bytes`](crate::jsonrpc::EnvelopeLimits::bytes).
    pub fn handle_oversized_frame(&mut self, now: Instant) {
        self.advance(now);
        self.counters.received += 1;
        self.counters.malformed += 1;
    }

    /// Takes note that the server has a frame: its POST was answered with success, or it has been
    /// written where order is kept.
    ///
    /// What waits behind `notifications/initialized` may leave then (`case_07`).
    pub fn handle_sent(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        self.handshake_sent(now, key);
    }

    /// Takes note that a frame never left.
    ///
    /// A request ends with [`RequestError::NotSent`], or takes its place in the queue again if
    /// the session is starting over. One that the server has asked for input is
    /// [lost](RequestError::Lost) all the same.
    pub fn handle_not_sent(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let Some((handle, sent)) = self.requests.by_key(key) else {
            self.handshake_not_sent(now, key);
            return;
        };
        if self.phase.is_ready() || !self.retry(now, handle) {
            let error = if sent.before { RequestError::Lost } else { RequestError::NotSent };
            self.finish(handle, Err(error));
        }
    }

    /// Takes note that a frame left, and that its answer can never come.
    ///
    /// A request ends with [`RequestError::Lost`]. If the session is starting over and it is safe
    /// to send it twice, it takes its place in the queue again.
    pub fn handle_lost(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let Some((handle, _)) = self.requests.by_key(key) else {
            self.handshake_lost(now, key);
            return;
        };
        if self.phase.is_ready() {
            self.finish(handle, Err(RequestError::Lost));
        } else {
            self.lose(now, handle);
        }
    }

    /// Takes note that the transport knows how a frame ended, better than
    /// [`handle_lost`](Self::handle_lost) could tell: by an HTTP status, for example.
    ///
    /// A request ends with this error. What the handshake cannot do without ends the session.
    pub fn handle_failed(&mut self, now: Instant, key: TransmitKey, error: RequestError) {
        let now = self.advance(now);
        match self.requests.by_key(key) {
            Some((handle, _)) => self.finish(handle, Err(error)),
            None => self.handshake_lost(now, key),
        }
    }

    /// Takes note that the server did not take a frame because it does not know the session any
    /// more: HTTP status 404 in the legacy era (`2025-11-25/basic/transports#session-management`).
    ///
    /// The session starts over, once however many frames tell of it, and the request is sent
    /// again, once; it was not worked on. Other requests in flight are left to what their own
    /// exchanges say.
    pub fn handle_session_gone(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let request = self.requests.by_key(key);
        if request.is_none() && self.handshake_gone(now, key) {
            return;
        }
        if self.is_current(key) {
            self.begin_again(now);
        }
        if let Some((handle, _)) = request
            && !self.retry(now, handle)
        {
            self.finish(handle, Err(RequestError::SessionGone));
        }
    }

    /// Takes note that the server is of the legacy era, as the transport has found out: by an HTTP
    /// status, because the server ended when it was asked, or because it does not answer.
    ///
    /// `initialize` is sent, also if it was on its way already: the transport is a new one then.
    /// It changes nothing once the handshake is done.
    pub fn handle_no_discover(&mut self, now: Instant) {
        let now = self.advance(now);
        self.fall_back(now);
    }

    /// Takes note that the server is of the modern era, as the transport has found out by an
    /// answer that says nothing more: HTTP status 404 with -32601 in its body (VER-25).
    pub fn handle_modern(&mut self, now: Instant) {
        self.advance(now);
        if matches!(self.phase, ClientPhase::Probing | ClientPhase::Initializing) {
            self.become_modern_unseen();
        }
    }

    /// Takes note that everything sent so far is gone, with the session: there is a new server
    /// process, or a new `endpoint`.
    ///
    /// The session starts over. Requests in flight are sent again if that is safe: if their
    /// method only reads, or they are [idempotent](Outgoing::idempotent); each once. The others
    /// are [lost](RequestError::Lost).
    pub fn restart(&mut self, now: Instant) {
        let now = self.advance(now);
        self.begin_again(now);
        for handle in self.requests.handles() {
            if self.requests.sent(handle).is_some() {
                self.lose(now, handle);
            }
        }
    }

    /// Takes note that the server will send nothing more: every request ends, and the session.
    pub fn handle_end_of_input(&mut self, now: Instant) {
        self.advance(now);
        self.end(ClientCloseReason::Disconnected);
    }

    /// Takes note that nothing can be sent to the server any more: every request ends, and the
    /// session.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.advance(now);
        self.end(ClientCloseReason::Disconnected);
        self.outbox.clear();
    }

    /// Does what is due. Calling it early, late or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return;
        }
        while let Some(handle) = self.requests.expired(now) {
            self.give_up_on(handle, "timed out", RequestError::TimedOut);
        }
        while let Some(key) = self.incoming.expired(now) {
            self.expire(key);
        }
        self.handshake_timeout(now);
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

    // Getters.

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

    // What every part needs.

    /// The latest of all times we were told.
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn has_room_for(&self, item: &Outgoing) -> bool {
        let kept = self.requests.bytes() + self.outbox.notification_bytes();
        kept.saturating_add(cost(item)) <= self.config.limits.request_bytes
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

    fn admit(&mut self, now: Instant, item: Outgoing) -> RequestHandle {
        let handle = RequestHandle(self.next_place());
        let timeouts = &self.config.timeouts;
        let lasts = item.method == Method::SubscriptionsListen.as_str() && item.timeout.is_none();
        let timeout = item.timeout.unwrap_or(timeouts.request);
        let patience = (!lasts).then(|| Patience::new(now, timeout, timeouts.request_max));
        if self.phase == ClientPhase::Modern
            && let Some(result) = self.cache.get(now, &item)
        {
            self.counters.cache_hits += 1;
            self.events.push_back(ClientEvent::Response(handle, Ok(result)));
            return handle;
        }
        if let Some(revision) = self.unspoken(&item) {
            let error = RequestError::NotInRevision(revision);
            self.events.push_back(ClientEvent::Response(handle, Err(error)));
            return handle;
        }
        self.requests.insert(handle, item, patience);
        self.outbox.wait(handle);
        handle
    }

    /// Sends a request of the session's own before everything that waits.
    fn admit_silent(&mut self, now: Instant, item: Outgoing) {
        let handle = RequestHandle(0);
        let timeouts = &self.config.timeouts;
        let patience = Patience::new(now, timeouts.request, timeouts.request_max);
        self.requests.remove(handle);
        self.requests.insert(handle, item, Some(patience));
        if let Some(pending) = self.requests.get_mut(handle) {
            pending.silent = true;
        }
        self.outbox.wait(handle);
    }

    /// The revision agreed on, if that does not have the method.
    fn unspoken(&self, item: &Outgoing) -> Option<Revision> {
        let revision = self.revision().filter(|_| self.phase.is_ready())?;
        (!self.speaks(&Method::from_name(&item.method), revision)).then_some(revision)
    }

    /// Ends a request.
    fn finish(&mut self, handle: RequestHandle, outcome: Result<RawJson, RequestError>) {
        let Some(pending) = self.requests.remove(handle) else {
            return;
        };
        self.outbox.remove(handle);
        if let State::Asking(round) = pending.state {
            for key in round.open.into_keys() {
                self.incoming.remove(key);
                self.inputs.remove(&key);
                self.events.push_back(ClientEvent::Cancelled(key, CancelReason::Withdrawn));
            }
        }
        if !pending.silent {
            self.events.push_back(ClientEvent::Response(handle, outcome));
        }
    }

    /// Ends a request that we no longer wait for.
    fn give_up_on(&mut self, handle: RequestHandle, reason: &str, outcome: RequestError) {
        let Some(pending) = self.requests.get(handle) else {
            return;
        };
        let outcome = if pending.left { outcome } else { RequestError::NotSent };
        // CANCEL-05: what becomes a task is not cancelled this way.
        let told = !pending.item.params.as_ref().is_some_and(screen::asks_for_task);
        if let Some(sent) = self.requests.sent(handle).filter(|_| told) {
            let reason = reason.to_string();
            self.outbox.push_ahead(Ahead::Cancel { handle, sent, reason });
        }
        self.finish(handle, Err(outcome));
    }

    /// Ends a request of the server that the application left lying.
    fn expire(&mut self, key: RequestKey) {
        let Some(request) = self.incoming.remove(key) else {
            return;
        };
        self.counters.expired += 1;
        self.events.push_back(ClientEvent::Cancelled(key, CancelReason::Deadline));
        if let Some(handle) = self.inputs.remove(&key) {
            self.withdraw_input(handle, key);
            self.finish(handle, Err(RequestError::InputRefused(unanswered())));
        } else {
            self.ids.remove(&request.id);
            self.answer(Frame::error(Some(&request.id), &unanswered()));
        }
    }

    fn end(&mut self, reason: ClientCloseReason) {
        if !self.step(ClientStep::Close) {
            return;
        }
        self.handshake.close();
        self.outbox.close();
        self.incoming.clear();
        self.ids.clear();
        self.inputs.clear();
        self.elicitations.clear();
        self.cache.clear();
        while let Some(handle) = self.requests.first() {
            let left = self.requests.get(handle).is_some_and(|pending| pending.left);
            let error = if left { RequestError::Lost } else { RequestError::NotSent };
            self.finish(handle, Err(error));
        }
        self.events.push_back(ClientEvent::Closed(reason));
    }

    fn handle_malformed(&mut self, error: EnvelopeError) -> PeerError {
        self.counters.malformed += 1;
        // case_59: only what was a request for sure has somebody who waits for an answer.
        let legacy = self.phase != ClientPhase::Modern;
        if legacy && error.is_answerable() && error.id().is_some() {
            self.answer(Frame::error(error.id(), &error.to_error()));
        }
        PeerError::Envelope(error)
    }

    /// Tells what need not be known: dropped when nobody polls.
    fn inform(&mut self, event: ClientEvent) {
        if self.events.len() < self.config.limits.events {
            self.events.push_back(event);
        } else {
            self.counters.dropped_events += 1;
        }
    }

    const fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }
}
