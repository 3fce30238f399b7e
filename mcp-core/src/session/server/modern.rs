//! Requests of the modern era beside a legacy session.
//!
//! They share the stream, the ids in flight and the bounds, and nothing else: whatever the
//! handshake is at, they are worked on at once (`case_10`), and it is none the wiser.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::ServerSession;
use super::ids::Place;
use super::incoming::shutting_down;
use crate::error::SendError;
use crate::id::{RequestId, RequestKey};
use crate::jsonrpc::{ErrorCode, ErrorObject, Frame, Notification, RawJson, Request};
use crate::lifecycle::{Method, NotificationMethod};
use crate::model::{CancelledParams, Meta};
use crate::modern::{ModernNotification, ModernRequest, belongs, listen_result};
use crate::session::in_flight::RequestKind;
use crate::session::refusal::busy;
use crate::session::{CancelReason, IncomingRequest, Lane, Outgoing, ServerEvent};
use crate::time::Instant;

impl ServerSession {
    pub(super) fn handle_modern(
        &mut self,
        now: Instant,
        lane: Lane,
        request: Request,
    ) -> Result<(), ErrorObject> {
        let request = ModernRequest::read(request, &self.config.methods).inspect_err(|error| {
            let unknown = error.code() == ErrorCode::METHOD_NOT_FOUND;
            self.counters.refused_unknown_method += u64::from(unknown);
        })?;
        if self.draining.is_some() {
            return Err(shutting_down());
        }
        let limits = &self.config.limits;
        if self.in_flight.len() >= limits.in_flight || self.events.len() >= limits.events {
            self.counters.refused_busy += 1;
            return Err(busy("Too many requests in flight", "too_many_requests"));
        }
        // Whoever speaks this era owes no handshake.
        self.handshake_deadline = None;
        let ModernRequest { id, method, params, progress_token, caller } = request;
        let listens = method == Method::SubscriptionsListen;
        let kind = if listens { RequestKind::Listen } else { RequestKind::Modern };
        let deadline = now + self.config.timeouts.request;
        let ticket = self.in_flight.insert_as(kind, id.clone(), lane, deadline);
        self.ids.insert(id.clone(), Place::InFlight(ticket.key()), lane);
        self.counters.dispatched += 1;
        self.counters.in_flight_peak = self.counters.in_flight_peak.max(self.in_flight.len());
        self.emit(ServerEvent::Request(IncomingRequest {
            ticket,
            id,
            method,
            params: Some(params),
            progress_token,
            held_for: Duration::ZERO,
            lane,
            caller: Some(Box::new(caller)),
        }));
        Ok(())
    }

    /// Takes a notification of the modern era. What means nothing in it is ignored: `initialized`
    /// for one does not open the gate of a session that may be beside it.
    pub(super) fn handle_modern_notification(&mut self, now: Instant, notification: Notification) {
        if notification.method.as_str() == NotificationMethod::Cancelled.as_str() {
            self.handle_cancelled(now, notification.params.as_deref());
            return;
        }
        match ModernNotification::read(notification) {
            Some(it) => self.inform(ServerEvent::ModernNotification(Box::new(it))),
            None => self.counters.ignored_notifications += 1,
        }
    }

    /// Sends a notification about a request of the modern era, if it belongs there.
    pub(super) fn notify_modern(
        &mut self,
        now: Instant,
        (lane, listens): (Lane, bool),
        item: Outgoing,
    ) -> Result<(), SendError<Outgoing>> {
        if !belongs(&item.method, listens) {
            return Err(SendError::Ended(item));
        }
        self.tell(now, lane, &item);
        Ok(())
    }

    /// Whether a request is one of the modern era, and then whether it is a subscription.
    pub(super) fn modern(&self, request: Option<RequestKey>) -> Option<bool> {
        match self.in_flight.kind(request?)? {
            RequestKind::Legacy => None,
            RequestKind::Modern => Some(false),
            RequestKind::Listen => Some(true),
        }
    }

    /// Ends the subscriptions gracefully: there will be no more changes to tell of.
    pub(super) fn end_subscriptions(&mut self, now: Instant) {
        let keys: Vec<RequestKey> = self.in_flight.listening().collect();
        for key in keys {
            let Some(request) = self.in_flight.remove(key) else {
                continue;
            };
            self.ids.remove(&request.id);
            self.emit(ServerEvent::Cancelled(key, CancelReason::ShuttingDown));
            self.tell_end(now, request.lane, &request.id);
            let frame = Frame::result(&request.id, &listen_result(&request.id));
            self.transmit(now, request.lane, frame);
        }
    }

    /// CANCEL-13: what ends a subscription on a stream that goes on.
    pub(super) fn tell_end(&mut self, now: Instant, lane: Lane, id: &RequestId) {
        let meta = Meta::new().with_subscription_id(id);
        let params = RawJson::known(&CancelledParams::of(id.clone()).with_meta(meta));
        self.tell(now, lane, &Outgoing::new("notifications/cancelled", Some(params)));
    }
}
