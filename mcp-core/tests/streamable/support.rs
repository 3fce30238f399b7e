//! A server, clients of it, and an application that answers when told to.

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use mcp_core::config::SessionConfig;
use mcp_core::id::RequestTicket;
use mcp_core::jsonrpc::{ErrorObject, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::{InitializeTicket, Outgoing, ServerEvent};
use mcp_core::time::Instant;
use mcp_core::transport::http::{
    Admission, Answer, Exchange, HttpConfig, HttpServer, McpStream, MemoryEvents, Posted, Slot,
};
use mcp_core::transport::sse::Decoder;
use serde_json::Value;

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// The revisions that have Streamable HTTP and sessions.
pub(crate) const VERSIONS: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn initialize(version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    )
}

pub(crate) fn call(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t"}}}}"#)
}

pub(crate) fn ping(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)
}

pub(crate) fn cancel(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
    )
}

pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// A response and its JSON, whatever its status.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Said {
    pub(crate) fn code(&self) -> i64 {
        self.body["error"]["code"].as_i64().expect("a JSON-RPC error")
    }
}

impl From<Response<Bytes>> for Said {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        assert_eq!(head.headers["content-type"], "application/json", "{}", head.status);
        Self { status: head.status, headers: head.headers, body: json(&body) }
    }
}

pub(crate) struct Web {
    pub(crate) server: HttpServer<()>,
    pub(crate) now: Instant,
    pub(crate) events: MemoryEvents,
}

impl Web {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut HttpConfig)) -> Self {
        Self::keeping(MemoryEvents::default(), change)
    }

    pub(crate) fn keeping(events: MemoryEvents, change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut config =
            HttpConfig::new(SessionConfig::new([Method::ToolsList, Method::ToolsCall]));
        config.events = Arc::new(events.clone());
        change(&mut config);
        Self { server: HttpServer::new(config, &[7; 32]), now: Instant::EPOCH, events }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub(crate) fn begin(&self, request: Builder) -> Admission<()> {
        let (head, ()) = request.body(()).unwrap().into_parts();
        self.server.begin(self.now, &head)
    }

    pub(crate) fn posting() -> Builder {
        Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
    }

    pub(crate) fn getting() -> Builder {
        Request::get("/mcp").header("host", "localhost").header("accept", "text/event-stream")
    }

    pub(crate) fn deleting() -> Builder {
        Request::delete("/mcp").header("host", "localhost")
    }

    /// Posts a message, wherever that leads.
    pub(crate) fn post(&self, request: Builder, body: impl Into<Bytes>) -> Posted<()> {
        match self.begin(request) {
            Admission::ReadBody(mut upload) => {
                upload.handle_data(body.into()).unwrap();
                upload.handle_end(self.now)
            }
            Admission::Reject(response) => Posted::Refused(response),
            other => panic!("{other:?}"),
        }
    }

    /// The refusal of a request by its head, or of a message.
    pub(crate) fn refused(&self, request: Builder, body: impl Into<Bytes>) -> Said {
        match self.post(request, body) {
            Posted::Refused(response) | Posted::Session(response, _) => response.into(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn turned_away(&self, request: Builder) -> Said {
        match self.begin(request) {
            Admission::Reject(response) => response.into(),
            other => panic!("{other:?}"),
        }
    }

    /// A client whose `initialize` is being worked on.
    pub(crate) fn greet(&self, version: &'static str) -> (Client, Exchange<()>) {
        let exchange = match self.post(Self::posting(), initialize(version)) {
            Posted::Exchange(exchange) => exchange,
            other => panic!("{other:?}"),
        };
        let mut client = Client {
            id: String::new(),
            version,
            slot: Arc::clone(exchange.slot()),
            initialize: None,
            requests: Vec::new(),
            cancelled: 0,
            closed: 0,
            responses: Vec::new(),
        };
        client.watch();
        (client, exchange)
    }

    /// A client that has the answer to its `initialize`.
    pub(crate) fn welcome(&self, version: &'static str) -> Client {
        let (mut client, mut exchange) = self.greet(version);
        assert!(exchange.poll_answer(self.now).is_none());
        client.accept(self.now);
        let said = Said::from(full(exchange.poll_answer(self.now)));
        assert_eq!((said.status, &said.body["id"]), (StatusCode::OK, &Value::from(0)));
        assert_eq!(said.body["result"]["protocolVersion"], version);
        client.id = said.headers["mcp-session-id"].to_str().unwrap().into();
        client
    }

    /// A client whose handshake is done.
    pub(crate) fn join(&self, version: &'static str) -> Client {
        let mut client = self.welcome(version);
        client.tell(self, INITIALIZED);
        client.watch();
        client
    }
}

/// A client, and the application's end of its session.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) version: &'static str,
    pub(crate) slot: Arc<Slot<()>>,
    initialize: Option<InitializeTicket>,
    pub(crate) requests: Vec<(u64, RequestTicket)>,
    pub(crate) cancelled: usize,
    pub(crate) closed: usize,
    pub(crate) responses: Vec<String>,
}

impl Client {
    pub(crate) fn signed(&self, request: Builder) -> Builder {
        let request = request.header("mcp-session-id", &self.id);
        // 2025-03-26 does not have the header (SHTTP-L35).
        if self.version == "2025-03-26" {
            return request;
        }
        request.header("mcp-protocol-version", self.version)
    }

    pub(crate) fn post(&self, web: &Web, body: impl Into<Bytes>) -> Posted<()> {
        web.post(self.signed(Web::posting()), body)
    }

    /// Posts what wants no answer (SHTTP-11).
    pub(crate) fn tell(&self, web: &Web, body: impl Into<Bytes>) {
        match self.post(web, body) {
            Posted::Session(response, _) => {
                assert_eq!(response.status(), StatusCode::ACCEPTED);
                assert!(response.body().is_empty());
            }
            other => panic!("{other:?}"),
        }
    }

    /// Posts what wants one.
    pub(crate) fn ask(&mut self, web: &Web, body: impl Into<Bytes>) -> Exchange<()> {
        match self.post(web, body) {
            Posted::Exchange(exchange) => {
                self.watch();
                exchange
            }
            other => panic!("{other:?}"),
        }
    }

    /// Posts a call whose answer is a stream already.
    pub(crate) fn stream(&mut self, web: &Web, id: u64) -> Reader {
        let mut exchange = self.ask(web, call(id));
        self.log(web, id, "started");
        Reader::new(stream(exchange.poll_answer(web.now)))
    }

    pub(crate) fn listen(&self, web: &Web) -> Reader {
        self.listen_after(web, None)
    }

    pub(crate) fn listen_after(&self, web: &Web, last: Option<&str>) -> Reader {
        let request = self.signed(Web::getting());
        let request = last.into_iter().fold(request, |it, last| it.header("last-event-id", last));
        match web.begin(request) {
            Admission::Listen(stream) => Reader::new(stream),
            other => panic!("{other:?}"),
        }
    }

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
                Some(ServerEvent::Closed(_)) => self.closed += 1,
                Some(ServerEvent::Response(_, outcome)) => self
                    .responses
                    .push(outcome.map_or_else(|error| error.to_string(), |it| it.as_str().into())),
                Some(_) => {}
                None => return,
            }
        }
    }

    pub(crate) fn accept(&mut self, now: Instant) {
        let result =
            InitializeResult::new(ServerCapabilities::default(), Implementation::new("s", "1"));
        self.slot.lock().accept(now, self.initialize.take().unwrap(), result);
        self.watch();
    }

    pub(crate) fn refuse(&mut self, now: Instant) {
        let error = ErrorObject::invalid_params("no");
        self.slot.lock().refuse(now, self.initialize.take().unwrap(), &error);
        self.watch();
    }

    /// Answers the oldest request with this id.
    pub(crate) fn answer(&mut self, web: &Web, id: u64, text: &str) {
        self.watch();
        let place = self.requests.iter().position(|(it, _)| *it == id).unwrap();
        let (_, ticket) = self.requests.remove(place);
        let result = RawJson::parse(format!("\"{text}\"")).unwrap();
        self.slot.lock().respond(web.now, ticket, Ok(result));
    }

    /// Sends a message that belongs to a request.
    pub(crate) fn log(&self, web: &Web, id: u64, text: &str) {
        let (_, ticket) = self.requests.iter().find(|(it, _)| *it == id).unwrap();
        let params = RawJson::parse(format!("{{\"data\":\"{text}\"}}")).unwrap();
        let message = Outgoing::new("notifications/message", Some(params)).about(ticket.key());
        self.slot.lock().notify(web.now, message).unwrap();
    }

    /// Sends a message that belongs to none; false if it was handed back.
    pub(crate) fn announce(&self, web: &Web, text: &str) -> bool {
        let params = RawJson::parse(format!("{{\"data\":\"{text}\"}}")).unwrap();
        let message = Outgoing::new("notifications/message", Some(params));
        self.slot.lock().notify(web.now, message).is_ok()
    }
}

