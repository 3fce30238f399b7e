//! A server with a little of everything, and clients of its HTTP endpoint.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context as Polling, Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body::{Body as _, Frame};
use mcp_core::app::{Context, Handler, Server, ServerBuilder};
use mcp_core::config::SessionConfig;
use mcp_core::driver::{HttpService, Runtime};
use mcp_core::model::Tool;
use mcp_core::transport::http::HttpConfig;
use mcp_core::transport::sse::Decoder;
use serde_json::{Value, json};

use crate::runtime::Sim;

pub(crate) const VERSION: &str = "2026-07-28";

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// What every request says of its client.
pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
    })
}

/// A request with a `_meta`.
pub(crate) fn request_with(
    id: impl Into<Value>,
    method: &str,
    params: &Value,
    meta: &Value,
) -> Value {
    let mut params = params.clone();
    params["_meta"] = meta.clone();
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

pub(crate) fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    request_with(id, method, params, &meta())
}

/// The headers that go with a request.
pub(crate) fn headers(request: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &Value| {
        if let Some(value) = value.as_str() {
            headers.insert(name, value.parse().unwrap());
        }
    };
    put("host", &json!("localhost"));
    put("content-type", &json!("application/json"));
    put("accept", &json!("application/json, text/event-stream"));
    put(
        "mcp-protocol-version",
        &request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"],
    );
    put("mcp-method", &request["method"]);
    match request["method"].as_str() {
        Some("tools/call" | "prompts/get") => put("mcp-name", &request["params"]["name"]),
        Some("resources/read") => put("mcp-name", &request["params"]["uri"]),
        Some("tasks/get" | "tasks/update" | "tasks/cancel") => {
            put("mcp-name", &request["params"]["taskId"]);
        }
        _ => {}
    }
    headers
}

/// A tool whose handler does what it is told to.
pub(crate) fn builder() -> ServerBuilder {
    Server::builder("s", "1")
        .logging()
        .subscriptions()
        .raw_tool(Tool::new("echo"), |args: Value, _: Context| async move {
            Ok(args["say"].as_str().unwrap_or("").to_owned())
        })
}

pub(crate) struct Web<H: Handler = Server> {
    pub(crate) sim: Sim,
    pub(crate) service: HttpService<Sim, H>,
}

impl Web {
    pub(crate) fn new() -> Self {
        Self::of(builder())
    }

    pub(crate) fn of(builder: ServerBuilder) -> Self {
        Self::with(builder.build().unwrap(), |_| {})
    }
}

impl<H: Handler> Web<H> {
    pub(crate) fn with(handler: H, change: impl FnOnce(&mut HttpConfig)) -> Self {
        Self::on(Sim::new(), handler, change)
    }

    pub(crate) fn on(sim: Sim, handler: H, change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut session = SessionConfig::new([]);
        session.methods = handler.methods();
        session.modern = true;
        let mut config = HttpConfig::new(session);
        config.mcp = Some("/mcp".into());
        change(&mut config);
        let service = HttpService::new(sim.clone(), handler, config, &[7; 32]);
        Self { sim, service }
    }

    /// Posts a request as a well-behaved client does.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Answer {
        self.post(&request(1, method, params))
    }

    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> Answer {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    pub(crate) fn post(&self, request: &Value) -> Answer {
        self.post_with(&headers(request), request)
    }

    /// Posts a request with other headers than its own.
    pub(crate) fn post_with(&self, headers: &HeaderMap, request: &Value) -> Answer {
        self.post_raw(headers, request.to_string())
    }

    pub(crate) fn post_raw(&self, headers: &HeaderMap, body: impl Into<Bytes>) -> Answer {
        let mut request = Request::post("/mcp").body(Whole(Some(body.into()))).unwrap();
        *request.headers_mut() = headers.clone();
        self.send(request)
    }

    /// Sends any request.
    pub(crate) fn send(&self, request: Request<Whole>) -> Answer {
        let answer = Answer::default();
        let (state, service) = (Arc::clone(&answer.0), self.service.clone());
        self.sim.spawn(async move {
            let mut work = Box::pin(read(service, request, Arc::clone(&state)));
            poll_fn(|cx| {
                let mut here = state.lock().unwrap();
                if here.gone {
                    return Poll::Ready(());
                }
                here.waker = Some(cx.waker().clone());
                drop(here);
                work.as_mut().poll(cx)
            })
            .await;
            drop(work);
            state.lock().unwrap().over = true;
        });
        self.sim.run();
        answer
    }
}

