//! A protected server and the tokens of its users.

use alloc::sync::Arc;

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use mcp_core::auth::{AccessToken, Principal, ResourceServer, VerifyError};
use mcp_core::config::SessionConfig;
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::ServerEvent;
use mcp_core::time::Instant;
use mcp_core::transport::http::{
    Admission, Answer, Exchange, HttpConfig, HttpServer, Posted, Slot,
};
use serde_json::Value;

pub(crate) const NOW: Instant = Instant::EPOCH;

pub(crate) const ME: &str = "https://mcp.example.com/mcp";

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) fn initialize(version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    )
}

pub(crate) fn call(id: u64, tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

/// A verified token of somebody's, for this server.
pub(crate) fn token(subject: &str, scopes: &str) -> AccessToken {
    AccessToken::new(Principal::new("https://as.example.com", subject), ME).with_scopes(scopes)
}

pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Said {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl From<Response<Bytes>> for Said {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, headers: head.headers, body }
    }
}

pub(crate) struct Web(pub(crate) HttpServer<()>);

impl Web {
    pub(crate) fn protected() -> Self {
        Self::with(|config| {
            let resource = ResourceServer::new(ME, ["https://as.example.com"])
                .unwrap()
                .with_scopes("mcp:basic")
                .with_tool_scopes("delete", "mcp:write")
                .with_tool_scopes("spend", "mcp:money")
                .with_implied_scopes("mcp:admin", "mcp:basic mcp:write mcp:money");
            config.resource = Some(resource.into());
        })
    }

    pub(crate) fn with(change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut session = SessionConfig::new([Method::ToolsList, Method::ToolsCall]);
        session.modern = true;
        let mut config = HttpConfig::new(session);
        change(&mut config);
        Self(HttpServer::new(config, &[7; 32]))
    }

    pub(crate) fn posting(path: &str) -> Builder {
        Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
    }

    pub(crate) fn begin(&self, request: Builder) -> Admission<()> {
        let (head, ()) = request.body(()).unwrap().into_parts();
        self.0.begin(NOW, &head)
    }

    pub(crate) fn rejected(&self, request: Builder) -> Said {
        match self.begin(request) {
            Admission::Reject(response) => response.into(),
            other => panic!("{other:?}"),
        }
    }

    /// A request with a token, of which this is found out.
    pub(crate) fn verified(
        &self,
        request: Builder,
        verified: Result<AccessToken, VerifyError>,
    ) -> Admission<()> {
        let request = request.header("authorization", "Bearer a.b-c");
        let (head, ()) = request.body(()).unwrap().into_parts();
        match self.0.begin(NOW, &head) {
            Admission::Authorize(pending) => {
                assert_eq!(pending.token().expose(), "a.b-c");
                assert!(!format!("{pending:?}").contains("a.b-c"), "seen by nobody");
                pending.handle_verified(NOW, &head, verified)
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn post(
        &self,
        request: Builder,
        token: AccessToken,
        body: impl Into<Bytes>,
    ) -> Posted<()> {
        match self.verified(request, Ok(token)) {
            Admission::ReadBody(mut upload) => {
                upload.handle_data(body.into()).unwrap();
                upload.handle_end(NOW)
            }
            Admission::Reject(response) => Posted::Refused(response),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn refused(
        &self,
        request: Builder,
        token: AccessToken,
        body: impl Into<Bytes>,
    ) -> Said {
        match self.post(request, token, body) {
            Posted::Refused(response) => response.into(),
            other => panic!("{other:?}"),
        }
    }

    /// A session of somebody's.
    pub(crate) fn join(&self, version: &str, token: &AccessToken) -> (String, Arc<Slot<()>>) {
        let posted = self.post(Self::posting("/mcp"), token.clone(), initialize(version));
        let Posted::Exchange(mut exchange) = posted else { panic!("{posted:?}") };
        let slot = Arc::clone(exchange.slot());
        accept(&slot);
        let said = answer(&mut exchange);
        let id = said.header("mcp-session-id").to_owned();
        let told = self.post(in_session("/mcp", &id), token.clone(), INITIALIZED);
        assert!(matches!(told, Posted::Session(response, _) if response.status() == 202));
        while slot.lock().poll_event().is_some() {}
        (id, slot)
    }
}

pub(crate) fn in_session(path: &str, id: &str) -> Builder {
    Web::posting(path).header("mcp-session-id", id)
}

pub(crate) fn accept(slot: &Slot<()>) {
    let mut session = slot.lock();
    let Some(ServerEvent::Initialize(ticket, _)) = session.poll_event() else {
        panic!("no initialize");
    };
    let result =
        InitializeResult::new(ServerCapabilities::default(), Implementation::new("s", "1"));
    session.accept(NOW, ticket, result);
}

fn answer(exchange: &mut Exchange<()>) -> Said {
    match exchange.poll_answer(NOW) {
        Some(Answer::Full(response)) => response.into(),
        other => panic!("{other:?}"),
    }
}
