//! A session that leaves, and one that comes from elsewhere.

use alloc::sync::Arc;

use super::ServerSession;
use crate::config::SessionConfig;
use crate::lifecycle::Phase;
use crate::session::{RestoreError, SessionSnapshot};
use crate::time::Instant;

impl ServerSession {
    /// A session that goes on where another one was, with no handshake: what it sends from here on
    /// is what the other would have sent.
    ///
    /// # Errors
    /// [`RestoreError`] if the snapshot is none that can be restored here.
    pub fn restore(
        now: Instant,
        config: Arc<SessionConfig>,
        snapshot: &SessionSnapshot,
    ) -> Result<Self, RestoreError> {
        let revision = snapshot.revision()?;
        let mut session = Self::new(now, config);
        session.phase = if snapshot.initialized { Phase::Operation } else { Phase::Responded };
        session.revision = Some(revision);
        session.handshake_deadline = None;
        session.outbound.resume_after(snapshot.requests);
        Ok(session)
    }

    /// The session as a value. It stays what it is, and so do requests that are held or in flight:
    /// they are answered here.
    ///
    /// `None` if there is nothing to go on with: before `initialize` has been answered, and after
    /// the end.
    #[must_use]
    pub fn snapshot(&self) -> Option<SessionSnapshot> {
        let initialized = match self.phase {
            Phase::Responded => false,
            Phase::Operation => true,
            Phase::New | Phase::Initializing | Phase::Closed => return None,
        };
        Some(SessionSnapshot::new(self.revision?, initialized, self.outbound.used()))
    }
}
