//! The handshake: `initialize`, what comes of it, and `notifications/initialized`.

use alloc::borrow::Cow;
use alloc::sync::Arc;

use serde::Deserialize;

use super::ServerSession;
use super::ids::Place;
use super::incoming::shutting_down;
use crate::id::RequestId;
use crate::jsonrpc::{ErrorCode, ErrorObject, Frame, RawJson, Reply};
use crate::lifecycle::{Refusal, Step, step};
use crate::model::{ClientCapabilities, Implementation, InitializeResult};
use crate::revision::Revision;
use crate::session::{Client, InitializeTicket, Lane, ServerEvent};
use crate::time::Instant;

impl ServerSession {
    /// Accepts an `initialize`: the result is queued to leave, then the requests that waited for
    /// it are let through.
    ///
    /// The protocol version in `result` is replaced by the negotiated one.
    pub fn accept(&mut self, now: Instant, ticket: InitializeTicket, result: InitializeResult) {
        let Some((_, _, revision)) = &self.initialize else {
            return;
        };
        let reply = RawJson::from_value(&result.agreed_on(*revision))
            .map_err(|_| ErrorObject::internal("the initialize result has no JSON form"));
        self.conclude_initialize(now, ticket, &reply);
    }

    /// The same with the JSON of the result, written before: it says and has what belongs to the
    /// negotiated revision, which is that of the [`Client`].
    pub fn accept_written(&mut self, now: Instant, ticket: InitializeTicket, result: RawJson) {
        self.conclude_initialize(now, ticket, &Ok(result));
    }

    fn conclude_initialize(&mut self, now: Instant, ticket: InitializeTicket, reply: &Reply) {
        let now = self.advance(now);
        let InitializeTicket(()) = ticket;
        let Some((id, lane, revision)) = self.initialize.take() else {
            return;
        };
        let Ok(next) = step(self.phase, Step::Accept) else {
            return;
        };
        self.phase = next;
        self.revision = Some(revision);
        self.handshake_deadline = None;
        self.ids.remove(&id);
        self.transmit(now, lane, Frame::response(&id, reply));
        if core::mem::take(&mut self.initialized_early) {
            self.complete_handshake(now);
        }
        self.open_gate(now);
        self.finish_drain(now);
    }

    /// Refuses an `initialize`: the session is as new as before, and what is held waits on.
    pub fn refuse(&mut self, now: Instant, ticket: InitializeTicket, error: &ErrorObject) {
        let now = self.advance(now);
        let InitializeTicket(()) = ticket;
        let Some((id, lane, _)) = self.initialize.take() else {
            return;
        };
        self.phase = step(self.phase, Step::Refuse).unwrap_or(self.phase);
        self.initialized_early = false;
        self.ids.remove(&id);
        self.transmit(now, lane, Frame::error(Some(&id), error));
        self.finish_drain(now);
    }

    pub(super) fn handle_initialize(
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
        if self.draining.is_some() {
            return Err(shutting_down());
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params<'a> {
            /// Required, but a client that leaves it out can be served all the same (case_71).
            #[serde(borrow, default)]
            protocol_version: Cow<'a, str>,
            capabilities: ClientCapabilities,
            client_info: Implementation,
        }
        let params =
            params.ok_or_else(|| ErrorObject::invalid_params("initialize needs params"))?;
        let params: Params<'_> = serde_json::from_str(params.as_str()).map_err(|error| {
            ErrorObject::invalid_params(alloc::format!("Invalid initialize params: {error}"))
        })?;
        let revision = negotiate(&params.protocol_version);
        self.phase = next;
        self.gave_up = false;
        self.ids.insert(id.clone(), Place::Initialize, lane);
        self.initialize = Some((id, lane, revision));
        let client =
            Client { revision, capabilities: params.capabilities, info: params.client_info };
        self.emit(ServerEvent::Initialize(InitializeTicket(()), Arc::new(client)));
        Ok(())
    }

    pub(super) fn complete_handshake(&mut self, now: Instant) {
        let Ok(next) = step(self.phase, Step::Initialized) else {
            return;
        };
        self.phase = next;
        self.inform(ServerEvent::Initialized);
        self.send_deferred(now);
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
