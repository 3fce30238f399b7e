//! Requests on their way to the application: at once, after the handshake, or not at all.

use core::time::Duration;

use serde::Serialize;

use super::ServerSession;
use super::ids::Place;
use crate::config::{EarlyRequests, Gate};
use crate::id::{ProgressToken, RequestId};
use crate::jsonrpc::{ErrorObject, Frame, Params, RawJson};
use crate::lifecycle::{Method, Phase, Sender};
use crate::revision::Revision;
use crate::session::hold::Held;
use crate::session::meta::Meta;
use crate::session::refusal::busy;
use crate::session::{EarlyRefusal, IncomingRequest, Lane, ServerEvent};
use crate::time::Instant;

impl ServerSession {
    /// Whether a request may go to the application now.
    pub(super) fn is_open_for(&self, method: &Method) -> bool {
        let responded = matches!(self.phase, Phase::Responded | Phase::Operation);
        match self.config.gate {
            _ if self.config.early_requests == EarlyRequests::Serve => true,
            Gate::InitializeResult => responded,
            // Clients set the level before they are done with the handshake (case_05).
            Gate::Initialized if *method == Method::LoggingSetLevel => responded,
            Gate::Initialized => self.phase == Phase::Operation,
        }
    }

    pub(super) fn handle_early(
        &mut self,
        now: Instant,
        request: (RequestId, Method, Option<Params>, Lane),
        bytes: usize,
    ) -> Result<(), ErrorObject> {
        if self.config.early_requests == EarlyRequests::Refuse || self.gave_up {
            return Err(self.refuse_early(&request.0, EarlyRefusal::NotInitialized));
        }
        let (id, lane) = (request.0.clone(), request.3);
        let timing = (now, self.config.timeouts.hold);
        let limits = &self.config.limits;
        if !self.hold.push(timing, limits, &mut self.counters, request, bytes) {
            return Err(self.refuse_early(&id, EarlyRefusal::HoldQueueFull));
        }
        self.ids.insert(id.clone(), Place::Held, lane);
        self.inform(ServerEvent::Held(id));
        Ok(())
    }

    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        held_for: Duration,
        (id, method, params, lane): (RequestId, Method, Option<Params>, Lane),
        progress_token: Option<ProgressToken>,
    ) -> Result<(), ErrorObject> {
        let limits = &self.config.limits;
        if self.in_flight.len() >= limits.in_flight || self.events.len() >= limits.events {
            self.counters.refused_busy += 1;
            return Err(busy("Too many requests in flight", "too_many_requests"));
        }
        let deadline = now + self.config.timeouts.request;
        let ticket = self.in_flight.insert(id.clone(), lane, deadline);
        self.ids.insert(id.clone(), Place::InFlight(ticket.key()), lane);
        self.counters.dispatched += 1;
        self.counters.in_flight_peak = self.counters.in_flight_peak.max(self.in_flight.len());
        let request = IncomingRequest {
            ticket,
            id,
            method,
            params,
            progress_token,
            held_for,
            lane,
            caller: None,
        };
        self.emit(ServerEvent::Request(request));
        if !self.serving && !matches!(self.phase, Phase::Responded | Phase::Operation) {
            self.serving = true;
            self.send_deferred(now);
        }
        Ok(())
    }

    /// Lets held requests through for which the gate is open.
    pub(super) fn open_gate(&mut self, now: Instant) {
        if self.is_open_for(&Method::ToolsCall) {
            self.hold.disarm();
        }
        while let Some(index) = self.hold.position(|held| self.is_open_for(&held.method))
            && let Some(held) = self.hold.remove_at(index)
        {
            self.release(now, held);
        }
    }

    pub(super) fn release(&mut self, now: Instant, held: Held) {
        let Held { id, method, params, lane, since, .. } = held;
        let revision = self.revision.unwrap_or(Revision::LATEST_LEGACY);
        let waited = now - since;
        let released = if self.config.methods.serves(&method, revision, Sender::Client) {
            let token = Meta::read(params.as_ref()).map(|meta| meta.progress_token);
            token.and_then(|token| {
                self.dispatch(now, waited, (id.clone(), method, params, lane), token)
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
            Err(error) => {
                self.ids.remove(&id);
                self.transmit(now, lane, Frame::error(Some(&id), &error));
            }
        }
    }

    pub(super) fn refuse_held(&mut self, now: Instant, reason: EarlyRefusal) {
        while let Some(held) = self.hold.pop() {
            self.ids.remove(&held.id);
            let error = self.refuse_early(&held.id, reason);
            self.transmit(now, held.lane, Frame::error(Some(&held.id), &error));
        }
    }

    pub(super) fn refuse_early(&mut self, id: &RequestId, reason: EarlyRefusal) -> ErrorObject {
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
        let data = Data { reason: reason.as_str(), expected, state, retryable: true };
        let error = ErrorObject::new(self.config.not_initialized, "Server not initialized");
        match RawJson::from_value(&data) {
            Ok(data) => error.with_data(data),
            Err(_) => error,
        }
    }
}
