//! A client whose server is the test: it sees each request and says what comes back.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use http::{Method, Request, Response};
use mcp_core::config::{ClientConfig, Protocol};
use mcp_core::error::RequestError;
use mcp_core::id::RequestHandle;
use mcp_core::jsonrpc::RawJson;
use mcp_core::model::Implementation;
use mcp_core::revision::Revision;
use mcp_core::session::{ClientCloseReason, ClientEvent, Outgoing};
use mcp_core::time::Instant;
use mcp_core::transport::http::{
    Challenge, Failure, FetchId, HttpClient, HttpClientConfig, HttpClientEvent, HttpFault,
};
use serde_json::Value;

pub(crate) const URL: &str = "https://mcp.example/mcp";
pub(crate) const EVENTS: &str = "text/event-stream";
pub(crate) const JSON: &str = "application/json";

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A request that the server has seen, and not answered to the end yet.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) id: FetchId,
    pub(crate) request: Request<Bytes>,
    pub(crate) authorize: bool,
}

impl Seen {
    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    pub(crate) fn uri(&self) -> String {
        self.request.uri().to_string()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.request.headers().get(name)?;
        Some(value.to_str().unwrap())
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(self.request.body()).unwrap_or(Value::Null)
    }

    /// The method of the message, or of HTTP if there is none.
    pub(crate) fn what(&self) -> String {
        match self.body()["method"].as_str() {
            Some(method) => method.to_owned(),
            None => self.method().to_string(),
        }
    }

    /// The id of the message as JSON.
    pub(crate) fn rpc_id(&self) -> String {
        self.body()["id"].to_string()
    }
}

/// What a client has told, in short.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    Ready(Revision),
    Result(RequestHandle, String),
    Error(RequestHandle, RequestError),
    Fault(Option<RequestHandle>, HttpFault),
    Challenge(Challenge),
    Dropped(Vec<String>),
    Notified(String),
    Asked(String),
    Closed(ClientCloseReason),
    Other(String),
}

pub(crate) struct Web {
    pub(crate) client: HttpClient,
    pub(crate) now: Instant,
    seen: VecDeque<Seen>,
}

pub(crate) fn config() -> HttpClientConfig {
    let mut config = HttpClientConfig::new(URL, ClientConfig::new(Implementation::new("c", "1")));
    config.headers.insert("x-api-key", "sesame".parse().unwrap());
    config
}

