//! Messages of our own, and answers that come too late.

use serde::Serialize;

use super::ServerSession;
use crate::error::{RequestError, SendError};
use crate::id::{RequestHandle, RequestId, RequestKey};
use crate::jsonrpc::{Frame, RawJson};
use crate::lifecycle::Phase;
use crate::session::meta::with_progress_token;
use crate::session::outbound::{Deferred, Pending};
use crate::session::outbox::Kind;
use crate::session::refusal::unanswered;
use crate::session::{CancelReason, Lane, Outgoing, ServerEvent, Transmit};
use crate::time::Instant;

impl ServerSession {
    /// Sends what waited for `initialized`, in order.
    pub(super) fn send_deferred(&mut self, now: Instant) {
        while let Some(item) = self.outbound.undefer() {
            match item {
                Deferred::Notification(item) => {
                    if let Some(lane) = self.lane_for(&item) {
                        self.tell(now, lane, &item);
                    }
                }
                Deferred::Request(handle, item) => match self.lane_for(&item) {
                    Some(lane) => self.send_request(now, lane, handle, &item),
                    None => self.give_up_on(now, handle, "", RequestError::NotSent),
                },
            }
        }
    }

    pub(super) fn expire(&mut self, now: Instant, key: RequestKey) {
        let Some(request) = self.in_flight.remove(key) else {
            return;
        };
        self.ids.remove(&request.id);
        self.counters.expired += 1;
        self.emit(ServerEvent::Cancelled(key, CancelReason::Deadline));
        let frame = Frame::error(Some(&request.id), &unanswered());
        self.transmit(now, request.lane, frame);
    }

    pub(super) fn give_up_on(
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
        let Some(Pending { mut sent, .. }) = self.outbound.remove(handle) else {
            return;
        };
        if sent == Some(Lane::Standing) && self.outbox.retract(handle) {
            sent = None;
        }
        let outcome = if sent.is_none() { RequestError::NotSent } else { outcome };
        self.emit(ServerEvent::Response(handle, Err(outcome)));
        if let Some(lane) = sent
            && let Ok(params) = RawJson::from_value(&Cancelled { id: handle.0, reason })
        {
            self.tell(now, lane, &Outgoing::new("notifications/cancelled", Some(params)));
        }
    }

    /// The lane a message leaves on; none if what it is about has ended.
    pub(super) fn lane_for(&self, item: &Outgoing) -> Option<Lane> {
        if self.phase == Phase::Closed {
            return None;
        }
        match item.about {
            Some(key) => self.in_flight.lane(key),
            None => Some(Lane::Standing),
        }
    }

    pub(super) fn refuse_to_send(&self, item: Outgoing) -> SendError<Outgoing> {
        if self.phase == Phase::Closed { SendError::Closed(item) } else { SendError::Ended(item) }
    }

    /// Whether a message of ours may leave in this phase; `early` ones before `initialized`.
    pub(super) const fn may_send(&self, early: bool) -> bool {
        match self.phase {
            Phase::Operation => true,
            Phase::Responded => early || self.serving,
            _ => self.serving,
        }
    }

    pub(super) fn send_request(
        &mut self,
        now: Instant,
        lane: Lane,
        handle: RequestHandle,
        item: &Outgoing,
    ) {
        let id = RequestId::from(handle.0);
        self.outbound.mark_sent(handle, lane);
        let frame = if item.progress {
            let params = with_progress_token(item.params.as_ref(), handle.0);
            Frame::request(&id, &item.method, Some(&params))
        } else {
            Frame::request(&id, &item.method, item.params.as_ref())
        };
        self.push(now, Kind::Request(handle), Transmit { lane, frame });
    }

    /// Queues a notification.
    pub(super) fn tell(&mut self, now: Instant, lane: Lane, item: &Outgoing) {
        let frame = Frame::notification(&item.method, item.params.as_ref());
        self.push(now, Kind::Notification, Transmit { lane, frame });
    }
}
