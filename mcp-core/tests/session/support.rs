//! A server's session with an application and a clock that stand still until told otherwise.

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use mcp_core::config::SessionConfig;
use mcp_core::error::PeerError;
use mcp_core::id::{RequestHandle, RequestKey};
use mcp_core::jsonrpc::{ErrorObject, RawJson, Reply};
use mcp_core::lifecycle::{Method, Phase};
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::revision::Revision;
use mcp_core::session::{
    CancelReason, Client, CloseReason, EarlyRefusal, IncomingRequest, InitializeTicket, Lane,
    ServerEvent, ServerSession,
};
use mcp_core::time::Instant;
use serde_json::Value;

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
pub(crate) const PING: &str = r#"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#;

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn initialize(id: u64, version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    )
}

/// `tools/call` with this id, as JSON text.
pub(crate) fn call(id: impl core::fmt::Display) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t"}}}}"#)
}

pub(crate) fn request(id: impl core::fmt::Display, method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#)
}

pub(crate) fn cancel(id: impl core::fmt::Display) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"bored"}}}}"#
    )
}

pub(crate) fn raw(json: &str) -> RawJson {
    RawJson::parse(json.to_owned()).unwrap()
}

/// What a frame of ours says, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The id as text, and whether it is a result.
    Result(String),
    /// The id as text, the code and `data.reason`.
    Error(String, i64, String),
    /// A request (with its id) or notification of the server.
    Own(Option<u64>, String),
}

pub(crate) fn result(id: impl core::fmt::Display) -> Said {
    Said::Result(id.to_string())
}

pub(crate) fn error(id: impl core::fmt::Display, code: i64, reason: &str) -> Said {
    Said::Error(id.to_string(), code, reason.into())
}

pub(crate) fn own(id: Option<u64>, method: &str) -> Said {
    Said::Own(id, method.into())
}

pub(crate) fn said(frame: &str) -> Said {
    let value: Value = serde_json::from_str(frame).unwrap();
    assert_eq!(value["jsonrpc"], "2.0");
    if let Some(method) = value["method"].as_str() {
        return own(value["id"].as_u64(), method);
    }
    let id = value.get("id").map_or_else(String::new, Value::to_string);
    match value.get("error") {
        None => {
            assert!(value["result"].is_object());
            Said::Result(id)
        }
        Some(error) => Said::Error(
            id,
            error["code"].as_i64().unwrap(),
            error["data"]["reason"].as_str().unwrap_or_default().into(),
        ),
    }
}

/// What the application saw, in short.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Saw {
    Initialize,
    Initialized,
    /// A request, by the text of its id.
    Request(String),
    Cancelled(RequestKey, CancelReason),
    Notification(String),
    Response(RequestHandle, Result<String, mcp_core::error::RequestError>),
    Progress(RequestHandle),
    Held(String),
    Refused(String, EarlyRefusal),
    Closed(CloseReason),
}

