//! An application that does what its requests tell it to, and keeps a diary.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::sync::{Mutex, MutexGuard};

use mcp_core::app::{Connection, Context, Handler};
use mcp_core::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use mcp_core::lifecycle::{Method, MethodSet, NotificationMethod};
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::{Client, Outgoing};
use serde_json::Value;

/// Clones are the same application.
#[derive(Clone, Default)]
pub(crate) struct App(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    diary: Vec<String>,
    released: BTreeSet<u64>,
    waiting: Vec<Waker>,
    connections: Vec<Arc<Connection>>,
    /// What becomes of `initialize`.
    welcome: Welcome,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Welcome {
    #[default]
    Accept,
    Refuse,
    Panic,
    Never,
}

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) fn initialize(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    )
}

/// A request that tells the application what to do.
pub(crate) fn call(id: u64, todo: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"n":{id},"do":"{todo}"}}}}"#
    )
}

pub(crate) fn cancel(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
    )
}

impl App {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn welcome(&self, welcome: Welcome) {
        self.state().welcome = welcome;
    }

    /// Lets `wait` number `n` go on.
    pub(crate) fn release(&self, n: u64) {
        let mut state = self.state();
        state.released.insert(n);
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// What has been written since the last look.
    pub(crate) fn diary(&self) -> Vec<String> {
        core::mem::take(&mut self.state().diary)
    }

    pub(crate) fn connections(&self) -> Vec<Arc<Connection>> {
        core::mem::take(&mut self.state().connections)
    }

    pub(crate) fn note(&self, entry: impl Into<String>) {
        self.state().diary.push(entry.into());
    }

    async fn released(&self, n: u64) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.released.contains(&n) {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// Writes when it goes.
struct Gone(App, u64);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.note(format!("gone {}", self.1));
    }
}

impl Handler for App {
    fn methods(&self) -> MethodSet {
        [Method::ToolsCall].into_iter().collect()
    }

    fn connected(&self, connection: &Arc<Connection>) {
        self.state().connections.push(Arc::clone(connection));
    }

    async fn initialize(
        &self,
        _connection: Arc<Connection>,
        _client: Arc<Client>,
    ) -> Result<InitializeResult, ErrorObject> {
        let _gone = Gone(self.clone(), 0);
        let welcome = self.state().welcome;
        match welcome {
            Welcome::Accept => Ok(InitializeResult::new(
                ServerCapabilities::default(),
                Implementation::new("s", "1"),
            )),
            Welcome::Refuse => Err(ErrorObject::invalid_params("no")),
            Welcome::Panic => panic!("initialize panics"),
            Welcome::Never => core::future::pending().await,
        }
    }

    async fn call(&self, cx: Context, _method: Method, params: Option<Params>) -> Reply {
        let params: Value = serde_json::from_slice(params.unwrap().as_bytes()).unwrap();
        let n = params["n"].as_u64().unwrap();
        self.note(format!("start {n}"));
        let _gone = Gone(self.clone(), n);
        let peer = cx.connection().peer();
        match params["do"].as_str().unwrap() {
            "wait" => self.released(n).await,
            "panic" => panic!("a handler panics"),
            "panic later" => {
                self.released(n).await;
                panic!("a handler panics");
            }
            "ask" => {
                let outcome = peer.request(Outgoing::new("roots/list", None)).await;
                let outcome =
                    outcome.map_or_else(|error| error.to_string(), |it| it.as_str().into());
                self.note(format!("heard {n}: {outcome}"));
            }
            "ask and leave" => {
                let mut asked = pin!(peer.request(Outgoing::new("roots/list", None)));
                let mut leave = pin!(self.released(n));
                poll_fn(|cx| {
                    assert!(asked.as_mut().poll(cx).is_pending());
                    leave.as_mut().poll(cx)
                })
                .await;
            }
            "tell" => {
                for _ in 0..3 {
                    let told = Outgoing::new("notifications/message", None).about(cx.request());
                    peer.notify(told).unwrap();
                }
            }
            "much" => {
                let much = format!("\"{}\"", "x".repeat(100_000));
                return Ok(RawJson::parse(much).unwrap());
            }
            _ => {}
        }
        Ok(RawJson::EMPTY_OBJECT)
    }

    fn notification(
        &self,
        _connection: &Arc<Connection>,
        method: NotificationMethod,
        _params: Option<RawJson>,
    ) {
        self.note(method.to_string());
        assert_ne!(method.as_str(), "acme/panic", "a notification panics");
    }
}
