//! What leaves, and in what form.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::outbox::{Ahead, Waiting};
use super::requests::{Sent, State};
use super::{ClientSession, ClientTransmit, TransmitKey, TransmitKind};
use crate::error::RequestError;
use crate::id::{RequestHandle, RequestId};
use crate::jsonrpc::{Frame, RawJson, with_member, with_meta_members};
use crate::lifecycle::{ClientPhase, Method};
use crate::model::{ForRevision, Meta};
use crate::revision::{Era, Revision};
use crate::session::Outgoing;
use crate::session::meta::with_progress_token;
use crate::time::Instant;

impl ClientSession {
    pub(super) fn next_transmit(&mut self) -> Option<ClientTransmit> {
        if let Some(kind) = self.outbox.handshake.take() {
            return Some(self.handshake_frame(kind));
        }
        if let Some(ahead) = self.outbox.pop_ahead() {
            return Some(self.frame_ahead(ahead));
        }
        while self.phase.is_ready() {
            match self.outbox.pop()? {
                Waiting::Notification(item) => {
                    let item = (item.method.clone(), item.params);
                    return Some(self.notification(TransmitKind::Notification, item));
                }
                Waiting::Request(handle) => {
                    if let Some(transmit) = self.request_frame(handle) {
                        return Some(transmit);
                    }
                }
            }
        }
        None
    }

    /// Sends a request again that was not worked on; false if that has been done once.
    pub(super) fn retry(&mut self, now: Instant, handle: RequestHandle) -> bool {
        let before = self.requests.sent(handle).is_some_and(|sent| sent.before);
        let retried = self.send_again(now, handle);
        if let Some(pending) = self.requests.get_mut(handle).filter(|_| retried) {
            pending.left = before;
        }
        retried
    }

    fn send_again(&mut self, now: Instant, handle: RequestHandle) -> bool {
        let Some(pending) = self.requests.get_mut(handle).filter(|pending| !pending.retried) else {
            return false;
        };
        pending.retried = true;
        self.counters.retried += 1;
        self.requests.set_state(handle, State::Waiting);
        self.requests.progressed(now, handle);
        self.outbox.wait(handle);
        true
    }

    /// Sends a request again of which nobody knows what became, if that is safe.
    pub(super) fn lose(&mut self, now: Instant, handle: RequestHandle) {
        let safe = self.requests.get(handle).is_some_and(|pending| is_safe(&pending.item));
        if !safe || !self.send_again(now, handle) {
            self.finish(handle, Err(RequestError::Lost));
        }
    }

