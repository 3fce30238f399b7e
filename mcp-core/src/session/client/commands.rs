//! What the application asks of the session.

use super::outbox::Ahead;
use super::requests::cost;
use super::{ClientEvent, ClientSession};
use crate::error::{RequestError, SendError};
use crate::id::{RequestHandle, RequestTicket};
use crate::jsonrpc::{Frame, Reply};
use crate::lifecycle::{ClientPhase, Method};
use crate::revision::Revision;
use crate::session::patience::Patience;
use crate::session::{ClientCloseReason, Outgoing};
use crate::time::Instant;

impl ClientSession {
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

    fn has_room_for(&self, item: &Outgoing) -> bool {
        let kept = self.requests.bytes() + self.outbox.notification_bytes();
        kept.saturating_add(cost(item)) <= self.config.limits.request_bytes
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
    pub(super) fn admit_silent(&mut self, now: Instant, item: Outgoing) {
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
}
