//! What an application knows of one client.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use std::sync::OnceLock;

use super::handler::Peer;
use crate::revision::Revision;
use crate::session::Client;

/// One client's session, as the application sees it.
pub struct Connection {
    peer: Box<dyn Peer>,
    client: OnceLock<Arc<Client>>,
}

impl Connection {
    /// A connection to a client that has not introduced itself.
    #[must_use]
    pub fn new(peer: impl Peer + 'static) -> Arc<Self> {
        Arc::new(Self {
            peer: Box::new(peer),
            client: OnceLock::new(),
        })
    }

    /// Takes note of who the client is, once its `initialize` has been accepted.
    pub fn introduce(&self, client: Arc<Client>) {
        // A second introduction cannot happen: the session refuses a second `initialize`.
        let _ = self.client.set(client);
    }

    /// The client's end.
    #[must_use]
    pub fn peer(&self) -> &dyn Peer {
        &*self.peer
    }

    /// Who the client is; `None` if it was served without a handshake.
    #[must_use]
    pub fn client(&self) -> Option<&Arc<Client>> {
        self.client.get()
    }

    /// The revision both sides speak; the newest legacy one if none was negotiated.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.client()
            .map_or(Revision::LATEST_LEGACY, |client| client.revision)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
