//! The operations.

use std::future::{Future, Pending, pending};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Polling, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::{Request, StatusCode};
use http_body::Body;
use http_body_util::Full;
use mcp_core::app::{Context, Handler, Server};
use mcp_core::config::SessionConfig;
use mcp_core::driver::{HttpService, Runtime};
use mcp_core::jsonrpc::{EnvelopeLimits, Incoming, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, RawObject, ServerCapabilities, Tool};
use mcp_core::session::{Lane, ServerEvent, ServerSession};
use mcp_core::time::Instant;
use mcp_core::transport::http::HttpConfig;
use mcp_core::transport::sse::{Decoder, EventFields};
use schemars::JsonSchema;
use serde::Deserialize;

pub type Operation = dyn FnMut();

pub const ALL: &[(&str, fn() -> Box<Operation>)] = &[
    ("envelope", envelope),
    ("modern-call", modern_call),
    ("modern-list-380", modern_list),
    ("session-call", session_call),
    ("session-list-380", session_list),
    ("hold-release-100", hold_release),
    ("sse-encode-1k", sse_encode),
    ("sse-decode-1k", sse_decode),
];

const NOW: Instant = Instant::EPOCH;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;

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
    Box::new(move || drop(black_box(Incoming::parse(black_box(&frame), &limits))))
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

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {}
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

/// From the head and body of a POST to the last piece of its answer, without the sockets.
fn modern(method: &'static str, name: Option<&'static str>, body: String) -> Box<Operation> {
    let server = server();
    let mut config = SessionConfig::new([]);
    config.methods = server.methods();
    config.modern = true;
    let service = HttpService::new(Still, server, HttpConfig::new(config), &[7; 32]);
    let body = Bytes::from(body);
    Box::new(move || {
        let mut request = Request::post("/mcp")
            .header("host", "localhost:8000")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let request = request.body(Full::new(body.clone())).unwrap();
        let mut cx = Polling::from_waker(Waker::noop());
        let mut answer = pin!(service.handle(request));
        let Poll::Ready(response) = answer.as_mut().poll(&mut cx) else { panic!("it waits") };
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
            black_box(frame);
        }
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
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for frame in [INITIALIZE, initialized] {
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
        session.handle_frame(NOW, Lane::Standing, frame.clone()).unwrap();
        let Some(ServerEvent::Request(request)) = session.poll_event() else {
            panic!("a request");
        };
        session.respond(NOW, request.ticket, Ok(result.clone()));
        let answer = session.poll_transmit().unwrap();
        black_box(session.poll_timeout());
        answer.frame.into_chunks().for_each(|chunk| drop(black_box(chunk)));
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

/// 100 requests that come before `initialize`, wait, and are answered after it.
fn hold_release() -> Box<Operation> {
    let frames: Vec<Bytes> = (1..=100).map(call).collect();
    Box::new(move || {
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
    })
}

fn sse_encode() -> Box<Operation> {
    let data = "x".repeat(1024);
    let mut stream = BytesMut::with_capacity(4096);
    Box::new(move || {
        stream.clear();
        EventFields::message().write(black_box(data.as_bytes()), &mut stream);
        black_box(&stream);
    })
}

fn sse_decode() -> Box<Operation> {
    let mut stream = BytesMut::new();
    EventFields::message().write("x".repeat(1024).as_bytes(), &mut stream);
    let stream = stream.freeze();
    let mut decoder = Decoder::new();
    Box::new(move || {
        decoder.handle_bytes(stream.clone());
        black_box(decoder.poll_event());
    })
}
