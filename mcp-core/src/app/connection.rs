//! What an application knows of one client.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::audience::Seat;
use super::handler::Peer;
use crate::error::SendError;
use crate::jsonrpc::RawJson;
use crate::lifecycle::NotificationMethod;
use crate::model::Level;
use crate::modern::Caller;
use crate::revision::{Era, Revision};
use crate::session::{Client, Outgoing};

/// Above every [`Level`].
const SILENT: u8 = u8::MAX;

/// One client's session, as the application sees it. In the modern era there is no such thing,
/// and this is about a single request.
pub struct Connection {
    peer: Arc<dyn Peer>,
    /// What the one request says of its client that there is.
    caller: Option<Caller>,
    client: OnceLock<Arc<Client>>,
    principal: OnceLock<Arc<str>>,
    /// A [`Level`] by its number.
    log_level: AtomicU8,
    kept: Mutex<Kept>,
}

/// What is dropped with the connection.
struct Kept {
    /// Its place among the clients of the server, of which there is mostly one.
    seat: Option<Seat>,
    guards: Vec<Box<dyn Send + Sync>>,
}

impl Connection {
    /// A connection to a client that has not introduced itself.
    #[must_use]
    pub fn new(peer: impl Peer + 'static) -> Arc<Self> {
        Arc::new(Self::of(Arc::new(peer), None, Level::Info as u8))
    }

    /// The client of one request of the modern era, which is all there is of it.
    #[must_use]
    pub fn stateless(peer: Arc<dyn Peer>, caller: Caller) -> Arc<Self> {
        let log_level = caller.log_level.map_or(SILENT, |level| level as u8);
        Arc::new(Self::of(peer, Some(caller), log_level))
    }

    const fn of(peer: Arc<dyn Peer>, caller: Option<Caller>, log_level: u8) -> Self {
        Self {
            peer,
            caller,
            client: OnceLock::new(),
            principal: OnceLock::new(),
            log_level: AtomicU8::new(log_level),
            kept: Mutex::new(Kept { seat: None, guards: Vec::new() }),
        }
    }

    /// Takes note of who the client is, once its `initialize` has been accepted.
    pub fn introduce(&self, client: Arc<Client>) {
        if client.revision.era() == Era::Modern {
            self.log_level.store(SILENT, Ordering::Relaxed);
        }
        // A second introduction cannot happen: the session refuses a second `initialize`.
        let _ = self.client.set(client);
    }

    /// Takes note on whose behalf the client speaks, once that has been verified and before it is
    /// heard. It stays so: whoever comes with another principal has no part in this connection.
    pub fn authorize(&self, principal: impl Into<Arc<str>>) {
        let _ = self.principal.set(principal.into());
    }

    /// Keeps something until the connection is gone, to clean up after the client in its `Drop`.
    pub fn keep(&self, guard: impl Send + Sync + 'static) {
        self.kept().guards.push(Box::new(guard));
    }

    /// Keeps a place in an audience until the connection is gone.
    pub(super) fn keep_seat(&self, seat: Seat) {
        let Kept { seat: kept, guards } = &mut *self.kept();
        match kept {
            None => *kept = Some(seat),
            Some(_) => guards.push(Box::new(seat)),
        }
    }

    /// Sets the least severe level of log messages the client wants.
    pub fn set_log_level(&self, level: Level) {
        self.log_level.store(level as u8, Ordering::Relaxed);
    }

    /// The least severe level of log messages the client wants; `None` if it wants none.
    #[must_use]
    pub fn log_level(&self) -> Option<Level> {
        let level = self.log_level.load(Ordering::Relaxed);
        Level::ALL.iter().copied().find(|it| *it as u8 == level)
    }

    /// Sends a notification that belongs to no request of the client.
    ///
    /// # Errors
    /// [`SendError`] hands it back.
    pub fn notify(
        &self,
        method: &NotificationMethod,
        params: Option<RawJson>,
    ) -> Result<(), SendError<Outgoing>> {
        let method = method.as_str().to_owned();
        self.peer.notify(Outgoing::new(method, params))
    }

    /// The client's end.
    #[must_use]
    pub fn peer(&self) -> &dyn Peer {
        &*self.peer
    }

    /// Who the client is; `None` if it was served without a handshake.
    #[must_use]
    pub fn client(&self) -> Option<&Arc<Client>> {
        match &self.caller {
            Some(caller) => Some(self.client.get_or_init(|| Arc::new(caller.client()))),
            None => self.client.get(),
        }
    }

    /// On whose behalf the client speaks, if it had to say.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.principal.get()
    }

    /// The revision both sides speak; the newest legacy one if none was negotiated.
    #[must_use]
    pub fn revision(&self) -> Revision {
        match &self.caller {
            Some(caller) => caller.revision,
            None => self.client.get().map_or(Revision::LATEST_LEGACY, |client| client.revision),
        }
    }

    /// Whether the client wants log messages of this level: until it says so, from `info` up in
    /// the legacy era, and none in the modern one (LOG-09).
    #[must_use]
    pub fn wants_log(&self, level: Level) -> bool {
        self.log_level.load(Ordering::Relaxed) <= level as u8
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("client", &self.client()).finish_non_exhaustive()
    }
}
