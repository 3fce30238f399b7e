//! Sessions that leave for another server, and that come from one.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::head::{Claims, Field, Fields};
use super::refusal::Refusal;
use super::server::HttpServer;
use super::sessions::Slot;
use super::streams::Streams;
use super::{SessionId, access};
use crate::auth::Principal;
use crate::session::{RestoreError, ServerSession, SessionSnapshot, StreamsSnapshot};
use crate::time::Instant;

impl<A: Default> HttpServer<A> {
    /// Takes in a session of Streamable HTTP that began elsewhere; there is no exchange with its
    /// client (`case_20b`). If it is here already nothing changes. `prepare` gets the session
    /// before anybody else can.
    ///
    /// # Errors
    /// [`RestoreError`], and there is no such session.
    pub fn restore(
        &self,
        now: Instant,
        id: SessionId,
        snapshot: &SessionSnapshot,
        prepare: impl FnOnce(&Arc<Slot<A>>),
    ) -> Result<(), RestoreError> {
        let shared = &self.shared;
        let mut session = ServerSession::restore(now, Arc::clone(&shared.session), snapshot)?;
        session.set_standing_read(now, false);
        let at = snapshot.streams.unwrap_or(StreamsSnapshot { exchanges: 0, standing: 0 });
        let streams = Streams::restore(id, &shared.config.events, &shared.schedule, at);
        let principal = snapshot.principal.as_deref().map(Principal::from_text);
        let slot = Slot::with_streams(id, session, streams, A::default()).owned_by(principal);
        let slot = Arc::new(slot);
        let place = shared.reserve(now).map_err(|_| RestoreError::NoRoom)?;
        prepare(&slot);
        place.fill(id, &slot).map_err(|_| RestoreError::NoRoom)?;
        // It need not be ours that is there now.
        if let Some(slot) = shared.sessions.get(id) {
            shared.look_after(now, &mut slot.lock());
        }
        Ok(())
    }

    /// The sessions of Streamable HTTP that can go on elsewhere, with what the core knows of them.
    #[must_use]
    pub fn snapshots(&self) -> Vec<(SessionId, SessionSnapshot, Arc<Slot<A>>)> {
        let snapshot = |slot: Arc<Slot<A>>| {
            let mut session = slot.lock();
            let mut snapshot = session.snapshot()?;
            let id = slot.session_id()?;
            snapshot.streams = session.streams().map(|streams| streams.snapshot());
            drop(session);
            snapshot.principal = slot.principal().map(|it| it.as_str().to_string());
            Some((id, snapshot, slot))
        };
        self.slots().into_iter().filter_map(snapshot).collect()
    }

    /// The session that a request names and that is not here, if the request may come in at all:
    /// whoever keeps sessions elsewhere [restores](Self::restore) it before the request is judged.
    #[must_use]
    pub fn missing_session(&self, head: &Parts) -> Option<SessionId> {
        let config = &self.shared.config;
        let fields = Fields::of(&head.headers);
        let Claims { version, session, .. } = Claims::of(&fields);
        if matches!(version, Field::Once(version) if !version.is_legacy())
            || config.mcp.as_deref() != Some(head.uri.path())
            || access::check(&head.uri, &fields, &config.hosts, &config.origins).is_err()
        {
            return None;
        }
        let Field::Once(Some(id)) = session else {
            return None;
        };
        self.shared.sessions.get(id).is_none().then_some(id)
    }

    /// The answer to a request whose session is elsewhere and cannot be taken in now: 503, for the
    /// session lives on. A 404 would make its client begin anew.
    #[must_use]
    pub fn session_unavailable(&self) -> Response<Bytes> {
        Refusal::SessionUnavailable.into_response()
    }
}
