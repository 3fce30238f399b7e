//! The server's end of a legacy session.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::hold::{Held, HoldQueue};
use super::in_flight::InFlightTable;
use super::meta::Meta;
use super::outbound::{Deferred, Outbound, Pending};
use super::outbox::Outbox;
use super::{
    CancelReason, Client, CloseReason, Counters, EarlyRefusal, IncomingRequest, InitializeTicket,
    Lane, Outgoing, ServerEvent, Transmit,
};
use crate::config::{EarlyRequests, Gate, SessionConfig};
use crate::error::{PeerError, RequestError, SendError};
use crate::id::{RequestHandle, RequestId, RequestKey, RequestTicket};
use crate::jsonrpc::{
    EnvelopeError, ErrorCode, ErrorObject, Frame, Incoming, Message, Notification, RawJson, Reply,
    Request, Response,
};
use crate::lifecycle::{Method, NotificationMethod, Phase, Refusal, Sender, Step, step};
use crate::model::{ForRevision, InitializeParams, InitializeResult};
use crate::revision::Revision;
use crate::time::Instant;

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
///             session.accept(now, ticket, InitializeResult::new(ServerCapabilities::default(), server));
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
    hold: HoldQueue,
    in_flight: InFlightTable,
    /// Where the ids that the client may not use again stand.
    ids: BTreeMap<RequestId, Place>,
    outbound: Outbound,
    outbox: Outbox,
    events: VecDeque<ServerEvent>,
    counters: Counters,
    handshake_deadline: Option<Instant>,
    idle_deadline: Instant,
    drain_deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Initialize,
    Held,
    InFlight(RequestKey),
}

