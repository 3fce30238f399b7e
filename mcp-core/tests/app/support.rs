//! A client's end that remembers what it was sent, and futures polled by hand.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::pin::pin;
use core::task::{Context as Polling, Poll, Waker};
use std::sync::Mutex;

use bytes::Bytes;
use mcp_core::app::{Connection, Context, Handler, Peer, PeerAnswer, Server};
use mcp_core::config::{EarlyRequests, SessionConfig};
use mcp_core::error::{RequestError, SendError};
use mcp_core::id::{ProgressToken, RequestKey};
use mcp_core::jsonrpc::{ErrorObject, RawJson, Reply};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::revision::{Era, Revision};
use mcp_core::session::{Client, Lane, Outgoing, ServerEvent, ServerSession};
use mcp_core::time::Instant;
use serde_json::Value;

/// A client's end.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakePeer(Arc<Mutex<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    sent: Vec<Outgoing>,
    answers: VecDeque<Result<RawJson, RequestError>>,
    full: bool,
    slow: bool,
}

impl FakePeer {
    /// What was sent since the last time, as `(method, params)`.
    pub(crate) fn take(&self) -> Vec<(String, Value)> {
        let sent = self.take_raw().into_iter();
        sent.map(|item| (item.method.into_owned(), value(item.params.as_ref()))).collect()
    }

    pub(crate) fn take_raw(&self) -> Vec<Outgoing> {
        core::mem::take(&mut self.0.lock().unwrap().sent)
    }

    pub(crate) fn answer(&self, json: &'static str) {
        let answer = Ok(RawJson::parse(json).unwrap());
        self.0.lock().unwrap().answers.push_back(answer);
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.0.lock().unwrap().full = full;
    }
}

impl FakePeer {
    /// Lets answers come only when they have been waited for.
    pub(crate) fn set_slow(&self) {
        self.0.lock().unwrap().slow = true;
    }
}

impl Peer for FakePeer {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        let mut ends = self.0.lock().unwrap();
        if ends.full {
            return Err(SendError::Full(notification));
        }
        ends.sent.push(notification);
        Ok(())
    }

    fn request(&self, request: Outgoing) -> PeerAnswer {
        let mut ends = self.0.lock().unwrap();
        ends.sent.push(request);
        let mut answer = ends.answers.pop_front();
        let mut waits = ends.slow;
        Box::pin(core::future::poll_fn(move |_| {
            if core::mem::take(&mut waits) {
                return Poll::Pending;
            }
            Poll::Ready(answer.take().unwrap_or(Err(RequestError::Lost)))
        }))
    }
}

/// A server and one client of it.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) server: Server,
    pub(crate) connection: Arc<Connection>,
    pub(crate) peer: FakePeer,
}

impl Fixture {
    /// A client of the newest legacy revision that can do everything.
    pub(crate) fn new(server: &Server) -> Self {
        Self::at(server, Revision::LATEST_LEGACY)
    }

    pub(crate) fn at(server: &Server, revision: Revision) -> Self {
        let capabilities =
            r#"{"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}},"roots":{}}"#;
        Self::with(server, revision, capabilities)
    }

    pub(crate) fn with(server: &Server, revision: Revision, capabilities: &str) -> Self {
        let fixture = Self::silent(server);
        fixture.connection.introduce(client(revision, capabilities));
        fixture
    }

    /// A client that has not initialized.
    pub(crate) fn silent(server: &Server) -> Self {
        let peer = FakePeer::default();
        let connection = Connection::new(peer.clone());
        server.connected(&connection);
        Self { server: server.clone(), connection, peer }
    }

    pub(crate) fn cx(&self) -> Context {
        Context::new(Arc::clone(&self.connection), key(), None)
    }

    pub(crate) fn reply(&self, method: Method, params: &str) -> Reply {
        let params = (!params.is_empty()).then(|| RawJson::parse(params.to_owned()).unwrap());
        run(self.server.call(self.cx(), method, params.map(Into::into)))
    }

    pub(crate) fn call(&self, method: Method, params: &str) -> Result<Value, ErrorObject> {
        self.reply(method, params).map(|json| value(Some(&json)))
    }

    /// The code of the error a request is answered with.
    pub(crate) fn code(&self, method: Method, params: &str) -> i64 {
        self.call(method, params).unwrap_err().code().get()
    }

    /// Calls a tool, with a progress token.
    pub(crate) fn tool(&self, name: &str, arguments: &str) -> Result<Value, ErrorObject> {
        let params = format!(r#"{{"name":"{name}","arguments":{arguments}}}"#);
        let token = Some(ProgressToken::from("token"));
        let cx = Context::new(Arc::clone(&self.connection), key(), token);
        let params = RawJson::parse(params).unwrap();
        run(self.server.call(cx, Method::ToolsCall, Some(params.into())))
            .map(|json| value(Some(&json)))
    }
}

/// Polls a future that is never woken.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..100 {
        let mut cx = Polling::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("the future waits for something");
}

pub(crate) fn value(json: Option<&RawJson>) -> Value {
    json.map_or(Value::Null, |json| json.to().unwrap())
}

/// A request's name, as a session gives it.
pub(crate) fn key() -> RequestKey {
    let mut config = SessionConfig::new([Method::ToolsCall]);
    config.early_requests = EarlyRequests::Serve;
    let mut session = ServerSession::new(Instant::EPOCH, Arc::new(config));
    feed(&mut session, r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#.to_owned());
    loop {
        if let ServerEvent::Request(request) = session.poll_event().unwrap() {
            return request.ticket.key();
        }
    }
}

/// Who a client is, as a session learns it.
pub(crate) fn client(revision: Revision, capabilities: &str) -> Arc<Client> {
    if revision.era() == Era::Modern {
        let capabilities = serde_json::from_str(capabilities).unwrap();
        return Arc::new(Client::new(revision, capabilities, Implementation::new("c", "1")));
    }
    let config = SessionConfig::new([]);
    let mut session = ServerSession::new(Instant::EPOCH, Arc::new(config));
    let initialize = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{capabilities},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    );
    feed(&mut session, initialize);
    loop {
        if let ServerEvent::Initialize(ticket, client) = session.poll_event().unwrap() {
            let info = Implementation::new("s", "1");
            let result = InitializeResult::new(ServerCapabilities::new(), info);
            session.accept(Instant::EPOCH, ticket, result);
            return client;
        }
    }
}

fn feed(session: &mut ServerSession, frame: String) {
    let frame = Bytes::from(frame);
    session.handle_frame(Instant::EPOCH, Lane::Standing, frame).unwrap();
}
