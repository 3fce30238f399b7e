//! What the server asks for and tells.

use alloc::vec::Vec;
use core::time::Duration;

use serde::Deserialize;

use super::{ClientEvent, ClientSession, TransmitKey};
use crate::error::PeerError;
use crate::id::{RequestHandle, RequestId};
use crate::jsonrpc::{EnvelopeError, ErrorObject, Frame, Message, Notification, RawJson, Request};
use crate::lifecycle::{ClientPhase, Method, NotificationMethod, Sender};
use crate::modern::listen_result;
use crate::revision::Revision;
use crate::session::meta::Meta;
use crate::session::notices::{Cancelled, progress_token};
use crate::session::refusal::{busy, duplicate_id};
use crate::session::{CancelReason, IncomingRequest, Lane};
use crate::time::Instant;

impl ClientSession {
    pub(super) fn handle_batch(
        &mut self,
        now: Instant,
        lane: Lane,
        messages: Vec<Result<Message, EnvelopeError>>,
    ) -> Result<(), PeerError> {
        if !self.revision().is_some_and(Revision::allows_batches) {
            return Err(self.handle_malformed(EnvelopeError::batch_not_allowed()));
        }
        let mut outcome = Ok(());
        for message in messages {
            if self.phase == ClientPhase::Closed {
                return Err(PeerError::Closed);
            }
            match message {
                Ok(message) => self.handle_message(now, lane, message),
                Err(error) => outcome = Err(self.handle_malformed(error)),
            }
        }
        outcome
    }

    pub(super) fn handle_message(&mut self, now: Instant, lane: Lane, message: Message) {
        match message {
            // JSONRPC-24, JSONRPC-25: the modern era has no requests of servers, and no answers.
            Message::Request(_) if self.phase == ClientPhase::Modern => {
                self.counters.ignored_requests += 1;
            }
            Message::Request(request) => {
                let id = request.id.clone();
                if let Err(error) = self.handle_request(now, lane, request) {
                    self.answer(Frame::error(Some(&id), &error));
                }
            }
            Message::Notification(notification) => {
                self.handle_notification(now, lane, notification);
            }
            Message::Response(response) => self.handle_response(now, response),
        }
    }

    fn handle_request(
        &mut self,
        now: Instant,
        lane: Lane,
        Request { id, method, params }: Request,
    ) -> Result<(), ErrorObject> {
        if self.ids.contains_key(&id) {
            self.counters.refused_duplicate_id += 1;
            return Err(duplicate_id());
        }
        let method = Method::from_name(method.as_str());
        if method == Method::Ping {
            self.answer(Frame::result(&id, &RawJson::EMPTY_OBJECT));
            return Ok(());
        }
        // One that comes before the answer to `initialize` is taken all the same (`case_06`).
        let revision = self.revision().unwrap_or(Revision::LATEST_LEGACY);
        let exists = matches!(method, Method::Other(_)) || method.exists(revision, Sender::Server);
        if !self.config.answers(&method) || !exists {
            self.counters.refused_unknown_method += 1;
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        let meta = Meta::read(params.as_ref())?;
        self.screen(&method, params.as_deref())?;
        let limits = &self.config.limits;
        if self.incoming.len() >= limits.incoming || self.events.len() >= limits.events {
            self.counters.refused_busy += 1;
            return Err(busy("Too many requests in flight", "too_many_requests"));
        }
        let deadline = now + self.config.timeouts.incoming;
        let ticket = self.incoming.insert(id.clone(), lane, deadline);
        self.ids.insert(id.clone(), ticket.key());
        let progress_token = meta.progress_token;
        self.dispatch(IncomingRequest {
            ticket,
            id,
            method,
            params,
            progress_token,
            held_for: Duration::ZERO,
            lane,
            caller: None,
        });
        Ok(())
    }

    pub(super) fn dispatch(&mut self, request: IncomingRequest) {
        self.counters.dispatched += 1;
        self.counters.in_flight_peak = self.counters.in_flight_peak.max(self.incoming.len());
        self.events.push_back(ClientEvent::Request(request));
    }

    fn handle_notification(
        &mut self,
        now: Instant,
        lane: Lane,
        Notification { method, params }: Notification,
    ) {
        let params = params.map(RawJson::from);
        let method = NotificationMethod::from_name(method.as_str());
        match method {
            NotificationMethod::Cancelled => self.handle_cancelled(params.as_ref()),
            NotificationMethod::Progress => self.handle_progress(now, params),
            NotificationMethod::ElicitationComplete
                if !self.elicitations.complete(params.as_ref()) =>
            {
                self.counters.ignored_notifications += 1;
            }
            method => {
                self.cache.invalidate(&method, params.as_ref());
                let about = self.about(lane, params.as_ref());
                self.inform(ClientEvent::Notification { method, params, about });
            }
        }
    }

    /// The request of ours that a notification belongs to: by what it says itself (STDIO-16), or
    /// by the exchange it came on.
    fn about(&self, lane: Lane, params: Option<&RawJson>) -> Option<RequestHandle> {
        #[derive(Deserialize)]
        struct Params {
            #[serde(rename = "_meta")]
            meta: Tag,
        }
        #[derive(Deserialize)]
        struct Tag {
            #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
            id: RequestId,
        }
        let tagged = params
            .filter(|params| params.as_str().contains("subscriptionId"))
            .and_then(|params| params.to::<Params>().ok());
        if let Some(Params { meta: Tag { id } }) = tagged {
            return self.requests.by_id(id.as_u64()?).map(|(handle, _)| handle);
        }
        match lane {
            Lane::Exchange(key) => self.requests.by_key(TransmitKey(key)).map(|(handle, _)| handle),
            Lane::Standing => None,
        }
    }

    /// In the legacy era the server cancels a request of its own; in the modern one it ends a
    /// subscription of ours (CANCEL-13). What names nothing we know is ignored (CANCEL-10).
    fn handle_cancelled(&mut self, params: Option<&RawJson>) {
        let Some(Cancelled { id, reason }) = Cancelled::read(params) else {
            self.counters.ignored_notifications += 1;
            return;
        };
        if let Some(key) = self.ids.remove(&id) {
            self.incoming.remove(key);
            self.counters.cancelled += 1;
            self.events.push_back(ClientEvent::Cancelled(key, CancelReason::Peer(reason)));
            return;
        }
        let ours = id.as_u64().and_then(|id| self.requests.by_id(id));
        let listens = |handle: RequestHandle| {
            let pending = self.requests.get(handle);
            pending.is_some_and(|it| it.item.method == Method::SubscriptionsListen.as_str())
        };
        match ours {
            Some((handle, _)) if self.phase == ClientPhase::Modern && listens(handle) => {
                // Its result follows, or not.
                self.finish(handle, Ok(listen_result(&id)));
            }
            _ => self.counters.ignored_notifications += 1,
        }
    }

    fn handle_progress(&mut self, now: Instant, params: Option<RawJson>) {
        let ours = progress_token(params.as_ref()).and_then(|id| self.requests.by_id(id));
        match (ours, params) {
            (Some((handle, _)), Some(params)) => {
                self.requests.progressed(now, handle);
                self.inform(ClientEvent::Progress(handle, params));
            }
            // case_41: late, or made up.
            _ => self.counters.unknown_progress += 1,
        }
    }
}