impl ServerSession {
    /// A session that begins now.
    #[must_use]
    pub fn new(now: Instant, config: Arc<SessionConfig>) -> Self {
        let waits = config.early_requests != EarlyRequests::Serve;
        Self {
            phase: Phase::New,
            revision: None,
            initialize: None,
            initialized_early: false,
            gave_up: false,
            serving: false,
            draining: None,
            hold: HoldQueue::new(config.hold_budget.clone()),
            in_flight: InFlightTable::default(),
            ids: BTreeMap::new(),
            outbound: Outbound::default(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
            handshake_deadline: waits.then(|| now + config.timeouts.handshake),
            idle_deadline: now + config.timeouts.idle,
            drain_deadline: None,
            config,
        }
    }

    // Commands.

    /// Accepts an `initialize`: the result is queued to leave, then the requests that waited for
    /// it are let through.
    ///
    /// The protocol version in `result` is replaced by the negotiated one.
    pub fn accept(&mut self, now: Instant, ticket: InitializeTicket, result: InitializeResult) {
        let InitializeTicket(()) = ticket;
        let Some((id, lane, revision)) = self.initialize.take() else {
            return;
        };
        let Ok(next) = step(self.phase, Step::Accept) else {
            return;
        };
        let mut result = result.for_revision(revision);
        result.protocol_version = revision.as_str().into();
        let reply = RawJson::from_value(&result)
            .map_err(|_| ErrorObject::internal("the initialize result has no JSON form"));
        self.ids.remove(&id);
        self.transmit(now, lane, Frame::response(&id, &reply));
        self.phase = next;
        self.revision = Some(revision);
        self.handshake_deadline = None;
        if core::mem::take(&mut self.initialized_early) {
            self.complete_handshake(now);
        }
        self.open_gate(now);
        self.finish_drain(now);
    }

    /// Refuses an `initialize`: the session is as new as before, and what is held waits on.
    pub fn refuse(&mut self, now: Instant, ticket: InitializeTicket, error: &ErrorObject) {
        let InitializeTicket(()) = ticket;
        let Some((id, lane, _)) = self.initialize.take() else {
            return;
        };
        self.ids.remove(&id);
        self.transmit(now, lane, Frame::error(Some(&id), error));
        self.phase = step(self.phase, Step::Refuse).unwrap_or(self.phase);
        self.initialized_early = false;
        if self.draining.is_some() {
            self.refuse_held(now, EarlyRefusal::NotInitialized);
        }
        self.finish_drain(now);
    }

    /// Answers a request. An answer to a request that has ended is dropped and counted.
    pub fn respond(&mut self, now: Instant, ticket: RequestTicket, reply: Reply) {
        let Some(request) = self.in_flight.remove(ticket.key()) else {
            self.counters.late_replies += 1;
            return;
        };
        self.ids.remove(&request.id);
        self.idle_deadline = now + self.config.timeouts.idle;
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
        let Some(lane) = self.lane_for(&item) else {
            return Err(self.refuse_to_send(item));
        };
        if self.outbox.is_full(&self.config.limits) {
            return Err(SendError::Full(item));
        }
        let is_log = item.method == NotificationMethod::Message.as_str();
        if self.may_send(item.about.is_some() || is_log) {
            self.transmit(
                now,
                lane,
                Frame::notification(&item.method, item.params.as_ref()),
            );
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
        let Some(lane) = self.lane_for(&item) else {
            return Err(self.refuse_to_send(item));
        };
        let limits = &self.config.limits;
        if self.outbound.len() >= limits.outbound_requests || self.outbox.is_full(limits) {
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
        self.give_up_on(now, handle, reason, RequestError::Cancelled);
    }

    /// Takes no new requests and closes when those in flight are answered, at the latest after
    /// `within`.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        self.start_drain(now, within, CloseReason::Local);
    }

    /// Ends the session now. Frames already queued can still be polled.
    pub fn close(&mut self, now: Instant) {
        self.end(now, CloseReason::Local);
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
        if self.phase == Phase::Closed {
            return Err(PeerError::Closed);
        }
        match Incoming::parse(&frame, &self.config.limits.envelope) {
            Ok(incoming) => self.handle_incoming(now, lane, incoming, frame.len()),
            Err(error) => Err(self.handle_malformed(now, lane, error)),
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
        if self.phase == Phase::Closed {
            return Err(PeerError::Closed);
        }
        self.counters.received += 1;
        self.idle_deadline = now + self.config.timeouts.idle;
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
        let error = EnvelopeError::too_large(self.config.limits.envelope.bytes);
        let _ = self.handle_malformed(now, lane, error);
    }

    /// Takes note that the client will send nothing more.
    ///
    /// What is in flight may still be answered, for at most `within`; then the session closes
    /// (`case_62`).
    pub fn handle_end_of_input(&mut self, now: Instant, within: Duration) {
        self.start_drain(now, within, CloseReason::Disconnected);
    }

    /// Takes note that nothing can be sent to the client any more.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.end(now, CloseReason::Disconnected);
        self.outbox.clear();
    }

    /// Does what is due. Calling it early, late or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Closed {
            return;
        }
        let config = Arc::clone(&self.config);
        if self
            .outbox
            .is_stalled(now, &config.limits, &config.timeouts)
        {
            self.end(now, CloseReason::Stalled);
            self.outbox.clear();
            return;
        }
        while let Some(key) = self.in_flight.expired(now) {
            self.expire(now, key);
        }
        while let Some(handle) = self.outbound.expired(now) {
            self.give_up_on(now, handle, "timed out", RequestError::TimedOut);
        }
        if self.hold.deadline().is_some_and(|deadline| deadline <= now) {
            self.hold.disarm();
            self.refuse_held(now, EarlyRefusal::HoldTimeout);
            self.gave_up = self.phase == Phase::New;
        }
        let passed = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if passed(self.drain_deadline) {
            self.end(now, self.draining.unwrap_or(CloseReason::Local));
        } else if passed(self.handshake_deadline) {
            self.refuse_held(now, EarlyRefusal::HoldTimeout);
            self.end(now, CloseReason::HandshakeTimeout);
        } else if passed(self.idle_timeout()) {
            self.end(now, CloseReason::Idle);
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
    #[must_use]
    pub fn wants_input(&self) -> bool {
        let limits = &self.config.limits;
        self.phase != Phase::Closed
            && self.draining.is_none()
            // While we wait for answers ourselves, what is in flight may wait for them too.
            && (self.in_flight.len() < limits.in_flight || self.outbound.len() > 0)
            && self.events.len() < limits.events
            && !self.outbox.is_full(limits)
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

    /// The negotiated revision, once there is one.
    #[must_use]
    pub const fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
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
        self.outbox.len()
    }

    /// Bytes of frames waiting to leave.
    #[must_use]
    pub const fn outbox_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// Ids the client may not use now: held, in flight, or of an `initialize` being answered.
    #[must_use]
    pub fn ids_in_use(&self) -> usize {
        self.ids.len()
    }

    // What came in.

    fn handle_malformed(&mut self, now: Instant, lane: Lane, error: EnvelopeError) -> PeerError {
        self.counters.malformed += 1;
        if error.is_answerable() {
            self.transmit(now, lane, Frame::error(error.id(), &error.to_error()));
        }
        PeerError::Envelope(error)
    }

    fn handle_batch(
        &mut self,
        now: Instant,
        lane: Lane,
        messages: alloc::vec::Vec<Result<Message, EnvelopeError>>,
        bytes: usize,
    ) -> Result<(), PeerError> {
        if !self.revision.is_some_and(Revision::allows_batches) {
            let error = EnvelopeError::batch_not_allowed();
            return Err(self.handle_malformed(now, lane, error));
        }
        let mut outcome = Ok(());
        for message in messages {
            match message {
                Ok(Message::Request(request)) if request.method.as_str() == "initialize" => {
                    let error = ErrorObject::new(
                        ErrorCode::INVALID_REQUEST,
                        "Invalid request: initialize cannot be part of a batch",
                    );
                    self.transmit(now, lane, Frame::error(Some(&request.id), &error));
                }
                Ok(message) => self.handle_message(now, lane, message, bytes),
                Err(error) => outcome = Err(self.handle_malformed(now, lane, error)),
            }
        }
        outcome
    }

    fn handle_message(&mut self, now: Instant, lane: Lane, message: Message, bytes: usize) {
        match message {
            Message::Request(request) => {
                let id = request.id.clone();
                if let Err(error) = self.handle_request(now, lane, request, bytes) {
                    self.transmit(now, lane, Frame::error(Some(&id), &error));
                }
            }
            Message::Notification(notification) => self.handle_notification(now, notification),
            Message::Response(response) => self.handle_response(response),
        }
    }

    fn handle_request(
        &mut self,
        now: Instant,
        lane: Lane,
        request: Request,
        bytes: usize,
    ) -> Result<(), ErrorObject> {
        let Request { id, method, params } = request;
        let method = Method::from_name(method.as_str());
        if self.ids.contains_key(&id) {
            self.counters.refused_duplicate_id += 1;
            return Err(ErrorObject::new(
                ErrorCode::INVALID_REQUEST,
                "Invalid request: the id is in use by a request that is not answered yet",
            ));
        }
        if method == Method::Ping {
            self.transmit(now, lane, Frame::result(&id, &RawJson::EMPTY_OBJECT));
            return Ok(());
        }
        let meta = Meta::read(params.as_ref())?;
        if let Some(version) = meta.version {
            return Err(self.refuse_modern(&method, &version));
        }
        if self.draining.is_some() {
            return Err(busy("Server is shutting down", "shutting_down"));
        }
        if method == Method::Initialize {
            return self.handle_initialize(lane, id, params.as_ref());
        }
        let revision = self.revision.unwrap_or(Revision::LATEST_LEGACY);
        if !self
            .config
            .methods
            .serves(&method, revision, Sender::Client)
        {
            self.counters.refused_unknown_method += 1;
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        if self.is_open_for(&method) {
            let token = meta.progress_token;
            let (now, waited) = (now, Duration::ZERO);
            return self.dispatch(now, waited, (id, method, params, lane), token);
        }
        self.handle_early(now, (id, method, params, lane), bytes)
    }

    /// Whether a request may go to the application now.
    fn is_open_for(&self, method: &Method) -> bool {
        let responded = matches!(self.phase, Phase::Responded | Phase::Operation);
        match self.config.gate {
            _ if self.config.early_requests == EarlyRequests::Serve => true,
            Gate::InitializeResult => responded,
            // Clients set the level before they are done with the handshake (case_05).
            Gate::Initialized if *method == Method::LoggingSetLevel => responded,
            Gate::Initialized => self.phase == Phase::Operation,
        }
    }

    fn handle_early(
        &mut self,
        now: Instant,
        request: (RequestId, Method, Option<RawJson>, Lane),
        bytes: usize,
    ) -> Result<(), ErrorObject> {
        if self.config.early_requests == EarlyRequests::Refuse || self.gave_up {
            return Err(self.refuse_early(&request.0, EarlyRefusal::NotInitialized));
        }
        let id = request.0.clone();
        let timing = (now, self.config.timeouts.hold);
        let limits = &self.config.limits;
        if !self
            .hold
            .push(timing, limits, &mut self.counters, request, bytes)
        {
            return Err(self.refuse_early(&id, EarlyRefusal::HoldQueueFull));
        }
        self.ids.insert(id.clone(), Place::Held);
        self.inform(ServerEvent::Held(id));
        Ok(())
    }

    fn handle_initialize(
        &mut self,
        lane: Lane,
        id: RequestId,
        params: Option<&RawJson>,
    ) -> Result<(), ErrorObject> {
        let next = step(self.phase, Step::Initialize).map_err(|refusal| match refusal {
            Refusal::AlreadyInitialized | Refusal::Unexpected => ErrorObject::new(
                ErrorCode::INVALID_REQUEST,
                "Invalid request: the session is initialized already",
            ),
        })?;
        let params: InitializeParams = params
            .ok_or_else(|| ErrorObject::invalid_params("initialize needs params"))?
            .to()
            .map_err(|error| {
                ErrorObject::invalid_params(alloc::format!("Invalid initialize params: {error}"))
            })?;
        let revision = negotiate(&params.protocol_version);
        self.phase = next;
        self.gave_up = false;
        self.ids.insert(id.clone(), Place::Initialize);
        self.initialize = Some((id, lane, revision));
        let client = Client {
            revision,
            capabilities: params.capabilities,
            info: params.client_info,
        };
        self.events.push_back(ServerEvent::Initialize(
            InitializeTicket(()),
            Box::new(client),
        ));
        Ok(())
    }

    fn handle_notification(&mut self, now: Instant, notification: Notification) {
        let Notification { method, params } = notification;
        let method = NotificationMethod::from_name(method.as_str());
        match method {
            NotificationMethod::Initialized if self.phase == Phase::Initializing => {
                self.initialized_early = true;
            }
            NotificationMethod::Initialized => {
                if self.phase == Phase::Responded {
                    self.complete_handshake(now);
                    self.open_gate(now);
                } else {
                    self.counters.ignored_notifications += 1;
                }
            }
            NotificationMethod::Cancelled => self.handle_cancelled(now, params.as_ref()),
            NotificationMethod::Progress => self.handle_progress(now, params),
            method => self.inform(ServerEvent::Notification(method, params)),
        }
    }

    /// A malformed one, or one that names nothing we know, is ignored (CANCEL-10), and so is one
    /// for `initialize` (CANCEL-02).
    fn handle_cancelled(&mut self, now: Instant, params: Option<&RawJson>) {
        #[derive(Deserialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            id: RequestId,
            #[serde(default)]
            reason: Option<alloc::string::String>,
        }
        let cancelled = params.and_then(|params| params.to::<Cancelled>().ok());
        let place = cancelled
            .as_ref()
            .and_then(|cancelled| self.ids.get(&cancelled.id));
        let (Some(Cancelled { id, reason }), Some(place)) = (cancelled, place.copied()) else {
            self.counters.ignored_notifications += 1;
            return;
        };
        match place {
            Place::Initialize => {
                self.counters.ignored_notifications += 1;
                return;
            }
            Place::Held => {
                self.hold.remove(&id);
            }
            Place::InFlight(key) => {
                self.in_flight.remove(key);
                self.events
                    .push_back(ServerEvent::Cancelled(key, CancelReason::Client(reason)));
            }
        }
        self.counters.cancelled += 1;
        self.ids.remove(&id);
        self.finish_drain(now);
    }

    fn handle_progress(&mut self, now: Instant, params: Option<RawJson>) {
        #[derive(Deserialize)]
        struct Progress {
            #[serde(rename = "progressToken")]
            token: crate::id::ProgressToken,
        }
        let handle = params
            .as_ref()
            .and_then(|params| params.to::<Progress>().ok())
            .and_then(|progress| progress.token.as_u64())
            .map(RequestHandle);
        match (handle, params) {
            (Some(handle), Some(params)) if self.outbound.progressed(now, handle) => {
                self.inform(ServerEvent::Progress(handle, params));
            }
            _ => self.counters.unknown_progress += 1,
        }
    }

    fn handle_response(&mut self, response: Response) {
        let handle = response.id.and_then(|id| id.as_u64()).map(RequestHandle);
        let Some(handle) = handle.filter(|handle| self.outbound.is_sent(*handle)) else {
            self.counters.unknown_responses += 1;
            return;
        };
        self.outbound.remove(handle);
        let outcome = response.outcome.map_err(RequestError::Refused);
        self.events
            .push_back(ServerEvent::Response(handle, outcome));
    }

    // What goes on.

    fn dispatch(
        &mut self,
        now: Instant,
        held_for: Duration,
        (id, method, params, lane): (RequestId, Method, Option<RawJson>, Lane),
        progress_token: Option<crate::id::ProgressToken>,
    ) -> Result<(), ErrorObject> {
        let limits = &self.config.limits;
        if self.in_flight.len() >= limits.in_flight || self.events.len() >= limits.events {
            self.counters.refused_busy += 1;
            return Err(busy("Too many requests in flight", "too_many_requests"));
        }
        self.serving |= !matches!(self.phase, Phase::Responded | Phase::Operation);
        let deadline = now + self.config.timeouts.request;
        let ticket = self.in_flight.insert(id.clone(), lane, deadline);
        self.ids.insert(id.clone(), Place::InFlight(ticket.key()));
        self.counters.dispatched += 1;
        self.counters.in_flight_peak = self.counters.in_flight_peak.max(self.in_flight.len());
        let request = IncomingRequest {
            ticket,
            id,
            method,
            params,
            progress_token,
            held_for,
        };
        self.events.push_back(ServerEvent::Request(request));
        Ok(())
    }

    fn complete_handshake(&mut self, now: Instant) {
        let Ok(next) = step(self.phase, Step::Initialized) else {
            return;
        };
        self.phase = next;
        self.inform(ServerEvent::Initialized);
        while let Some(item) = self.outbound.undefer() {
            match item {
                Deferred::Notification(item) => {
                    if let Some(lane) = self.lane_for(&item) {
                        let frame = Frame::notification(&item.method, item.params.as_ref());
                        self.transmit(now, lane, frame);
                    }
                }
                Deferred::Request(handle, item) => match self.lane_for(&item) {
                    Some(lane) => self.send_request(now, lane, handle, &item),
                    None => self.give_up_on(now, handle, "", RequestError::NotSent),
                },
            }
        }
    }

    /// Lets held requests through, if the gate is open.
    fn open_gate(&mut self, now: Instant) {
        if !self.is_open_for(&Method::ToolsCall) {
            // The level may be set before the handshake is complete, whoever waits in front.
            return;
        }
        self.hold.disarm();
        while let Some(held) = self.hold.pop() {
            self.release(now, held);
        }
    }

    fn release(&mut self, now: Instant, held: Held) {
        let Held {
            id,
            method,
            params,
            lane,
            since,
            ..
        } = held;
        self.ids.remove(&id);
        let revision = self.revision.unwrap_or(Revision::LATEST_LEGACY);
        let waited = now - since;
        let released = if self
            .config
            .methods
            .serves(&method, revision, Sender::Client)
        {
            Meta::read(params.as_ref())
                .map(|meta| meta.progress_token)
                .and_then(|token| {
                    self.dispatch(
                        now,
                        waited,
                        (id.clone(), method, params.clone(), lane),
                        token,
                    )
                })
        } else {
            self.counters.refused_unknown_method += 1;
            Err(ErrorObject::method_not_found(method.as_str()))
        };
        match released {
            Ok(()) => {
                self.counters.released += 1;
                self.counters.held_for += waited;
            }
            Err(error) => self.transmit(now, lane, Frame::error(Some(&id), &error)),
        }
    }

    fn refuse_held(&mut self, now: Instant, reason: EarlyRefusal) {
        while let Some(held) = self.hold.pop() {
            self.ids.remove(&held.id);
            let error = self.refuse_early(&held.id, reason);
            self.transmit(now, held.lane, Frame::error(Some(&held.id), &error));
        }
    }

    fn refuse_early(&mut self, id: &RequestId, reason: EarlyRefusal) -> ErrorObject {
        #[derive(Serialize)]
        struct Data {
            reason: &'static str,
            expected: &'static str,
            state: &'static str,
            retryable: bool,
        }
        match reason {
            EarlyRefusal::NotInitialized => self.counters.refused_not_initialized += 1,
            EarlyRefusal::HoldTimeout => self.counters.refused_hold_timeout += 1,
            EarlyRefusal::HoldQueueFull => self.counters.refused_hold_queue_full += 1,
        }
        self.inform(ServerEvent::Refused(id.clone(), reason));
        let expected = match self.phase {
            Phase::Responded => "notifications/initialized",
            _ => "initialize",
        };
        let state = self.phase.as_str();
        let data = Data {
            reason: reason.as_str(),
            expected,
            state,
            retryable: true,
        };
        let error = ErrorObject::new(self.config.not_initialized, "Server not initialized");
        match RawJson::from_value(&data) {
            Ok(data) => error.with_data(data),
            Err(_) => error,
        }
    }

    /// A request of the modern era on a server that has none: `server/discover` hears what every
    /// legacy server says, so that the client goes on to `initialize` at once (VER-13); the rest
    /// hears which revisions there are (VER-08).
    fn refuse_modern(&mut self, method: &Method, requested: &str) -> ErrorObject {
        #[derive(Serialize)]
        struct Data<'a> {
            supported: [&'static str; 4],
            requested: &'a str,
        }
        self.counters.refused_unknown_method += 1;
        if *method == Method::ServerDiscover {
            return ErrorObject::method_not_found(method.as_str());
        }
        let error = ErrorObject::new(
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
            "Unsupported protocol version",
        );
        let data = Data {
            supported: Revision::LEGACY.map(Revision::as_str),
            requested,
        };
        match RawJson::from_value(&data) {
            Ok(data) => error.with_data(data),
            Err(_) => error,
        }
    }

    fn expire(&mut self, now: Instant, key: RequestKey) {
        let Some(request) = self.in_flight.remove(key) else {
            return;
        };
        self.ids.remove(&request.id);
        self.counters.expired += 1;
        let error = ErrorObject::internal("Internal error: the request was not answered in time");
        self.transmit(now, request.lane, Frame::error(Some(&request.id), &error));
        self.events
            .push_back(ServerEvent::Cancelled(key, CancelReason::Deadline));
    }

    fn give_up_on(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        reason: &str,
        outcome: RequestError,
    ) {
        #[derive(Serialize)]
        struct Cancelled<'a> {
            #[serde(rename = "requestId")]
            id: u64,
            reason: &'a str,
        }
        let Some(Pending { sent, .. }) = self.outbound.remove(handle) else {
            return;
        };
        let outcome = if sent.is_none() {
            RequestError::NotSent
        } else {
            outcome
        };
        if let Some(lane) = sent
            && let Ok(params) = RawJson::from_value(&Cancelled {
                id: handle.0,
                reason,
            })
        {
            let frame = Frame::notification("notifications/cancelled", Some(&params));
            self.transmit(now, lane, frame);
        }
        self.events
            .push_back(ServerEvent::Response(handle, Err(outcome)));
    }

    fn start_drain(&mut self, now: Instant, within: Duration, reason: CloseReason) {
        if self.phase == Phase::Closed || self.draining.is_some() {
            return;
        }
        self.draining = Some(reason);
        self.drain_deadline = Some(now + within);
        if self.initialize.is_none() {
            self.refuse_held(now, EarlyRefusal::NotInitialized);
        }
        self.finish_drain(now);
    }

    fn finish_drain(&mut self, now: Instant) {
        let Some(reason) = self.draining else { return };
        let idle = self.in_flight.len() == 0 && self.hold.len() == 0 && self.initialize.is_none();
        if idle {
            self.end(now, reason);
        }
    }

    fn end(&mut self, _now: Instant, reason: CloseReason) {
        let Ok(next) = step(self.phase, Step::Close) else {
            return;
        };
        self.phase = next;
        while self.hold.pop().is_some() {}
        self.hold.disarm();
        self.in_flight.clear();
        self.ids.clear();
        self.initialize = None;
        while let Some((handle, pending)) = self.outbound.pop() {
            let error = if pending.sent.is_some() {
                RequestError::Lost
            } else {
                RequestError::NotSent
            };
            self.events
                .push_back(ServerEvent::Response(handle, Err(error)));
        }
        self.outbound.clear_deferred();
        self.events.push_back(ServerEvent::Closed(reason));
    }

    // What goes out.

    /// The lane a message leaves on; none if what it is about has ended.
    fn lane_for(&self, item: &Outgoing) -> Option<Lane> {
        if self.phase == Phase::Closed {
            return None;
        }
        match item.about {
            Some(key) => self.in_flight.lane(key),
            None => Some(Lane::Standing),
        }
    }

    fn refuse_to_send(&self, item: Outgoing) -> SendError<Outgoing> {
        if self.phase == Phase::Closed {
            SendError::Closed(item)
        } else {
            SendError::Ended(item)
        }
    }

    /// Whether a message of ours may leave in this phase; `early` ones before `initialized`.
    const fn may_send(&self, early: bool) -> bool {
        match self.phase {
            Phase::Operation => true,
            Phase::Responded => early || self.serving,
            _ => self.serving,
        }
    }

    fn send_request(&mut self, now: Instant, lane: Lane, handle: RequestHandle, item: &Outgoing) {
        let id = RequestId::from(handle.0);
        self.outbound.mark_sent(handle, lane);
        self.transmit(
            now,
            lane,
            Frame::request(&id, &item.method, item.params.as_ref()),
        );
    }

    fn transmit(&mut self, now: Instant, lane: Lane, frame: Frame) {
        if self.phase == Phase::Closed {
            return;
        }
        let limits = (&self.config.limits, &self.config.timeouts);
        let over = self.outbox.bytes() >= self.config.limits.outbox_bytes_max;
        self.outbox
            .push(now, limits, &mut self.counters, Transmit { lane, frame });
        if over {
            self.end(now, CloseReason::Stalled);
            self.outbox.clear();
        }
    }

    /// Tells what need not be known: dropped when nobody polls.
    fn inform(&mut self, event: ServerEvent) {
        if self.events.len() < self.config.limits.events {
            self.events.push_back(event);
        } else {
            self.counters.dropped_events += 1;
        }
    }

    fn idle_timeout(&self) -> Option<Instant> {
        (self.in_flight.len() == 0).then_some(self.idle_deadline)
    }
}

/// The revision a session speaks: the client's if we have it, else our latest (VER-03, VER-05).
///
/// It is never a modern one, whatever the client asks for: those have no handshake (`case_71`).
fn negotiate(requested: &str) -> Revision {
    requested
        .parse()
        .ok()
        .filter(|revision| Revision::LEGACY.contains(revision))
        .unwrap_or(Revision::LATEST_LEGACY)
}

/// A refusal for reasons of our own; the same request can succeed later.
fn busy(message: &'static str, reason: &'static str) -> ErrorObject {
    #[derive(Serialize)]
    struct Data {
        reason: &'static str,
        retryable: bool,
    }
    let error = ErrorObject::internal(message);
    match RawJson::from_value(&Data {
        reason,
        retryable: true,
    }) {
        Ok(data) => error.with_data(data),
        Err(_) => error,
    }
}
