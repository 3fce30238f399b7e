//! Any list of calls on an HTTP client, with any answers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::config::{ClientConfig, Protocol};
use crate::id::RequestHandle;
use crate::jsonrpc::RawJson;
use crate::model::Implementation;
use crate::revision::Revision;
use crate::session::{ClientEvent, Outgoing};
use crate::time::Instant;
use crate::transport::http::{
    Failure, FetchId, HttpClient, HttpClientConfig, HttpClientEvent, Known, Transport,
};

const STATUSES: [u16; 16] =
    [200, 200, 200, 202, 400, 401, 403, 404, 405, 409, 500, 503, 301, 307, 308, 100];

const TYPES: [&str; 4] = ["application/json", "text/event-stream", "text/html", ""];

const PLACES: [&str; 5] =
    ["/elsewhere", "https://other.example/mcp", "http://mcp.example/", "https://[::1]/", ":"];

/// What servers say; `$` stands for the id of the request.
const BODIES: [&str; 18] = [
    r#"{"jsonrpc":"2.0","id":$,"result":{"resultType":"complete","tools":[{"name":"t","inputSchema":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}]}}"#,
    r#"{"jsonrpc":"2.0","id":$,"result":{"supportedVersions":["2026-07-28"],"capabilities":{}}}"#,
    r#"{"jsonrpc":"2.0","id":$,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","id":$,"error":{"code":-32601,"message":"no"}}"#,
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"no"}}"#,
    r#"{"jsonrpc":"2.0","id":$,"error":{"code":-32002,"message":"no","data":{"reason":"not_initialized"}}}"#,
    r#"{"jsonrpc":"2.0","id":$,"error":{"code":-32600,"message":"session not found"}}"#,
    "event: endpoint\ndata: /m?s=1\n\n",
    "event: endpoint\ndata: //evil.example/\n\n",
    "id: 1\ndata:\n\n",
    "id: 2\nretry: 10\ndata:\n\n",
    "data: {\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{}}\n\n",
    "data: {\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}\n\n",
    "id: 3\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\n\n",
    "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n",
    "data: {\"jsonrpc\":\"2.0\",",
    ": keep-alive\n\n",
    "garbage",
];

/// Whatever is called in whatever order, and whatever is answered: every request of ours has
/// exactly one outcome, nothing of the session follows its end, credentials go to one origin
/// only, and nothing is left behind.
pub fn http_client(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut run = Run::new(bytes.next().unwrap_or(0));
    while let Some(op) = bytes.next() {
        run.step(op, &mut bytes);
        run.check();
    }
    run.finish();
}

struct Run {
    client: HttpClient,
    now: Instant,
    /// Exchanges on their way, with the id of what was asked.
    fetches: BTreeMap<FetchId, String>,
    open: BTreeSet<RequestHandle>,
    handles: Vec<RequestHandle>,
    closed: bool,
}

impl Run {
    fn new(choice: u8) -> Self {
        let mut session = ClientConfig::new(Implementation::new("c", "1"));
        session.protocol = match choice & 3 {
            0 => Protocol::Auto,
            1 => Protocol::LegacyFirst,
            2 => Protocol::Legacy(Revision::V2025_06_18),
            _ => Protocol::Legacy(Revision::V2025_11_25),
        };
        let mut config = HttpClientConfig::new("https://mcp.example/mcp", session);
        config.transport = match choice / 4 % 4 {
            0 | 1 => Transport::Auto,
            2 => Transport::Streamable,
            _ => Transport::Sse,
        };
        config.known = (choice & 0x10 != 0).then_some(Known::Sse);
        config.headers.insert("x-api-key", http::HeaderValue::from_static("sesame"));
        config.limits.body_bytes = 600;
        config.limits.event_bytes = 500;
        config.limits.error_bytes = 300;
        config.limits.exchanges = 12;
        let now = Instant::EPOCH;
        let client = HttpClient::new(now, config, 7).expect("the configuration is sound");
        Self {
            client,
            now,
            fetches: BTreeMap::new(),
            open: BTreeSet::new(),
            handles: Vec::new(),
            closed: false,
        }
    }

    fn step(&mut self, op: u8, bytes: &mut impl Iterator<Item = u8>) {
        let mut next = || bytes.next().unwrap_or(0);
        match op % 16 {
            0 => self.request(next()),
            1 | 2 => self.fetch(),
            3 | 4 => self.head(next(), next(), next()),
            5..=7 => self.body(next(), next()),
            8 => {
                if let Some(id) = self.pick(next()) {
                    self.client.handle_end(self.now, id);
                }
            }
            9 => {
                if let Some(id) = self.pick(next()) {
                    let failure = if next() & 1 == 0 { Failure::NotSent } else { Failure::Broken };
                    self.client.handle_failure(self.now, id, failure);
                }
            }
            10 => {
                let wait = Duration::from_millis(u64::from(next()) * 50);
                self.now = self.now + wait;
                self.client.handle_timeout(self.now);
            }
            11 => {
                if let Some(due) = self.client.poll_timeout() {
                    self.now = self.now.max(due);
                    self.client.handle_timeout(self.now);
                }
            }
            12 => {
                let which = usize::from(next());
                if let Some(handle) = self.handles.get(which % self.handles.len().max(1)) {
                    self.client.cancel(self.now, *handle, "fuzz");
                }
            }
            13 => self.client.handle_authorized(self.now),
            14 if next() < 16 => self.client.handle_unauthorized(self.now, "fuzz"),
            15 if next() < 4 => self.client.close(self.now),
            _ => self.answer(next(), next()),
        }
    }

