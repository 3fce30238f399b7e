//! The seam between an application and whatever drives it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;

use super::Context;
use super::connection::Connection;
use super::host::Host;
use crate::error::{RequestError, SendError};
use crate::id::RequestKey;
use crate::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use crate::lifecycle::{Method, MethodSet, NotificationMethod};
use crate::model::InitializeResult;
use crate::modern::MirroredParams;
use crate::session::{Client, Outgoing, SessionSnapshot};

/// An application: it answers what a session cannot answer by itself.
///
/// `Server` is one, made of tools, resources and prompts. Implement the trait
/// to put something else behind a session, or to wrap one handler in another.
///
/// A future that is dropped is a request that was cancelled.
pub trait Handler: Send + Sync + 'static {
    /// The request methods this application answers. Everything else is -32601 before it gets
    /// here. Asked once, at the start.
    fn methods(&self) -> MethodSet;

    /// A driver is about to serve the application, and brings what it needs of the machine.
    ///
    /// It comes before anything else, once for each driver. Whoever wraps a handler passes it on.
    fn hosted(&self, host: &Host) {
        let _ = host;
    }

    /// A client of the legacy era has connected; nothing is known of it yet.
    fn connected(&self, connection: &Arc<Connection>) {
        let _ = connection;
    }

    /// The client's session is about to be kept, to go on elsewhere or later: add what belongs to
    /// it.
    fn snapshot(&self, connection: &Arc<Connection>, snapshot: &mut SessionSnapshot) {
        let _ = (connection, snapshot);
    }

    /// A session goes on that was kept, here or elsewhere; it follows
    /// [`connected`](Self::connected), and there is no [`initialize`](Self::initialize).
    fn restored(&self, connection: &Arc<Connection>, snapshot: &SessionSnapshot) {
        let _ = (connection, snapshot);
    }

    /// The client wants to initialize.
    ///
    /// The protocol version of the result is filled in by the session. An error refuses the
    /// client; it may try again.
    fn initialize(
        &self,
        connection: Arc<Connection>,
        client: Arc<Client>,
    ) -> impl Future<Output = Result<InitializeResult, ErrorObject>> + Send;

    /// The client wants to initialize, and is answered the same as every other.
    ///
    /// The JSON of the result, as it is for the client's revision, need then not be written anew
    /// for each; nor is [`initialize`](Self::initialize) asked. By default it is. Must not block.
    fn greet(&self, connection: &Arc<Connection>, client: &Client) -> Option<RawJson> {
        let _ = (connection, client);
        None
    }

    /// The client wants something done.
    ///
    /// Drivers poll the future once as soon as the request has arrived, one request after the
    /// other in the order they came, and from then on in a task of its own: what must happen in
    /// order belongs before the first `await`, what takes long behind it.
    fn call(
        &self,
        cx: Context,
        method: Method,
        params: Option<Params>,
    ) -> impl Future<Output = Reply> + Send;

    /// Whether there may be tools with [`mirrored`](Self::mirrored) arguments: else the name of the
    /// one that is called need not be read for that.
    fn mirrors(&self) -> bool {
        true
    }

    /// The arguments of a tool that HTTP clients of the modern era repeat in headers: they are
    /// compared with the call before it gets here. `None` if there are none.
    fn mirrored(&self, tool: &str) -> Option<Arc<MirroredParams>> {
        let _ = tool;
        None
    }

    /// The client reports something. Must not block.
    fn notification(
        &self,
        connection: &Arc<Connection>,
        method: NotificationMethod,
        params: Option<RawJson>,
    ) {
        let _ = (connection, method, params);
    }
}

/// The client at the other end of a session, as an application reaches it.
///
/// Drivers implement it; applications use [`Context`] and [`Connection`], which have one.
pub trait Peer: Send + Sync {
    /// Sends a notification.
    ///
    /// # Errors
    /// [`SendError`] hands it back.
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>>;

    /// Sends a request and waits for its answer. Dropping the future cancels the request.
    fn request(&self, request: Outgoing) -> PeerAnswer;

    /// Closes the connection a request would be answered on; the client comes back for the answer
    /// after `retry`. False if it cannot, which is what most transports say.
    fn hang_up(&self, request: RequestKey, retry: Duration) -> bool {
        let _ = (request, retry);
        false
    }
}

/// The answer to a request of ours, to come.
pub type PeerAnswer = Pin<Box<dyn Future<Output = Result<RawJson, RequestError>> + Send>>;
