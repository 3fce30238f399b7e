//! How requests end, and the session.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::outbox::Ahead;
use super::requests::State;
use super::{ClientEvent, ClientSession, screen};
use crate::error::RequestError;
use crate::id::{RequestHandle, RequestKey};
use crate::jsonrpc::{Frame, RawJson};
use crate::lifecycle::ClientStep;
use crate::session::refusal::{unanswered, withdrawn};
use crate::session::{CancelReason, ClientCloseReason, Lane};

impl ClientSession {
    /// Ends a request.
    pub(super) fn finish(&mut self, handle: RequestHandle, outcome: Result<RawJson, RequestError>) {
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
    pub(super) fn give_up_on(
        &mut self,
        handle: RequestHandle,
        reason: &str,
        outcome: RequestError,
    ) {
        let Some(pending) = self.requests.get(handle) else {
            return;
        };
        let outcome = if pending.left { outcome } else { RequestError::NotSent };
        // CANCEL-05: what becomes a task is not cancelled this way.
        let told = !pending.item.params.as_ref().is_some_and(screen::asks_for_task);
        if let Some(sent) = self.requests.sent(handle).filter(|_| told) {
            let reason = reason.to_string();
            self.outbox.push_ahead(Ahead::Cancel { handle, sent, reason });
            self.withdraw_questions(sent.key.lane());
        }
        self.finish(handle, Err(outcome));
    }

    /// Ends what the server asked on the stream of a request that is cancelled: that stream ends,
    /// and whatever the server would say of the question with it.
    fn withdraw_questions(&mut self, lane: Lane) {
        let questions = self.incoming.on_lane(lane);
        let questions: Vec<_> = questions.filter(|key| !self.inputs.contains_key(key)).collect();
        for key in questions {
            if let Some(request) = self.incoming.remove(key) {
                self.ids.remove(&request.id);
                self.events.push_back(ClientEvent::Cancelled(key, CancelReason::Withdrawn));
                self.answer(Frame::error(Some(&request.id), &withdrawn()));
            }
        }
    }

    /// Ends a request of the server that the application left lying.
    pub(super) fn expire(&mut self, key: RequestKey) {
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

    pub(super) fn end(&mut self, reason: ClientCloseReason) {
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
}
