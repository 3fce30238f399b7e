//! What one message costs: `cargo bench -p mcp-core --bench core`.
//!
//! Times are medians of one thread; allocations are counted with them.

use std::sync::Arc;

use bytes::Bytes;
use divan::{AllocProfiler, Bencher, black_box, counter::BytesCount};
use http::Request;
use mcp_core::config::SessionConfig;
use mcp_core::jsonrpc::{EnvelopeLimits, Incoming, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::{Lane, ServerEvent, ServerSession};
use mcp_core::time::Instant;
use mcp_core::transport::http::{Admission, EventStream, HttpConfig, HttpServer, Posted, Upload};
use mcp_core::transport::sse::{Decoder, EventFields};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const NOW: Instant = Instant::EPOCH;

fn main() {
    divan::main();
}

fn initialize() -> Bytes {
    Bytes::from_static(
        br#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
    )
}

/// `tools/call` of so many bytes.
fn call(id: usize, bytes: usize) -> Bytes {
    let head = format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"search","arguments":{{"text":""#
    );
    let padding = "lorem ipsum ".repeat(bytes / 12);
    let length = bytes - head.len() - 5;
    Bytes::from(format!("{head}{}\"}}}}}}", &padding[..length]))
}

/// A `tools/list` result of so many tools.
fn tools(count: usize) -> RawJson {
    let tool = |n: usize| {
        format!(
            r#"{{"name":"tool_{n}","description":"Does the thing that tool number {n} is there for, and says so at length in its description, as real ones do.","inputSchema":{{"type":"object","properties":{{"path":{{"type":"string","description":"where to look"}},"limit":{{"type":"integer","minimum":0,"maximum":1000}}}},"required":["path"]}}}}"#
        )
    };
    let tools: Vec<String> = (0..count).map(tool).collect();
    RawJson::parse(format!(r#"{{"tools":[{}]}}"#, tools.join(","))).unwrap()
}

fn config() -> SessionConfig {
    SessionConfig::new([Method::ToolsList, Method::ToolsCall])
}

fn new_session() -> ServerSession {
    ServerSession::new(NOW, Arc::new(config()))
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

/// A session whose handshake is done.
fn ready_session() -> ServerSession {
    let mut session = new_session();
    let initialized = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for frame in [initialize(), Bytes::from_static(initialized)] {
        session.handle_frame(NOW, Lane::Standing, frame).unwrap();
        accept(&mut session);
    }
    while session.poll_event().is_some() || session.poll_transmit().is_some() {}
    session
}

#[divan::bench(args = [200, 104_000])]
fn envelope_parse(bencher: Bencher<'_, '_>, bytes: usize) {
    let frame = call(1, bytes);
    let limits = EnvelopeLimits::default();
    bencher.counter(BytesCount::new(bytes)).bench(|| Incoming::parse(black_box(&frame), &limits));
}

/// From the frame that came in to the frame that leaves.
#[divan::bench(args = [200, 104_000])]
fn tools_call_round(bencher: Bencher<'_, '_>, bytes: usize) {
    let mut session = ready_session();
    let frame = call(1, bytes);
    let result = RawJson::parse(r#"{"content":[{"type":"text","text":"done"}]}"#).unwrap();
    bencher.bench_local(|| round(&mut session, frame.clone(), &result));
}

/// 380 tools, encoded once and shared.
#[divan::bench]
fn tools_list_of_380_shared(bencher: Bencher<'_, '_>) {
    let mut session = ready_session();
    let frame = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    let result = tools(380);
    bencher.bench_local(|| round(&mut session, frame.clone(), &result));
}

fn round(session: &mut ServerSession, frame: Bytes, result: &RawJson) -> usize {
    session.handle_frame(NOW, Lane::Standing, frame).unwrap();
    let Some(ServerEvent::Request(request)) = session.poll_event() else {
        panic!("a request");
    };
    session.respond(NOW, request.ticket, Ok(result.clone()));
    let answer = session.poll_transmit().unwrap();
    let _ = black_box(session.poll_timeout());
    answer.frame.into_chunks().map(|chunk| chunk.len()).sum()
}

/// 100 requests that come before `initialize`, wait, and are answered after it.
#[divan::bench]
fn hold_and_release_100(bencher: Bencher<'_, '_>) {
    let frames: Vec<Bytes> = (1..=100).map(|id| call(id, 200)).collect();
    bencher.with_inputs(new_session).bench_local_refs(|session| {
        for frame in &frames {
            session.handle_frame(NOW, Lane::Standing, frame.clone()).unwrap();
        }
        session.handle_frame(NOW, Lane::Standing, initialize()).unwrap();
        accept(session);
        while let Some(event) = session.poll_event() {
            if let ServerEvent::Request(request) = event {
                session.respond(NOW, request.ticket, Ok(RawJson::EMPTY_OBJECT));
            }
        }
        core::iter::from_fn(|| session.poll_transmit()).count()
    });
}

/// An event of so many bytes, in chunks of 16 KiB at most.
#[divan::bench(args = [1024, 240_000])]
fn sse_decode(bencher: Bencher<'_, '_>, bytes: usize) {
    let mut stream = bytes::BytesMut::new();
    EventFields::message().write(&call(1, bytes), &mut stream);
    let stream = stream.freeze();
    let mut decoder = Decoder::new();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut rest = stream.clone();
        while !rest.is_empty() {
            decoder.handle_bytes(rest.split_to(rest.len().min(16 * 1024)));
        }
        decoder.poll_event()
    });
}

struct Served {
    server: HttpServer<()>,
    stream: EventStream<()>,
    post: http::request::Parts,
}

impl Served {
    fn new() -> Self {
        let server = HttpServer::new(HttpConfig::new(config()), &[7; 32]);
        let (get, ()) =
            Request::get("/sse").header("host", "localhost").body(()).unwrap().into_parts();
        let Admission::Open(mut stream) = server.begin(NOW, &get) else {
            panic!("a stream");
        };
        let endpoint = stream.poll_data(NOW).unwrap();
        let endpoint = core::str::from_utf8(&endpoint).unwrap();
        let uri = endpoint.trim_end().rsplit(' ').next().unwrap();
        let (post, ()) = Request::post(uri)
            .header("host", "localhost:8000")
            .header("content-type", "application/json")
            .header("content-length", "200")
            .body(())
            .unwrap()
            .into_parts();
        let mut served = Self { server, stream, post };
        let _ = served.upload().map(|upload| served.end(upload, initialize()));
        accept(&mut served.stream.slot().lock());
        while served.stream.poll_data(NOW).is_some() {}
        while served.stream.slot().lock().poll_event().is_some() {}
        served
    }

    fn upload(&self) -> Option<Upload<()>> {
        match self.server.begin(NOW, &self.post) {
            Admission::ReadBody(upload) => Some(upload),
            _ => None,
        }
    }

    fn end(&self, mut upload: Upload<()>, body: Bytes) -> http::StatusCode {
        upload.handle_data(body).unwrap();
        match upload.handle_end(NOW) {
            Posted::Session(response, _) => response.status(),
            _ => panic!("an answer"),
        }
    }
}

/// From the head of the POST to the piece of the stream that carries the answer.
#[divan::bench(args = [40, 4000, 100_000])]
fn http_sse_round(bencher: Bencher<'_, '_>, answer: usize) {
    let mut served = Served::new();
    let body = call(1, 200);
    let result = RawJson::parse(format!("\"{}\"", "x".repeat(answer - 2))).unwrap();
    bencher.bench_local(|| {
        let upload = served.upload().unwrap();
        let status = served.end(upload, body.clone());
        let event = served.stream.slot().lock().poll_event();
        let Some(ServerEvent::Request(request)) = event else {
            panic!("a request: {status}");
        };
        let reply = Ok(result.clone());
        served.stream.slot().lock().respond(NOW, request.ticket, reply);
        core::iter::from_fn(|| served.stream.poll_data(NOW)).count()
    });
}

/// So many answers that wait, turned into events.
#[divan::bench(args = [1, 100])]
fn sse_encode(bencher: Bencher<'_, '_>, answers: usize) {
    let mut served = Served::new();
    let result = RawJson::parse(format!("\"{}\"", "x".repeat(1000))).unwrap();
    bencher.bench_local(|| {
        for id in 1..=answers {
            let mut session = served.stream.slot().lock();
            session.handle_frame(NOW, Lane::Standing, call(id, 200)).unwrap();
            let Some(ServerEvent::Request(request)) = session.poll_event() else {
                panic!("a request");
            };
            session.respond(NOW, request.ticket, Ok(result.clone()));
        }
        core::iter::from_fn(|| served.stream.poll_data(NOW)).count()
    });
}
