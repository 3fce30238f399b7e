//! Sessions that are kept elsewhere, for servers of which there are several.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::Runtime;
use super::http_service::Inner;
use super::timer::within;
use crate::app::Handler;
use crate::session::SessionSnapshot;
use crate::time::Instant;
use crate::transport::http::SessionId;

/// Where an application keeps the sessions of Streamable HTTP that may go on on this server.
///
/// It is asked for sessions that requests name and that are not here. It is filled by the
/// application, with [`HttpService::snapshots`](super::HttpService::snapshots): when a server stops,
/// or from time to time.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
///
/// use mcp_core::driver::SessionStore;
/// use mcp_core::session::SessionSnapshot;
/// use mcp_core::transport::http::SessionId;
///
/// /// In earnest, a table of a database.
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<HashMap<SessionId, SessionSnapshot>>>);
///
/// impl SessionStore for Table {
///     async fn load(&self, id: SessionId) -> Option<SessionSnapshot> {
///         self.0.lock().unwrap().get(&id).cloned()
///     }
///
///     fn forget(&self, id: SessionId) {
///         self.0.lock().unwrap().remove(&id);
///     }
/// }
/// ```
pub trait SessionStore: Send + Sync + 'static {
    /// Looks up a session. `None` if there is none: its client hears so, and initializes. When it
    /// takes longer than a body may take to come in, or panics, the client is told to try again.
    fn load(&self, id: SessionId) -> impl Future<Output = Option<SessionSnapshot>> + Send;

    /// A client has ended its session: it must not come back. Must not block.
    fn forget(&self, id: SessionId);
}

type Loading<'a> = Pin<Box<dyn Future<Output = Option<SessionSnapshot>> + Send + 'a>>;

/// A store of any type.
trait AnyStore: Send + Sync {
    fn load(&self, id: SessionId) -> Loading<'_>;
    fn forget(&self, id: SessionId);
}

impl<S: SessionStore> AnyStore for S {
    fn load(&self, id: SessionId) -> Loading<'_> {
        Box::pin(SessionStore::load(self, id))
    }

    fn forget(&self, id: SessionId) {
        SessionStore::forget(self, id);
    }
}

/// The store of a service, if it has one.
///
/// Nothing else leads to the code that takes sessions in, so that it is no part of a program
/// without a store.
pub(super) struct Store<R: Runtime, H: Handler>(Option<(Arc<dyn AnyStore>, Fetch<R, H>)>);

/// Looks for the session of a request in the store of a service.
type Fetch<R, H> = for<'a> fn(&'a Inner<R, H>, &'a Parts) -> Fetching<'a>;

type Fetching<'a> = Pin<Box<dyn Future<Output = Result<(), Response<Bytes>>> + Send + 'a>>;

impl<R: Runtime, H: Handler> Store<R, H> {
    pub(super) const NONE: Self = Self(None);

    pub(super) fn new(store: impl SessionStore) -> Self {
        Self(Some((Arc::new(store), |service, head| Box::pin(service.fetch(head)))))
    }

    /// Looks for the session of a request, if it is not here.
    pub(super) async fn fetch(
        &self,
        service: &Inner<R, H>,
        head: &Parts,
    ) -> Result<(), Response<Bytes>> {
        match &self.0 {
            Some((_, fetch)) => fetch(service, head).await,
            None => Ok(()),
        }
    }

    /// Looks for a session until `deadline`. `None` if there is no telling.
    pub(super) async fn load(
        &self,
        runtime: &R,
        deadline: Instant,
        id: SessionId,
    ) -> Option<Option<SessionSnapshot>> {
        match &self.0 {
            Some((store, _)) => within(runtime, deadline, store.load(id)).await,
            None => Some(None),
        }
    }

    pub(super) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn forget(&self, id: SessionId) {
        if let Some((store, _)) = &self.0 {
            store.forget(id);
        }
    }
}

impl<R: Runtime, H: Handler> Clone for Store<R, H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