/// A stream being read.
pub(crate) struct Reader {
    pub(crate) stream: McpStream<()>,
    pub(crate) decoder: Decoder,
    /// Everything that came, as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(stream: McpStream<()>) -> Self {
        let head = stream.head();
        assert_eq!(head.headers()["content-type"], "text/event-stream");
        assert_eq!(head.headers()["x-accel-buffering"], "no");
        assert!(!head.headers().contains_key("mcp-session-id"), "SHTTP-L20");
        Self { stream, decoder: Decoder::new(), bytes: Vec::new() }
    }

    pub(crate) fn pull(&mut self, now: Instant) {
        while let Some(piece) = self.stream.poll_data(now) {
            self.bytes.extend_from_slice(&piece);
            self.decoder.handle_bytes(piece);
        }
    }

    /// What came, in short: the text of results and messages, and `prime` for empty events.
    pub(crate) fn read(&mut self, now: Instant) -> Vec<String> {
        self.pull(now);
        core::iter::from_fn(|| self.decoder.poll_event())
            .map(|event| short(event.unwrap().data()))
            .collect()
    }

    pub(crate) fn last(&self) -> Option<String> {
        self.decoder.last_event_id().map(Into::into)
    }
}

pub(crate) fn short(data: &[u8]) -> String {
    if data.is_empty() {
        return "prime".into();
    }
    let message = json(data);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (message.get("result"), message.get("error")) {
        (Some(result), _) => format!("{}={}", message["id"], text(result)),
        (_, Some(error)) => format!("{}!{}", message["id"], error["code"]),
        _ if message["method"] == "notifications/message" => text(&message["params"]["data"]),
        _ => text(&message["method"]),
    }
}

pub(crate) fn full(answer: Option<Answer<()>>) -> Response<Bytes> {
    match answer {
        Some(Answer::Full(response)) => response,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn stream(answer: Option<Answer<()>>) -> McpStream<()> {
    match answer {
        Some(Answer::Stream(stream)) => stream,
        other => panic!("{other:?}"),
    }
}