pub(crate) struct Server {
    pub(crate) session: ServerSession,
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) now: Instant,
    pub(crate) initialize: Option<InitializeTicket>,
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) work: Vec<IncomingRequest>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::new([
            Method::ToolsList,
            Method::ToolsCall,
            Method::ResourcesRead,
            Method::LoggingSetLevel,
            Method::from_name("acme/reindex"),
        ]);
        change(&mut config);
        let config = Arc::new(config);
        Self {
            session: ServerSession::new(Instant::EPOCH, Arc::clone(&config)),
            config,
            now: Instant::EPOCH,
            initialize: None,
            client: None,
            work: Vec::new(),
        }
    }

    /// A session whose handshake is done.
    pub(crate) fn ready_with(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut server = Self::with(change);
        server.shake(Revision::LATEST_LEGACY);
        server
    }

    pub(crate) fn ready() -> Self {
        Self::ready_with(|_| {})
    }

    pub(crate) fn shake(&mut self, revision: Revision) {
        self.shake_unread(revision);
        self.said();
    }

    /// Goes through the handshake and leaves its frames where they are.
    pub(crate) fn shake_unread(&mut self, revision: Revision) {
        self.send(&initialize(0, revision.as_str()));
        self.saw();
        self.accept();
        self.send(INITIALIZED);
        assert_eq!(self.session.phase(), Phase::Operation);
        self.saw();
    }

    pub(crate) fn send(&mut self, frame: &str) {
        self.try_send(frame).unwrap();
    }

    pub(crate) fn try_send(&mut self, frame: &str) -> Result<(), PeerError> {
        self.send_on(Lane::Standing, frame)
    }

    pub(crate) fn send_on(&mut self, lane: Lane, frame: &str) -> Result<(), PeerError> {
        let frame = Bytes::copy_from_slice(frame.as_bytes());
        self.session.handle_frame(self.now, lane, frame)
    }

    pub(crate) fn accept(&mut self) {
        let server = Implementation::new("s", "1");
        let result = InitializeResult::new(ServerCapabilities::default(), server);
        self.session.accept(self.now, self.initialize.take().unwrap(), result);
    }

    pub(crate) fn refuse(&mut self) {
        let error = ErrorObject::invalid_params("no");
        self.session.refuse(self.now, self.initialize.take().unwrap(), &error);
    }

    /// Answers the oldest request the application has.
    pub(crate) fn answer(&mut self) {
        self.answer_with(Ok(RawJson::EMPTY_OBJECT));
    }

    pub(crate) fn answer_with(&mut self, reply: Reply) {
        let request = self.work.remove(0);
        self.session.respond(self.now, request.ticket, reply);
    }

    /// Lets time pass and does what is due.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.session.handle_timeout(self.now);
        assert!(
            self.session.poll_timeout().is_none_or(|due| due > self.now),
            "nothing is due twice"
        );
    }

    pub(crate) fn frames(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(transmit) = self.session.poll_transmit() {
            frames.push(String::from_utf8(transmit.frame.to_bytes().to_vec()).unwrap());
        }
        frames
    }

    pub(crate) fn said(&mut self) -> Vec<Said> {
        self.frames().iter().map(|frame| said(frame)).collect()
    }

    pub(crate) fn saw(&mut self) -> Vec<Saw> {
        let mut saw = Vec::new();
        while let Some(event) = self.session.poll_event() {
            saw.push(match event {
                ServerEvent::Initialize(ticket, client) => {
                    self.initialize = Some(ticket);
                    self.client = Some(client);
                    Saw::Initialize
                }
                ServerEvent::Initialized => Saw::Initialized,
                ServerEvent::Request(request) => {
                    let id = request.id.to_string();
                    self.work.push(request);
                    Saw::Request(id)
                }
                ServerEvent::Cancelled(key, reason) => Saw::Cancelled(key, reason),
                ServerEvent::Notification(method, _) => Saw::Notification(method.to_string()),
                ServerEvent::Response(handle, outcome) => {
                    Saw::Response(handle, outcome.map(|result| result.as_str().into()))
                }
                ServerEvent::Progress(handle, _) => Saw::Progress(handle),
                ServerEvent::Held(id) => Saw::Held(id.to_string()),
                ServerEvent::Refused(id, reason) => Saw::Refused(id.to_string(), reason),
                ServerEvent::Closed(reason) => Saw::Closed(reason),
                other => panic!("{other:?}"),
            });
        }
        saw
    }

    /// The ids of the requests the application was given since it last looked.
    pub(crate) fn given(&mut self) -> Vec<String> {
        let ids = |saw| match saw {
            Saw::Request(id) => Some(id),
            _ => None,
        };
        self.saw().into_iter().filter_map(ids).collect()
    }

    /// Everything that can fill up is empty.
    pub(crate) fn assert_empty(&self) {
        let session = &self.session;
        assert_eq!((session.held(), session.held_bytes()), (0, 0));
        assert_eq!((session.in_flight(), session.ids_in_use()), (0, 0));
        assert_eq!(session.outbound_requests(), 0);
        assert_eq!((session.outbox_frames(), session.outbox_bytes()), (0, 0));
        assert_eq!(session.queued_events(), 0);
        assert_eq!(self.config.hold_budget.used(), 0);
    }
}