pub(crate) fn call() -> Outgoing {
    let params = RawJson::parse(r#"{"name":"t","arguments":{}}"#).unwrap();
    Outgoing::new("tools/call", Some(params))
}

impl Web {
    pub(crate) fn new(change: impl FnOnce(&mut HttpClientConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        let now = Instant::from_epoch(secs(1000));
        let client = HttpClient::new(now, config, 7).unwrap();
        Self { client, now, seen: VecDeque::new() }
    }

    /// A client that is ready to speak the modern era.
    pub(crate) fn modern(change: impl FnOnce(&mut HttpClientConfig)) -> Self {
        let mut web = Self::new(change);
        let probe = web.see("server/discover");
        web.answer(&probe, &discovered(&probe, "[\"2026-07-28\"]"));
        assert_eq!(web.told(), [Told::Ready(Revision::V2026_07_28)]);
        web
    }

    /// A client in a session of the legacy era, before it has opened a stream.
    pub(crate) fn legacy(revision: Revision, change: impl FnOnce(&mut HttpClientConfig)) -> Self {
        let mut web = Self::new(|config| {
            config.session.protocol = Protocol::Legacy(revision);
            config.listen = false;
            change(config);
        });
        web.initialize(revision, Some("s-1"));
        assert_eq!(web.told(), [Told::Ready(revision)]);
        web
    }

    /// Answers the handshake.
    pub(crate) fn initialize(&mut self, revision: Revision, session: Option<&str>) {
        let initialize = self.see("initialize");
        assert_eq!(initialize.header("mcp-session-id"), None);
        assert_eq!(initialize.header("mcp-protocol-version"), None);
        self.accept(&initialize, revision, session);
        let initialized = self.see("notifications/initialized");
        assert_eq!(initialized.header("mcp-session-id"), session);
        self.status(&initialized, 202, "");
    }

    pub(crate) fn accept(&mut self, initialize: &Seen, revision: Revision, session: Option<&str>) {
        let mut headers = vec![("content-type", JSON)];
        headers.extend(session.map(|session| ("mcp-session-id", session)));
        self.head(initialize, 200, &headers);
        self.data(initialize, &initialized(initialize, revision));
        self.end(initialize);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.client.handle_timeout(self.now);
    }

    /// Lets time pass until the client wants something to happen.
    pub(crate) fn pass_to_timeout(&mut self) -> Duration {
        let due = self.client.poll_timeout().expect("something is due");
        let passed = due - self.now;
        self.pass(passed);
        passed
    }

    pub(crate) fn send(&mut self, item: Outgoing) -> RequestHandle {
        self.client.request(self.now, item).unwrap()
    }

    fn receive(&mut self) {
        while let Some(fetch) = self.client.poll_fetch() {
            let (id, request, authorize) = (fetch.id, fetch.request, fetch.authorize);
            self.seen.push_back(Seen { id, request, authorize });
        }
    }

    /// The one request the server sees now.
    pub(crate) fn see(&mut self, what: &str) -> Seen {
        let seen = self.see_all();
        let names: Vec<String> = seen.iter().map(Seen::what).collect();
        assert_eq!(names, [what]);
        seen.into_iter().next().unwrap()
    }

    pub(crate) fn see_all(&mut self) -> Vec<Seen> {
        self.receive();
        self.seen.drain(..).collect()
    }

    pub(crate) fn sees_nothing(&mut self) {
        let seen = self.see_all();
        assert!(seen.is_empty(), "{seen:?}");
    }

    pub(crate) fn aborted(&mut self) -> Vec<FetchId> {
        core::iter::from_fn(|| self.client.poll_abort()).collect()
    }

    pub(crate) fn head(&mut self, seen: &Seen, status: u16, headers: &[(&str, &str)]) {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, ()) = response.body(()).unwrap().into_parts();
        self.client.handle_head(self.now, seen.id, &head);
    }

    pub(crate) fn data(&mut self, seen: &Seen, data: &str) {
        self.client.handle_data(self.now, seen.id, Bytes::copy_from_slice(data.as_bytes()));
    }

    pub(crate) fn end(&mut self, seen: &Seen) {
        self.client.handle_end(self.now, seen.id);
    }

    pub(crate) fn fail(&mut self, seen: &Seen, failure: Failure) {
        self.client.handle_failure(self.now, seen.id, failure);
    }

    /// A JSON answer.
    pub(crate) fn answer(&mut self, seen: &Seen, body: &str) {
        self.head(seen, 200, &[("content-type", JSON)]);
        self.data(seen, body);
        self.end(seen);
    }

    /// A result as the whole answer.
    pub(crate) fn result(&mut self, seen: &Seen, result: &str) {
        let body = result_of(seen, result);
        self.answer(seen, &body);
    }

    pub(crate) fn status(&mut self, seen: &Seen, status: u16, body: &str) {
        self.head(seen, status, &[("content-type", JSON)]);
        self.data(seen, body);
        self.end(seen);
    }

    /// Opens a stream of events.
    pub(crate) fn stream(&mut self, seen: &Seen) {
        self.head(seen, 200, &[("content-type", EVENTS)]);
    }

    pub(crate) fn told(&mut self) -> Vec<Told> {
        core::iter::from_fn(|| self.client.poll_event()).map(told).collect()
    }
}

fn told(event: HttpClientEvent) -> Told {
    match event {
        HttpClientEvent::Fault { request, fault } => Told::Fault(request, fault),
        HttpClientEvent::Challenge(challenge) => Told::Challenge(challenge),
        HttpClientEvent::ToolsDropped(tools) => {
            Told::Dropped(tools.into_iter().map(|tool| tool.name).collect())
        }
        HttpClientEvent::Session(event) => match event {
            ClientEvent::Ready(server) => Told::Ready(server.revision),
            ClientEvent::Response(handle, Ok(result)) => {
                Told::Result(handle, result.as_str().to_owned())
            }
            ClientEvent::Response(handle, Err(error)) => Told::Error(handle, error),
            ClientEvent::Notification { method, .. } => Told::Notified(method.to_string()),
            ClientEvent::Request(request) => Told::Asked(request.method.to_string()),
            ClientEvent::Closed(reason) => Told::Closed(reason),
            other => Told::Other(format!("{other:?}")),
        },
        other => Told::Other(format!("{other:?}")),
    }
}

pub(crate) fn result_of(seen: &Seen, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, seen.rpc_id())
}

pub(crate) fn error(id: &str, code: i64, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

pub(crate) fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

pub(crate) fn discovered(seen: &Seen, versions: &str) -> String {
    let result = format!(
        r#"{{"resultType":"complete","ttlMs":0,"cacheScope":"private","supportedVersions":{versions},"capabilities":{{"tools":{{}}}}}}"#
    );
    result_of(seen, &result)
}

pub(crate) fn initialized(seen: &Seen, revision: Revision) -> String {
    let result = format!(
        r#"{{"protocolVersion":"{revision}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"s","version":"1"}}}}"#
    );
    result_of(seen, &result)
}

pub(crate) fn status_fault(status: u16, text: &str) -> HttpFault {
    let status = http::StatusCode::from_u16(status).unwrap();
    HttpFault::Status { status, text: text.to_owned() }
}
