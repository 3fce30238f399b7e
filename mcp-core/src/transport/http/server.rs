//! The server: judges request heads and finds their sessions.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Response};

use super::modern::Stateless;
use super::refusal::Refusal;
use super::session_id::SessionIds;
use super::sessions::{Sessions, Slot};
use super::upload::Target;
use super::{EventStream, HttpConfig, SessionId, SsePaths, Upload, access, head};
use crate::config::{EarlyRequests, SessionConfig};
use crate::session::ServerSession;
use crate::time::Instant;
use crate::transport::sse::EventFields;

/// An MCP server over HTTP, without the HTTP: it judges heads, counts bodies and makes answers.
///
/// `A` is what the driver keeps beside each session, a waker for example.
///
/// ```
/// use mcp_core::config::SessionConfig;
/// use mcp_core::lifecycle::Method;
/// use mcp_core::time::Instant;
/// use mcp_core::transport::http::{Admission, HttpConfig, HttpServer};
///
/// let session = SessionConfig::new([Method::ToolsList]);
/// let seed = [7; 32]; // from the operating system, in earnest
/// let server = HttpServer::<()>::new(HttpConfig::new(session), &seed);
///
/// let request = http::Request::get("/sse").header("host", "localhost").body(())?;
/// let (head, ()) = request.into_parts();
/// let Admission::Open(mut stream) = server.begin(Instant::EPOCH, &head, || ()) else {
///     panic!("an event stream");
/// };
/// let first = stream.poll_data(Instant::EPOCH).expect("the endpoint event comes at once");
/// assert!(first.starts_with(b"event: endpoint\ndata: /messages?session_id="));
/// assert_eq!(server.sessions(), 1);
/// drop(stream);
/// assert_eq!(server.sessions(), 0);
/// # Ok::<(), http::Error>(())
/// ```
pub struct HttpServer<A> {
    config: HttpConfig,
    session: Arc<SessionConfig>,
    stateless: Arc<Stateless>,
    ids: SessionIds,
    sessions: Arc<Sessions<A>>,
}

/// What to do with a request, by its head.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admission<A> {
    /// Answer it now; its body need not be read.
    Reject(Response<Bytes>),
    /// Read its body.
    ReadBody(Upload<A>),
    /// Answer with a stream.
    Open(EventStream<A>),
}

impl<A> HttpServer<A> {
    /// A server without sessions. The seed must be secret and different for every server: session
    /// ids come from it.
    #[must_use]
    pub fn new(config: HttpConfig, seed: &[u8; 32]) -> Self {
        let sessions = Arc::new(Sessions::new(config.max_sessions));
        // A session here is of the legacy era: requests of the other one never get to it.
        let session = SessionConfig { modern: false, ..config.session.clone() };
        let stateless = Arc::new(Stateless::new(&config));
        let ids = SessionIds::new(seed);
        Self { config, session: Arc::new(session), stateless, ids, sessions }
    }

    /// Takes no new sessions and requests, and closes each session when what it has in flight is
    /// answered, at the latest after `within`.
    pub fn drain(&self, now: Instant, within: Duration) {
        self.stateless.drain();
        for slot in self.sessions.close() {
            slot.lock().drain(now, within);
        }
    }

    /// Judges a request by its head. `attach` makes what the driver keeps beside a new session.
    pub fn begin(&self, now: Instant, head: &Parts, attach: impl FnOnce() -> A) -> Admission<A> {
        match self.admit(now, head, attach) {
            Ok(admission) => admission,
            Err(refusal) => Admission::Reject(refusal.into_response()),
        }
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Every session there is now.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot<A>>> {
        self.sessions.all()
    }

    /// What the server was told at the start.
    #[must_use]
    pub const fn config(&self) -> &HttpConfig {
        &self.config
    }

    fn admit(
        &self,
        now: Instant,
        head: &Parts,
        attach: impl FnOnce() -> A,
    ) -> Result<Admission<A>, Refusal> {
        access::check(head, &self.config.hosts, &self.config.origins).map_err(Refusal::Denied)?;
        let path = head.uri.path();
        match &self.config.sse {
            Some(sse) if path == sse.stream => self.open(now, head, sse, attach),
            Some(sse) if path == sse.messages => self.post(head),
            _ if self.config.mcp.as_deref() == Some(path) => self.mcp(head),
            _ => Err(Refusal::UnknownPath),
        }
    }

    /// `GET /sse`: a new session, whose first event names the URI to post to (SSE-02).
    fn open(
        &self,
        now: Instant,
        head: &Parts,
        paths: &SsePaths,
        attach: impl FnOnce() -> A,
    ) -> Result<Admission<A>, Refusal> {
        if head.method != Method::GET {
            return Err(Refusal::MethodNotAllowed("GET"));
        }
        if !head::accepts(&head.headers, "text/event-stream") {
            return Err(Refusal::NotAcceptable);
        }
        let id = self.ids.generate();
        let session = ServerSession::new(now, Arc::clone(&self.session));
        let slot = self.sessions.insert(id, Slot::new(session, attach()))?;
        let greeting = self.greeting(id, paths);
        let sessions = Arc::clone(&self.sessions);
        let keep_alive = self.config.keep_alive;
        Ok(Admission::Open(EventStream::new(now, (id, slot), sessions, keep_alive, greeting)))
    }

    /// The `endpoint` event, with the hint whether the client must initialize.
    fn greeting(&self, id: SessionId, paths: &SsePaths) -> Bytes {
        let SsePaths { messages, public_prefix, .. } = paths;
        let init_required = self.config.session.early_requests != EarlyRequests::Serve;
        let uri =
            format!("{public_prefix}{messages}?session_id={id}&init_required={init_required}");
        let mut greeting = BytesMut::new();
        let mut fields = EventFields::new().with_event("endpoint").unwrap_or_default();
        if let Some(retry) = self.config.retry {
            fields = fields.with_retry(retry);
        }
        fields.write(uri.as_bytes(), &mut greeting);
        greeting.freeze()
    }

    /// The one endpoint of Streamable HTTP.
    fn mcp(&self, head: &Parts) -> Result<Admission<A>, Refusal> {
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed("POST"));
        }
        self.upload(head, Target::Mcp(Arc::clone(&self.stateless)))
    }

    /// `POST /messages`: a message for a session whose stream is open.
    fn post(&self, head: &Parts) -> Result<Admission<A>, Refusal> {
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed("POST"));
        }
        let id = head::query(head.uri.query(), "session_id").ok_or(Refusal::NoSessionId)?;
        let slot = SessionId::parse(id)
            .and_then(|id| self.sessions.get(id))
            .ok_or(Refusal::UnknownSession)?;
        self.upload(head, Target::Messages(slot))
    }

    fn upload(&self, head: &Parts, target: Target<A>) -> Result<Admission<A>, Refusal> {
        if !head::is_json(&head.headers) {
            return Err(Refusal::NotJson);
        }
        let limits = self.config.session.limits.envelope;
        if head::content_length(&head.headers).is_some_and(|length| length > limits.bytes) {
            return Err(Refusal::TooLarge { limit: limits.bytes });
        }
        Ok(Admission::ReadBody(Upload::new(target, limits)))
    }
}

impl<A> fmt::Debug for HttpServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}
