//! A client's session with a server made of answers, and a clock that stands still.

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use mcp_core::config::{ClientConfig, Protocol};
use mcp_core::error::{PeerError, RequestError};
use mcp_core::id::{RequestHandle, RequestKey};
use mcp_core::jsonrpc::{RawJson, Reply};
use mcp_core::model::Implementation;
use mcp_core::revision::Revision;
use mcp_core::session::{
    CancelReason, ClientCloseReason, ClientEvent, ClientSession, ClientTransmit, IncomingRequest,
    Lane, Outgoing, Server, TransmitKind,
};
use mcp_core::time::Instant;
use serde_json::{Value, json};

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn raw(json: &str) -> RawJson {
    RawJson::parse(json.to_owned()).unwrap()
}

pub(crate) fn call() -> Outgoing {
    Outgoing::new("tools/call", Some(raw(r#"{"name":"t"}"#)))
}

pub(crate) fn list() -> Outgoing {
    Outgoing::new("tools/list", None)
}

/// A frame on its way, read.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) transmit: ClientTransmit,
    pub(crate) json: Value,
}

impl Out {
    pub(crate) fn method(&self) -> &str {
        self.json["method"].as_str().unwrap_or("")
    }

    pub(crate) fn id(&self) -> u64 {
        self.json["id"].as_u64().expect("a request of ours")
    }

    pub(crate) fn meta(&self, key: &str) -> &Value {
        &self.json["params"]["_meta"][format!("io.modelcontextprotocol/{key}")]
    }
}

/// What the application saw, in short.
#[derive(Debug, PartialEq)]
pub(crate) enum Saw {
    Ready,
    /// A request, by its method.
    Request(String),
    Cancelled(RequestKey, CancelReason),
    Notification(String, Option<RequestHandle>),
    Progress(RequestHandle),
    Response(RequestHandle, Result<String, RequestError>),
    Closed(ClientCloseReason),
}

pub(crate) fn ended(handle: RequestHandle, error: RequestError) -> Saw {
    Saw::Response(handle, Err(error))
}

pub(crate) fn answered(handle: RequestHandle, result: &str) -> Saw {
    Saw::Response(handle, Ok(result.into()))
}

pub(crate) struct Client {
    pub(crate) session: ClientSession,
    pub(crate) now: Instant,
    pub(crate) work: Vec<IncomingRequest>,
    pub(crate) server: Option<Box<Server>>,
}

impl Client {
    pub(crate) fn with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut config = ClientConfig::new(Implementation::new("c", "1"));
        change(&mut config);
        let session = ClientSession::new(Instant::EPOCH, Arc::new(config));
        Self { session, now: Instant::EPOCH, work: Vec::new(), server: None }
    }

    pub(crate) fn of(protocol: Protocol) -> Self {
        Self::with(|config| config.protocol = protocol)
    }

    /// Through the handshake of the legacy era.
    pub(crate) fn legacy_with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        Self::legacy_in(Revision::LATEST_LEGACY, change)
    }

    pub(crate) fn legacy_in(revision: Revision, change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut client = Self::with(|config| {
            config.protocol = Protocol::Legacy(revision);
            change(config);
        });
        client.shake(revision.as_str());
        assert_eq!(client.saw(), [Saw::Ready]);
        client
    }

    pub(crate) fn legacy() -> Self {
        Self::legacy_with(|_| {})
    }

    /// With a server of the modern era.
    pub(crate) fn modern_with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut client = Self::with(change);
        let probe = client.sent_one();
        client.hear(&discovered(probe.id()));
        assert_eq!(client.saw(), [Saw::Ready]);
        client
    }

    pub(crate) fn modern() -> Self {
        Self::modern_with(|_| {})
    }

    /// Answers the `initialize` that leaves, and takes `initialized`.
    pub(crate) fn shake(&mut self, version: &str) {
        let initialize = self.sent_one();
        assert_eq!(initialize.method(), "initialize");
        self.hear(&initialized(initialize.id(), version));
        let announced = self.sent_one();
        assert_eq!(announced.method(), "notifications/initialized");
    }

    pub(crate) fn request(&mut self, item: Outgoing) -> RequestHandle {
        self.session.request(self.now, item).unwrap()
    }

    /// All that leaves, taken by the server.
    pub(crate) fn sent(&mut self) -> Vec<Out> {
        let mut sent = Vec::new();
        while let Some(out) = self.next() {
            self.session.handle_sent(self.now, out.transmit.key);
            sent.push(out);
        }
        sent
    }

    pub(crate) fn sent_one(&mut self) -> Out {
        let out = self.next().expect("a frame leaves");
        self.session.handle_sent(self.now, out.transmit.key);
        out
    }

    /// The next frame, and nobody knows what becomes of it.
    pub(crate) fn next(&mut self) -> Option<Out> {
        let transmit = self.session.poll_transmit()?;
        let json: Value = serde_json::from_slice(&transmit.frame.to_bytes()).unwrap();
        assert_eq!(json["jsonrpc"], "2.0");
        assert_eq!(json["method"].as_str(), transmit.method.as_deref());
        let params = transmit.params.as_ref().map(|params| params.to::<Value>().unwrap());
        assert_eq!(json.get("params"), params.as_ref(), "as they stand in the frame");
        assert_eq!(transmit.kind == TransmitKind::Response, json.get("method").is_none());
        Some(Out { transmit, json })
    }

    pub(crate) fn methods(&mut self) -> Vec<String> {
        self.sent().iter().map(|out| out.method().to_owned()).collect()
    }

    pub(crate) fn hear(&mut self, frame: &Value) {
        self.hear_text(&frame.to_string()).unwrap();
    }

    pub(crate) fn hear_text(&mut self, frame: &str) -> Result<(), PeerError> {
        let frame = Bytes::from(frame.to_owned());
        self.session.handle_frame(self.now, Lane::Standing, frame)
    }

    /// Waits, and does what is due when it is due.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            assert!(self.session.poll_timeout().is_none_or(|next| next > due), "no busy loop");
        }
        self.now = until;
        self.session.handle_timeout(self.now);
    }

    pub(crate) fn respond(&mut self, reply: Reply) {
        let request = self.work.remove(0);
        self.session.respond(self.now, request.ticket, reply);
    }

    pub(crate) fn saw(&mut self) -> Vec<Saw> {
        let mut saw = Vec::new();
        while let Some(event) = self.session.poll_event() {
            saw.push(match event {
                ClientEvent::Ready(server) => {
                    self.server = Some(server);
                    Saw::Ready
                }
                ClientEvent::Request(request) => {
                    let method = request.method.as_str().to_owned();
                    self.work.push(request);
                    Saw::Request(method)
                }
                ClientEvent::Cancelled(key, reason) => Saw::Cancelled(key, reason),
                ClientEvent::Notification { method, about, .. } => {
                    Saw::Notification(method.as_str().to_owned(), about)
                }
                ClientEvent::Progress(handle, _) => Saw::Progress(handle),
                ClientEvent::Response(handle, result) => {
                    Saw::Response(handle, result.map(|result| result.as_str().to_owned()))
                }
                ClientEvent::Closed(reason) => Saw::Closed(reason),
                event => panic!("{event:?}"),
            });
        }
        saw
    }

    /// Nothing is kept of anything.
    pub(crate) fn assert_empty(&self) {
        let session = &self.session;
        assert_eq!(session.outbound_requests(), 0);
        assert_eq!(session.outbound_bytes(), 0);
        assert_eq!(session.in_flight(), 0);
        assert_eq!(session.outbox_frames(), 0);
        assert_eq!(session.queued_events(), 0);
    }
}

pub(crate) fn result(id: u64, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

pub(crate) fn refusal(id: u64, code: i64, data: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": "no", "data": data}})
}

pub(crate) fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

pub(crate) fn initialized(id: u64, version: &str) -> Value {
    result(
        id,
        &json!({"protocolVersion": version, "capabilities": {"tools": {}},
                "serverInfo": {"name": "s", "version": "1"}, "instructions": "be kind"}),
    )
}

pub(crate) fn discovered_in(id: u64, versions: &[&str]) -> Value {
    result(
        id,
        &json!({"resultType": "complete", "supportedVersions": versions,
                "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "private",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "s", "version": "1"}}}),
    )
}

pub(crate) fn discovered(id: u64) -> Value {
    discovered_in(id, &["2026-07-28", "2025-11-25"])
}
