//! The operations.

use std::future::{Future, Pending, pending};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Polling, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::request::Builder;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::Full;
use mcp_core::app::{Context, Handler, Server};
use mcp_core::config::SessionConfig;
use mcp_core::driver::{Body, HttpService, Runtime};
use mcp_core::jsonrpc::{EnvelopeLimits, Incoming, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, RawObject, ServerCapabilities, Tool};
use mcp_core::session::{Lane, ServerEvent, ServerSession};
use mcp_core::time::Instant;
use mcp_core::transport::http::HttpConfig;
use mcp_core::transport::sse::{Decoder, EventFields};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::counted::counted;

pub type Operation = dyn FnMut();

pub const ALL: &[(&str, fn() -> Box<Operation>)] = &[
    ("envelope", envelope),
    ("modern-call", modern_call),
    ("modern-list-380", modern_list),
    ("session-call", session_call),
    ("session-list-380", session_list),
    ("lifecycle", lifecycle),
    ("http-session-call", http_session_call),
    ("http-sse-call", http_sse_call),
    ("hold-release-100", hold_release),
    ("sse-encode-1k", sse_encode),
    ("sse-decode-1k", sse_decode),
];

const NOW: Instant = Instant::EPOCH;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;

const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"}}"#;

fn call(id: usize) -> Bytes {
    let text = "lorem ipsum ".repeat(8);
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}"}}}}}}"#
    )
    .into()
}

/// The envelope of a call of 200 bytes.
fn envelope() -> Box<Operation> {
    let (frame, limits) = (call(1), EnvelopeLimits::default());
    Box::new(move || counted(|| drop(black_box(Incoming::parse(black_box(&frame), &limits)))))
}

/// A runtime whose clock stands still; nothing here waits.
#[derive(Clone)]
struct Still;

impl Runtime for Still {
    type Sleep = Pending<()>;

    fn now(&self) -> Instant {
        NOW
    }

    fn sleep_until(&self, _: Instant) -> Pending<()> {
        pending()
    }

    /// Tasks are done at once, or have nothing to do before their time has come.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let _ = pin!(task).poll(&mut Polling::from_waker(Waker::noop()));
    }
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

fn server() -> Server {
    let echo = Tool::new("echo").with_description("Says what it is told");
    let mut server = Server::builder("peer", "1")
        .tool(echo, |Echo { text }, _cx: Context| async move { Ok(text) });
    for number in 2..=380 {
        let schema: RawObject =
            r#"{"type":"object","properties":{"query":{"type":"string"}}}"#.parse().unwrap();
        let tool = Tool::new(format!("tool_{number:04}")).with_input_schema(schema);
        server = server.raw_tool(tool, |_: RawObject, _cx: Context| async move { Ok("nothing") });
    }
    server.build().unwrap()
}

type Service = HttpService<Still, Server>;
type Answer = Body<Still, Server>;

fn service() -> Service {
    let server = server();
    let mut config = SessionConfig::new([]);
    config.methods = server.methods();
    config.modern = true;
    HttpService::new(Still, server, HttpConfig::new(config), &[7; 32])
}

/// A POST, as clients send it.
fn post(path: &str) -> Builder {
    Request::post(path)
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

/// A request as the sockets give it to us, made outside of what is counted.
fn made(request: Builder, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = request.body(Full::new(body.into())).unwrap();
    // The values are parts of what was read.
    let read: Vec<u8> =
        request.headers().values().flat_map(HeaderValue::as_bytes).copied().collect();
    let mut read = Bytes::from(read);
    for value in request.headers_mut().values_mut() {
        let part = read.split_to(value.len());
        *value = HeaderValue::from_maybe_shared(part).unwrap();
    }
    request
}

/// From the head and body of a request to the head of its answer, without the sockets.
fn ask(service: &Service, request: Request<Full<Bytes>>) -> Response<Answer> {
    let mut answer = pin!(service.handle(request));
    let polled = answer.as_mut().poll(&mut Polling::from_waker(Waker::noop()));
    let Poll::Ready(response) = polled else { panic!("it waits") };
    response
}

/// From a request to the status of its answer, when the answer has been read.
fn answer(service: &Service, request: Request<Full<Bytes>>) -> StatusCode {
    counted(|| {
        let (head, mut body) = ask(service, request).into_parts();
        drain(&mut body);
        head.status
    })
}

/// The pieces of a body that are there.
fn drain(body: &mut Answer) {
    let mut cx = Polling::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_frame(&mut cx) {
        black_box(frame);
    }
}

fn modern(method: &'static str, name: Option<&'static str>, body: String) -> Box<Operation> {
    let service = service();
    let body = Bytes::from(body);
    Box::new(move || {
        let mut request =
            post("/mcp").header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        assert_eq!(answer(&service, made(request, body.clone())), StatusCode::OK);
    })
}

fn modern_call() -> Box<Operation> {
    let params = format!(r#"{{"name":"echo","arguments":{{"text":"hello"}},{META}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    modern("tools/call", Some("echo"), body)
}

fn modern_list() -> Box<Operation> {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{META}}}}}"#);
    modern("tools/list", None, body)
}

fn new_session() -> ServerSession {
    let config = SessionConfig::new([Method::ToolsList, Method::ToolsCall]);
    ServerSession::new(NOW, Arc::new(config))
}

fn accept(session: &mut ServerSession) {
    while let Some(event) = session.poll_event() {
        if let ServerEvent::Initialize(ticket, _) = event {
            let server = Implementation::new("s", "1");
            let result = InitializeResult::new(ServerCapabilities::default(), server);
            return session.accept(NOW, ticket, result);
        }
    }
}

