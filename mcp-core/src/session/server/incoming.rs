//! What a session makes of what came in.

use core::time::Duration;

use serde::Serialize;

use super::ServerSession;
use super::ids::Place;
use crate::error::{PeerError, RequestError};
use crate::id::RequestHandle;
use crate::jsonrpc::{
    EnvelopeError, ErrorCode, ErrorObject, Frame, Message, Notification, RawJson, Request, Response,
};
use crate::lifecycle::{Method, NotificationMethod, Phase, Sender};
use crate::modern::is_modern;
use crate::revision::Revision;
use crate::session::meta::Meta;
use crate::session::notices::{Cancelled, progress_token};
use crate::session::refusal::{busy, duplicate_id};
use crate::session::{CancelReason, Lane, ServerEvent};
use crate::time::Instant;

impl ServerSession {
    pub(super) fn handle_malformed(
        &mut self,
        now: Instant,
        lane: Lane,
        error: EnvelopeError,
    ) -> PeerError {
        self.counters.malformed += 1;
        if error.is_answerable() {
            self.transmit(now, lane, Frame::error(error.id(), &error.to_error()));
        }
        PeerError::Envelope(error)
    }

    pub(super) fn handle_batch(
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
            if self.phase == Phase::Closed {
                return Err(PeerError::Closed);
            }
            match message {
                Ok(Message::Request(request)) if request.method == *"initialize" => {
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

    pub(super) fn handle_message(
        &mut self,
        now: Instant,
        lane: Lane,
        message: Message,
        bytes: usize,
    ) {
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

    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        lane: Lane,
        request: Request,
        bytes: usize,
    ) -> Result<(), ErrorObject> {
        if self.ids.get(&request.id).is_some() {
            self.counters.refused_duplicate_id += 1;
            return Err(duplicate_id());
        }
        if self.config.modern && is_modern(request.method.as_str(), request.params.as_ref()) {
            return self.handle_modern(now, lane, request);
        }
        let Request { id, method, params } = request;
        let method = Method::from_name(method.as_str());
        if method == Method::Ping {
            self.transmit(now, lane, Frame::result(&id, &RawJson::EMPTY_OBJECT));
            return Ok(());
        }
        let meta = Meta::read(params.as_ref())?;
        if let Some(version) = meta.version {
            return Err(self.refuse_modern(&method, &version));
        }
        if method == Method::Initialize {
            return self.handle_initialize(lane, id, params.as_deref());
        }
        let revision = self.revision.unwrap_or(Revision::LATEST_LEGACY);
        if !self.config.methods.serves(&method, revision, Sender::Client) {
            self.counters.refused_unknown_method += 1;
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        if self.draining.is_some() {
            return Err(shutting_down());
        }
        if self.is_open_for(&method) {
            let token = meta.progress_token;
            let (now, waited) = (now, Duration::ZERO);
            return self.dispatch(now, waited, (id, method, params, lane), token);
        }
        self.handle_early(now, (id, method, params, lane), bytes)
    }

    pub(super) fn handle_notification(&mut self, now: Instant, notification: Notification) {
        if self.config.modern
            && is_modern(notification.method.as_str(), notification.params.as_ref())
        {
            self.handle_modern_notification(now, notification);
            return;
        }
        let Notification { method, params } = notification;
        let params = params.map(RawJson::from);
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
    pub(super) fn handle_cancelled(&mut self, now: Instant, params: Option<&RawJson>) {
        let cancelled = Cancelled::read(params);
        let place = cancelled.as_ref().and_then(|cancelled| self.ids.get(&cancelled.id));
        let (Some(Cancelled { id, reason }), Some(place)) = (cancelled, place) else {
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
                self.emit(ServerEvent::Cancelled(key, CancelReason::Peer(reason)));
            }
        }
        self.counters.cancelled += 1;
        self.ids.remove(&id);
        self.finish_drain(now);
    }

    pub(super) fn handle_progress(&mut self, now: Instant, params: Option<RawJson>) {
        let handle = progress_token(params.as_ref()).map(RequestHandle);
        match (handle, params) {
            (Some(handle), Some(params)) if self.outbound.progressed(now, handle) => {
                self.inform(ServerEvent::Progress(handle, params));
            }
            _ => self.counters.unknown_progress += 1,
        }
    }

    pub(super) fn handle_response(&mut self, response: Response) {
        let handle = response.id.and_then(|id| id.as_u64()).map(RequestHandle);
        let Some(handle) = handle.filter(|handle| self.outbound.is_sent(*handle)) else {
            self.counters.unknown_responses += 1;
            return;
        };
        self.outbound.remove(handle);
        let outcome = response.outcome.map_err(RequestError::Refused);
        self.emit(ServerEvent::Response(handle, outcome));
    }

    /// A request of the modern era where that is not served: `server/discover` hears what every
    /// legacy server says, so that the client goes on to `initialize` at once (VER-13); the rest
    /// hears which revisions there are (VER-08).
    pub(super) fn refuse_modern(&mut self, method: &Method, requested: &str) -> ErrorObject {
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
        let data = Data { supported: Revision::LEGACY.map(Revision::as_str), requested };
        match RawJson::from_value(&data) {
            Ok(data) => error.with_data(data),
            Err(_) => error,
        }
    }
}

pub(super) fn shutting_down() -> ErrorObject {
    busy("Server is shutting down", "shutting_down")
}
