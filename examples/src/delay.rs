//! A handler around another handler: it answers late, to widen the race window.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::app::{Connection, Context, Handler};
use mcp_core::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use mcp_core::lifecycle::{Method, MethodSet, NotificationMethod};
use mcp_core::model::InitializeResult;
use mcp_core::session::Client;

/// A runtime's way to wait.
pub type Sleep = fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// tokio's.
pub fn tokio(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(tokio::time::sleep(duration))
}

/// smol's.
pub fn smol(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        smol::Timer::after(duration).await;
    })
}

/// Answers `initialize` and `tools/list` late, everything else as the inner handler does.
#[derive(Debug)]
pub struct Delay<H> {
    inner: H,
    sleep: Sleep,
    initialize: Duration,
    list: Duration,
}

impl<H> Delay<H> {
    /// Wraps a handler.
    pub const fn new(inner: H, sleep: Sleep, initialize: Duration, list: Duration) -> Self {
        Self { inner, sleep, initialize, list }
    }

    /// Waiting no time at all must not even yield.
    async fn wait(&self, duration: Duration) {
        if !duration.is_zero() {
            (self.sleep)(duration).await;
        }
    }
}

impl<H: Handler> Handler for Delay<H> {
    fn methods(&self) -> MethodSet {
        self.inner.methods()
    }

    fn connected(&self, connection: &Arc<Connection>) {
        self.inner.connected(connection);
    }

    async fn initialize(
        &self,
        connection: Arc<Connection>,
        client: Arc<Client>,
    ) -> Result<InitializeResult, ErrorObject> {
        self.wait(self.initialize).await;
        self.inner.initialize(connection, client).await
    }

    fn call(
        &self,
        cx: Context,
        method: Method,
        params: Option<Params>,
    ) -> impl Future<Output = Reply> + Send {
        let wait = if method == Method::ToolsList { self.list } else { Duration::ZERO };
        // The inner handler is called at once, so that calls start in the order they came.
        let answer = self.inner.call(cx, method, params);
        async move {
            self.wait(wait).await;
            answer.await
        }
    }

    fn notification(
        &self,
        connection: &Arc<Connection>,
        method: NotificationMethod,
        params: Option<RawJson>,
    ) {
        self.inner.notification(connection, method, params);
    }
}