    fn request(&mut self, which: u8) {
        let method = if which & 1 == 0 { "tools/call" } else { "tools/list" };
        let params = RawJson::known(&serde_json::json!({"name": "t", "arguments": {"a": "ä"}}));
        if let Ok(handle) = self.client.request(self.now, Outgoing::new(method, Some(params))) {
            assert!(self.open.insert(handle), "handles are unique");
            self.handles.push(handle);
        }
    }

    fn fetch(&mut self) {
        while let Some(fetch) = self.client.poll_fetch() {
            let uri = fetch.request.uri();
            let home = uri.host() == Some("mcp.example") && uri.scheme_str() == Some("https");
            assert_eq!(fetch.authorize, home, "credentials go to one origin: {uri}");
            assert_eq!(fetch.request.headers().contains_key("x-api-key"), home);
            let body: Value = serde_json::from_slice(fetch.request.body()).unwrap_or_default();
            let fresh = self.fetches.insert(fetch.id, body["id"].to_string()).is_none();
            assert!(fresh, "exchanges have names of their own");
        }
    }

    fn pick(&self, which: u8) -> Option<FetchId> {
        let count = self.fetches.len().max(1);
        self.fetches.keys().nth(usize::from(which) % count).copied()
    }

    fn head(&mut self, which: u8, status: u8, kind: u8) {
        let Some(id) = self.pick(which) else { return };
        let status = STATUSES.get(usize::from(status & 15)).copied().unwrap_or(200);
        let mut head = Response::builder().status(status);
        if let Some(kind) = TYPES.get(usize::from(kind & 3)).filter(|kind| !kind.is_empty()) {
            head = head.header("content-type", *kind);
        }
        if kind & 4 != 0 {
            head = head.header("mcp-session-id", "s-1");
        }
        if let Some(place) = PLACES.get(usize::from(kind >> 3) % 8) {
            head = head.header("location", *place);
        }
        let (head, ()) = head.body(()).expect("a response").into_parts();
        self.client.handle_head(self.now, id, &head);
    }

    fn body(&mut self, which: u8, what: u8) {
        let Some(id) = self.pick(which) else { return };
        let body = BODIES.get(usize::from(what) % BODIES.len()).copied().unwrap_or_default();
        let body = body.replace('$', self.fetches.get(&id).map_or("null", String::as_str));
        self.client.handle_data(self.now, id, Bytes::from(body));
    }

    /// A whole answer that fits.
    fn answer(&mut self, which: u8, what: u8) {
        let Some(id) = self.pick(which) else { return };
        let body = BODIES.get(usize::from(what % 3)).copied().unwrap_or_default();
        let body = body.replace('$', self.fetches.get(&id).map_or("null", String::as_str));
        let head = Response::builder().header("content-type", "application/json").body(());
        let (head, ()) = head.expect("a response").into_parts();
        self.client.handle_head(self.now, id, &head);
        self.client.handle_data(self.now, id, Bytes::from(body));
        self.client.handle_end(self.now, id);
    }

    fn check(&mut self) {
        while let Some(id) = self.client.poll_abort() {
            assert!(self.fetches.contains_key(&id), "what is stopped was given out");
        }
        while let Some(event) = self.client.poll_event() {
            let HttpClientEvent::Session(event) = event else { continue };
            assert!(!self.closed, "nothing follows the end");
            match event {
                ClientEvent::Response(handle, _) => {
                    assert!(self.open.remove(&handle), "one outcome for each request");
                }
                ClientEvent::Closed(_) => self.closed = true,
                _ => {}
            }
        }
        if self.closed {
            assert!(self.open.is_empty(), "every request ends with the session");
        }
    }

    fn finish(mut self) {
        self.client.close(self.now);
        self.check();
        assert!(self.closed && self.open.is_empty(), "the end is the end");
        self.fetch();
        while !self.client.is_done() {
            let due = self.client.poll_timeout().expect("what is left has a deadline");
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.fetch();
        }
        self.check();
        assert!(self.client.poll_fetch().is_none());
        assert_eq!(self.client.poll_timeout(), None, "nothing is left");
        assert!(!format!("{:?}", self.client).contains("sesame"));
    }
}