    pub(super) const fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) const fn next_key(&mut self) -> TransmitKey {
        self.last_key += 1;
        TransmitKey(self.last_key)
    }

    /// What stands in the `_meta` of every request in a revision of the modern era (META-09).
    pub(super) fn stamp_for(&self, revision: Revision) -> Vec<(&'static str, String)> {
        fn json<T: Serialize>(value: &T) -> String {
            RawJson::known(value).as_str().to_string()
        }
        let config = &self.config;
        let capabilities = config.capabilities.clone().for_revision(revision);
        let mut stamp = Vec::with_capacity(4);
        stamp.push((Meta::PROTOCOL_VERSION, json(&revision.as_str())));
        stamp.push((Meta::CLIENT_CAPABILITIES, json(&capabilities)));
        if config.announces_info {
            stamp.push((Meta::CLIENT_INFO, json(&config.info.clone().for_revision(revision))));
        }
        if let Some(level) = config.log_level {
            stamp.push((Meta::LOG_LEVEL, json(&level)));
        }
        stamp
    }

    /// Parameters with all that a request of the modern era needs.
    pub(super) fn stamped(&self, params: &RawJson, progress_token: Option<u64>) -> RawJson {
        let token = progress_token.map(|token| token.to_string());
        let stamp = self.stamp.iter().map(|(key, value)| (*key, value.as_str()));
        let token = token.iter().map(|token| (Meta::PROGRESS_TOKEN, token.as_str()));
        with_meta_members(params, &stamp.chain(token).collect::<Vec<_>>())
    }

    fn frame_ahead(&mut self, ahead: Ahead) -> ClientTransmit {
        #[derive(Serialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            id: u64,
            reason: String,
        }
        match ahead {
            Ahead::Response(frame) => {
                let revision = self.revision();
                let (key, kind) = (self.next_key(), TransmitKind::Response);
                let (method, params, cancels) = (None, None, None);
                ClientTransmit { key, kind, revision, method, params, cancels, frame }
            }
            Ahead::About(Outgoing { method, params, .. }) => {
                self.notification(TransmitKind::Notification, (method, params))
            }
            Ahead::Cancel { handle, sent, reason } => {
                let params = RawJson::known(&Cancelled { id: sent.id, reason });
                let item = ("notifications/cancelled".into(), Some(params));
                let mut transmit = self.notification(TransmitKind::Cancel(handle), item);
                transmit.cancels = Some(sent.key);
                transmit
            }
        }
    }

    fn notification(
        &mut self,
        kind: TransmitKind,
        (method, params): (alloc::borrow::Cow<'static, str>, Option<RawJson>),
    ) -> ClientTransmit {
        let frame = Frame::notification(&method, params.as_ref());
        let (key, revision, method) = (self.next_key(), self.revision(), Some(method));
        ClientTransmit { key, kind, revision, method, params, cancels: None, frame }
    }

    fn request_frame(&mut self, handle: RequestHandle) -> Option<ClientTransmit> {
        let (id, key) = (self.next_id(), self.next_key());
        let pending = self.requests.get(handle)?;
        let Outgoing { method, params, progress, .. } = &pending.item;
        let (method, before) = (method.clone(), pending.left);
        let mut params = params.clone();
        if let Some(answered) = &pending.answered {
            let mut whole = params.unwrap_or(RawJson::EMPTY_OBJECT);
            if let Some(state) = &answered.state {
                whole = with_member(&whole, "requestState", state.as_str());
            }
            if !answered.responses.is_empty() {
                let responses = RawJson::known(&answered.responses);
                whole = with_member(&whole, "inputResponses", responses.as_str());
            }
            params = Some(whole);
        }
        let epoch = self.cache.epoch;
        let token = progress.then_some(id);
        let era = if self.phase == ClientPhase::Modern { Era::Modern } else { Era::Legacy };
        let params = match (era, token) {
            (Era::Modern, token) => {
                Some(self.stamped(params.as_ref().unwrap_or(&RawJson::EMPTY_OBJECT), token))
            }
            (Era::Legacy, Some(token)) => Some(with_progress_token(params.as_ref(), token)),
            (Era::Legacy, None) => params,
        };
        self.requests.set_state(handle, State::Sent(Sent { id, key, era, before, epoch }));
        self.counters.sent += 1;
        let frame = Frame::request(&RequestId::from(id), &method, params.as_ref());
        let (kind, revision) = (TransmitKind::Request(handle), self.revision());
        let method = Some(method);
        Some(ClientTransmit { key, kind, revision, method, params, cancels: None, frame })
    }
}

/// Whether doing it twice is as good as doing it once.
fn is_safe(item: &Outgoing) -> bool {
    item.idempotent
        || matches!(
            Method::from_name(&item.method),
            Method::Ping
                | Method::ServerDiscover
                | Method::ToolsList
                | Method::PromptsList
                | Method::PromptsGet
                | Method::ResourcesList
                | Method::ResourcesTemplatesList
                | Method::ResourcesRead
                | Method::ResourcesSubscribe
                | Method::ResourcesUnsubscribe
                | Method::CompletionComplete
                | Method::LoggingSetLevel
                | Method::SubscriptionsListen
                | Method::TasksGet
                | Method::TasksResult
                | Method::TasksList
        )
}