fn handshake(session: &mut ServerSession) {
    for frame in [INITIALIZE, INITIALIZED] {
        session.handle_frame(NOW, Lane::Standing, frame.into()).unwrap();
        accept(session);
    }
    while session.poll_event().is_some() || session.poll_transmit().is_some() {}
}

/// From the frame that came in to the frame that leaves.
fn round(frame: Bytes, result: RawJson) -> Box<Operation> {
    let mut session = new_session();
    handshake(&mut session);
    Box::new(move || {
        counted(|| {
            session.handle_frame(NOW, Lane::Standing, frame.clone()).unwrap();
            let Some(ServerEvent::Request(request)) = session.poll_event() else {
                panic!("a request");
            };
            session.respond(NOW, request.ticket, Ok(result.clone()));
            let answer = session.poll_transmit().unwrap();
            black_box(session.poll_timeout());
            answer.frame.into_chunks().for_each(|chunk| drop(black_box(chunk)));
        });
    })
}

fn session_call() -> Box<Operation> {
    let result = RawJson::parse(r#"{"content":[{"type":"text","text":"done"}]}"#).unwrap();
    round(call(1), result)
}

fn session_list() -> Box<Operation> {
    let tool = r#"{"name":"tool","description":"Looks through a collection.","inputSchema":{"type":"object"}}"#;
    let tools = vec![tool; 380].join(",");
    let result = RawJson::parse(format!(r#"{{"tools":[{tools}]}}"#)).unwrap();
    round(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.into(), result)
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}"#;

/// What every request of a session says.
fn in_session(request: Builder, id: &HeaderValue) -> Builder {
    request.header("mcp-session-id", id.clone()).header("mcp-protocol-version", "2025-11-25")
}

/// Begins a session of Streamable HTTP; returns its id.
fn begin(service: &Service) -> HeaderValue {
    let request = made(post("/mcp"), INITIALIZE);
    let id = counted(|| {
        let (head, mut body) = ask(service, request).into_parts();
        drain(&mut body);
        head.headers["mcp-session-id"].clone()
    });
    let request = made(in_session(post("/mcp"), &id), INITIALIZED);
    assert_eq!(answer(service, request), StatusCode::ACCEPTED);
    id
}

fn call_in(service: &Service, id: &HeaderValue) {
    let request = made(in_session(post("/mcp"), id), CALL);
    assert_eq!(answer(service, request), StatusCode::OK);
}

/// A session of Streamable HTTP from its `initialize` to its `DELETE`, with one call.
fn lifecycle() -> Box<Operation> {
    let service = service();
    Box::new(move || {
        let id = begin(&service);
        call_in(&service, &id);
        let request = Request::delete("/mcp").header("host", "localhost:8000");
        let request = made(in_session(request, &id), "");
        assert_eq!(answer(&service, request), StatusCode::NO_CONTENT);
    })
}

/// A call in a session of Streamable HTTP.
fn http_session_call() -> Box<Operation> {
    let service = service();
    let id = begin(&service);
    Box::new(move || call_in(&service, &id))
}

/// A call over HTTP+SSE, from the POST to the event.
fn http_sse_call() -> Box<Operation> {
    let service = service();
    let listen = Request::get("/sse").header("host", "localhost:8000");
    let mut events = ask(&service, made(listen, "")).into_body();
    let mut cx = Polling::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(greeting))) = Pin::new(&mut events).poll_frame(&mut cx) else {
        panic!("an endpoint event");
    };
    let greeting = String::from_utf8(greeting.into_data().unwrap().into()).unwrap();
    let data = greeting.lines().find_map(|line| line.strip_prefix("data: "));
    let path = data.unwrap().to_owned();
    for message in [INITIALIZE, INITIALIZED] {
        assert_eq!(answer(&service, made(post(&path), message)), StatusCode::ACCEPTED);
    }
    drain(&mut events);
    Box::new(move || {
        let request = made(post(&path), CALL);
        assert_eq!(answer(&service, request), StatusCode::ACCEPTED);
        counted(|| drain(&mut events));
    })
}

/// 100 requests that come before `initialize`, wait, and are answered after it.
fn hold_release() -> Box<Operation> {
    let frames: Vec<Bytes> = (1..=100).map(call).collect();
    Box::new(move || {
        counted(|| {
            let mut session = new_session();
            for frame in &frames {
                session.handle_frame(NOW, Lane::Standing, frame.clone()).unwrap();
            }
            session.handle_frame(NOW, Lane::Standing, INITIALIZE.into()).unwrap();
            accept(&mut session);
            while let Some(event) = session.poll_event() {
                if let ServerEvent::Request(request) = event {
                    session.respond(NOW, request.ticket, Ok(RawJson::EMPTY_OBJECT));
                }
            }
            assert_eq!(std::iter::from_fn(|| session.poll_transmit()).count(), 101);
        });
    })
}

fn sse_encode() -> Box<Operation> {
    let data = "x".repeat(1024);
    let mut stream = BytesMut::with_capacity(4096);
    Box::new(move || {
        counted(|| {
            stream.clear();
            EventFields::message().write(black_box(data.as_bytes()), &mut stream);
            black_box(&stream);
        });
    })
}

fn sse_decode() -> Box<Operation> {
    let mut stream = BytesMut::new();
    EventFields::message().write("x".repeat(1024).as_bytes(), &mut stream);
    let stream = stream.freeze();
    let mut decoder = Decoder::new();
    Box::new(move || {
        counted(|| {
            decoder.handle_bytes(stream.clone());
            black_box(decoder.poll_event());
        });
    })
}
