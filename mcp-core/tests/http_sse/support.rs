//! A server, clients that read its streams, and an application that answers when told to.

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use mcp_core::config::HoldBudget;
use mcp_core::config::SessionConfig;
use mcp_core::id::RequestTicket;
use mcp_core::jsonrpc::{RawJson, Reply};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::{CloseReason, InitializeTicket, ServerEvent};
use mcp_core::time::Instant;
use mcp_core::transport::http::{
    Admission, EventStream, HttpConfig, HttpServer, Posted, Slot, Upload,
};
use mcp_core::transport::sse::Decoder;
use serde_json::Value;

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn initialize(id: u64, version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    )
}

pub(crate) fn call(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t"}}}}"#)
}

/// `tools/call` of `bytes` bytes in all.
pub(crate) fn large_call(id: u64, bytes: usize) -> String {
    let short = call(id);
    let padding = "x".repeat(bytes - short.len() - r#","x":"""#.len());
    short.replace(r#""name":"t""#, &format!(r#""name":"t","x":"{padding}""#))
}

pub(crate) fn cancel(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
    )
}

pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// What a message from the server says, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Result(u64),
    /// The id, the code and `data.reason`.
    Error(u64, i64, String),
    Own(String),
}

pub(crate) fn error(id: u64, code: i64, reason: &str) -> Said {
    Said::Error(id, code, reason.into())
}

pub(crate) fn said(message: &Value) -> Said {
    assert_eq!(message["jsonrpc"], "2.0");
    if let Some(method) = message["method"].as_str() {
        return Said::Own(method.into());
    }
    let id = message["id"].as_u64().unwrap_or(u64::MAX);
    match message.get("error") {
        None => Said::Result(id),
        Some(error) => Said::Error(
            id,
            error["code"].as_i64().unwrap(),
            error["data"]["reason"].as_str().unwrap_or_default().into(),
        ),
    }
}

/// A request that was turned away at its head.
#[derive(Debug)]
pub(crate) struct Turned {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl From<Response<Bytes>> for Turned {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        assert_eq!(head.headers["content-type"], "application/json");
        let body = json(&body);
        assert_eq!(body["jsonrpc"], "2.0");
        Self { status: head.status, headers: head.headers, body }
    }
}

pub(crate) struct Web {
    pub(crate) server: HttpServer<()>,
    pub(crate) now: Instant,
    pub(crate) hold_budget: HoldBudget,
}