async fn read<H: Handler>(
    service: HttpService<Sim, H>,
    request: Request<Whole>,
    into: Arc<Mutex<State>>,
) {
    let (head, body) = service.handle(request).await.into_parts();
    let mut body = Box::pin(body);
    into.lock().unwrap().head = Some((head.status, head.headers));
    let frame = |cx: &mut Polling<'_>| {
        if into.lock().unwrap().stuck {
            return Poll::Pending;
        }
        body.as_mut().poll_frame(cx)
    };
    let mut frame = frame;
    while let Some(Ok(frame)) = poll_fn(&mut frame).await {
        let data = frame.into_data().unwrap_or_default();
        into.lock().unwrap().body.extend_from_slice(&data);
    }
}

/// A body in one piece.
pub(crate) struct Whole(pub(crate) Option<Bytes>);

impl Whole {
    pub(crate) const fn empty() -> Self {
        Self(None)
    }
}

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Polling<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }
}

/// What a client has received so far.
#[derive(Default)]
pub(crate) struct Answer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    head: Option<(StatusCode, HeaderMap)>,
    body: Vec<u8>,
    over: bool,
    /// The client hangs up.
    gone: bool,
    /// The client does not read.
    stuck: bool,
    waker: Option<Waker>,
}

impl Answer {
    /// Whether a head has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.lock().unwrap().head.is_some()
    }

    /// Whether the last byte has come.
    pub(crate) fn is_over(&self) -> bool {
        self.0.lock().unwrap().over
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.lock().unwrap().head.as_ref().expect("a head").0.as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let state = self.0.lock().unwrap();
        let (_, headers) = state.head.as_ref().expect("a head");
        headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().body.clone()).unwrap()
    }

    /// The JSON object that it is.
    pub(crate) fn json(&self) -> Value {
        assert!(self.is_over());
        assert_eq!(self.header("content-type").as_deref(), Some("application/json"));
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The result in it.
    pub(crate) fn result(&self) -> Value {
        let json = self.json();
        assert_eq!(self.status(), 200, "{json}");
        assert_eq!(json["error"], Value::Null);
        json["result"].clone()
    }

    /// Status, code and id of the failure that it is.
    pub(crate) fn failure(&self) -> (u16, i64, Value) {
        let json = self.json();
        let code = json["error"]["code"].as_i64().unwrap_or_else(|| panic!("{json}"));
        (self.status(), code, json["id"].clone())
    }

    /// The messages on the stream that it is, since the last look.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert_eq!(self.header("content-type").as_deref(), Some("text/event-stream"));
        let mut decoder = Decoder::new();
        let body = core::mem::take(&mut self.0.lock().unwrap().body);
        decoder.handle_slice(&body);
        let mut events = VecDeque::new();
        while let Some(event) = decoder.poll_event() {
            let event = event.unwrap();
            // One that primes has none.
            if !event.data().is_empty() {
                events.push_back(serde_json::from_slice(event.data()).unwrap());
            }
        }
        events.into()
    }

    /// Hangs up.
    pub(crate) fn hang_up(&self) {
        let mut state = self.0.lock().unwrap();
        state.gone = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Stops reading, or reads on.
    pub(crate) fn set_stuck(&self, stuck: bool) {
        let mut state = self.0.lock().unwrap();
        state.stuck = stuck;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}