impl Web {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut config =
            HttpConfig::new(SessionConfig::new([Method::ToolsList, Method::ToolsCall]));
        change(&mut config);
        let hold_budget = config.session.hold_budget.clone();
        Self { server: HttpServer::new(config, &[7; 32]), now: Instant::EPOCH, hold_budget }
    }

    pub(crate) fn begin(&self, request: Builder) -> Admission<()> {
        let (head, ()) = request.body(()).unwrap().into_parts();
        self.server.begin(self.now, &head)
    }

    pub(crate) fn turned_away(&self, request: Builder) -> Turned {
        match self.begin(request) {
            Admission::Reject(response) => response.into(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn get() -> Builder {
        Request::get("/sse").header("host", "localhost")
    }

    pub(crate) fn post(uri: &str) -> Builder {
        Request::post(uri).header("host", "localhost").header("content-type", "application/json")
    }

    pub(crate) fn open(&self) -> Client {
        match self.begin(Self::get()) {
            Admission::Open(stream) => Client::new(self.now, stream),
            other => panic!("{other:?}"),
        }
    }

    /// A client whose handshake is done.
    pub(crate) fn open_ready(&self) -> Client {
        self.open_speaking("2025-11-25")
    }

    pub(crate) fn open_speaking(&self, version: &str) -> Client {
        let mut client = self.open();
        self.send(&client, initialize(0, version));
        client.work(self.now);
        self.send(&client, INITIALIZED);
        client.work(self.now);
        assert_eq!(client.read(self.now), [Said::Result(0)]);
        client
    }

    pub(crate) fn upload(&self, uri: &str) -> Upload<()> {
        match self.begin(Self::post(uri)) {
            Admission::ReadBody(upload) => upload,
            other => panic!("{other:?}"),
        }
    }

    /// Posts a message, and says what the answer to the POST is.
    pub(crate) fn try_send(&self, uri: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        let mut upload = match self.begin(Self::post(uri)) {
            Admission::ReadBody(upload) => upload,
            Admission::Reject(response) => return response,
            other => panic!("{other:?}"),
        };
        if let Err(response) = upload.handle_data(body.into()) {
            return response;
        }
        answer(upload.handle_end(self.now))
    }

    /// Posts a message that is taken.
    pub(crate) fn send(&self, client: &Client, body: impl Into<Bytes>) {
        let response = self.try_send(&client.uri, body);
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert!(response.body().is_empty(), "SSE-08");
    }

    /// Posts a message that is not.
    pub(crate) fn refused(&self, uri: &str, body: impl Into<Bytes>) -> Turned {
        self.try_send(uri, body).into()
    }

    /// Nothing is left of any session.
    pub(crate) fn assert_empty(&self) {
        assert_eq!(self.server.sessions(), 0);
        assert!(self.server.slots().is_empty());
        assert_eq!(self.hold_budget.used(), 0);
    }
}

/// A client: the stream it reads, and the application's end of its session.
pub(crate) struct Client {
    pub(crate) stream: EventStream<()>,
    pub(crate) slot: Arc<Slot<()>>,
    /// Where to post.
    pub(crate) uri: String,
    decoder: Decoder,
    initialize: Option<InitializeTicket>,
    pub(crate) requests: Vec<(u64, RequestTicket)>,
    pub(crate) cancelled: usize,
    pub(crate) closed: Option<CloseReason>,
}

impl Client {
    fn new(now: Instant, mut stream: EventStream<()>) -> Self {
        let mut decoder = Decoder::new().with_max_event_bytes(usize::MAX);
        decoder.handle_bytes(stream.poll_data(now).unwrap());
        let endpoint = decoder.poll_event().unwrap().unwrap();
        assert_eq!(endpoint.event_type(), "endpoint", "SSE-02");
        let uri = String::from_utf8(endpoint.data().to_vec()).unwrap();
        Self {
            slot: Arc::clone(stream.slot()),
            stream,
            uri,
            decoder,
            initialize: None,
            requests: Vec::new(),
            cancelled: 0,
            closed: None,
        }
    }

    /// Takes what the session has to tell the application.
    pub(crate) fn watch(&mut self) {
        loop {
            let event = self.slot.lock().poll_event();
            match event {
                Some(ServerEvent::Initialize(ticket, _)) => self.initialize = Some(ticket),
                Some(ServerEvent::Request(request)) => {
                    let id = request.id.as_u64().unwrap();
                    self.requests.push((id, request.ticket));
                }
                Some(ServerEvent::Cancelled(..)) => self.cancelled += 1,
                Some(ServerEvent::Closed(reason)) => self.closed = Some(reason),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Lets the application accept and answer everything it is given.
    pub(crate) fn work(&mut self, now: Instant) {
        self.watch();
        if let Some(ticket) = self.initialize.take() {
            let server = Implementation::new("s", "1");
            let result = InitializeResult::new(ServerCapabilities::default(), server);
            self.slot.lock().accept(now, ticket, result);
        }
        self.watch();
        while !self.requests.is_empty() {
            self.answer(now, Ok(RawJson::EMPTY_OBJECT));
        }
    }

    /// Answers the oldest request the application has.
    pub(crate) fn answer(&mut self, now: Instant, reply: Reply) {
        let (_, ticket) = self.requests.remove(0);
        self.slot.lock().respond(now, ticket, reply);
    }

    /// The pieces of the body there are now.
    pub(crate) fn pieces(&mut self, now: Instant) -> Vec<Bytes> {
        core::iter::from_fn(|| self.stream.poll_data(now)).collect()
    }

    /// The messages on the stream.
    pub(crate) fn messages(&mut self, now: Instant) -> Vec<Value> {
        for piece in self.pieces(now) {
            self.decoder.handle_bytes(piece);
        }
        core::iter::from_fn(|| self.decoder.poll_event())
            .map(|event| {
                let event = event.unwrap();
                assert_eq!(event.event_type(), "message", "SSE-04");
                json(event.data())
            })
            .collect()
    }

    pub(crate) fn read(&mut self, now: Instant) -> Vec<Said> {
        self.messages(now).iter().map(said).collect()
    }

    /// How many comments have come in so far.
    pub(crate) fn comments(&self) -> u64 {
        self.decoder.comments()
    }

    pub(crate) fn session_id(&self) -> &str {
        let (_, query) = self.uri.split_once("session_id=").unwrap();
        query.split('&').next().unwrap()
    }
}

/// What the sender of a message is told.
pub(crate) fn answer<A>(posted: Posted<A>) -> Response<Bytes> {
    match posted {
        Posted::Refused(response) | Posted::Session(response, _) => response,
        other => panic!("{:?}", core::mem::discriminant(&other)),
    }
}
