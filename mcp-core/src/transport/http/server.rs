//! The server: judges request heads and finds their sessions.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, Method, Response};

use super::admit::Grant;
use super::budget::{Budget, Share};
use super::head::{self, Claims, Fields};
use super::modern::Stateless;
use super::refusal::Refusal;
use super::room::Abandoned;
use super::schedule::Schedule;
use super::session_id::SessionIds;
use super::sessions::{Sessions, Slot, SlotGuard};
use super::upload::Target;
use super::{
    Cors, EventStream, HttpConfig, McpStream, PendingAuth, SessionId, SsePaths, Upload, access,
    cors, mcp,
};
use crate::auth::{AccessToken, VerifyError};
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
/// let Admission::Open(mut stream) = server.begin(Instant::EPOCH, &head) else {
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
    pub(super) shared: Arc<Shared<A>>,
}

/// What requests being worked on need of the server.
pub(super) struct Shared<A> {
    pub(super) config: HttpConfig,
    pub(super) session: Arc<SessionConfig>,
    pub(super) modern: Stateless,
    pub(super) ids: SessionIds,
    pub(super) sessions: Arc<Sessions<A>>,
    pub(super) uploads: Budget,
    /// When each session of Streamable HTTP is looked at.
    pub(super) schedule: Arc<Schedule>,
    sweep: Mutex<Sweep<A>>,
    pub(super) abandoned: Mutex<Abandoned>,
}

/// The next look after sessions that nobody reads a stream of.
struct Sweep<A> {
    due: Option<Instant>,
    /// Sessions that ended since the last one, and may have something to tell.
    ended: Vec<Arc<Slot<A>>>,
}

impl<A> Shared<A> {
    /// Takes note that there is a session to look after.
    pub(super) fn look_after(&self, now: Instant, session: &mut SlotGuard<'_>) {
        if let Some(streams) = session.streams() {
            streams.look_after(now);
            self.sweep().due.get_or_insert(now + SWEEP);
        }
    }

    /// Takes note of a session that has ended, and may have something to tell.
    pub(super) fn note_end(&self, slot: Arc<Slot<A>>) {
        self.sweep().ended.push(slot);
    }

    fn sweep(&self) -> MutexGuard<'_, Sweep<A>> {
        self.sweep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often sessions without a stream are looked after. While there is one, or a request being
/// answered, that keeps their time to the point.
pub(super) const SWEEP: Duration = Duration::from_secs(10);

/// What to do with a request, by its head.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admission<A> {
    /// Answer it now; its body need not be read.
    Reject(Response<Bytes>),
    /// Verify its token, and say what came of it.
    Authorize(PendingAuth<A>),
    /// Read its body.
    ReadBody(Upload<A>),
    /// Answer with the stream of HTTP+SSE.
    Open(EventStream<A>),
    /// Answer with a stream of Streamable HTTP. Whoever wrote it before has to look again: there
    /// is nothing more for it.
    Listen(McpStream<A>),
    /// Answer it now; a session has ended: poll it for events.
    Ended(Response<Bytes>, Arc<Slot<A>>),
}

impl<A: Default> HttpServer<A> {
    /// A server without sessions. The seed must be secret and different for every server: session
    /// ids come from it.
    #[must_use]
    pub fn new(config: HttpConfig, seed: &[u8; 32]) -> Self {
        let sessions = Arc::new(Sessions::new(config.max_sessions));
        // A session here is of the legacy era: requests of the other one never get to it.
        let session = Arc::new(SessionConfig { modern: false, ..config.session.clone() });
        let modern = Stateless::new(&config);
        let sweep = Mutex::new(Sweep { due: None, ended: Vec::new() });
        let ids = SessionIds::new(seed);
        let uploads = Budget::new(config.upload_bytes);
        let schedule = Arc::default();
        let abandoned = Mutex::default();
        let shared =
            Shared { config, session, modern, ids, sessions, uploads, schedule, sweep, abandoned };
        Self { shared: Arc::new(shared) }
    }

    /// Takes no new sessions and requests, and closes each session when what it has in flight is
    /// answered, at the latest after `within`.
    pub fn drain(&self, now: Instant, within: Duration) {
        self.shared.modern.drain();
        for slot in self.shared.sessions.close() {
            slot.lock().drain(now, within);
        }
    }

    /// Lets the page a request comes from read the answer, if it may call: adds what browsers look
    /// for to the headers of any response, whoever made it (`case_73`).
    pub fn add_cors_headers(&self, request: &Parts, response: &mut HeaderMap) {
        let config = &self.shared.config;
        let Some(cors) = &config.cors else {
            return;
        };
        cors::vary(response);
        // Most requests come from no page, and need not be looked at again.
        if !request.headers.contains_key(ORIGIN) {
            return;
        }
        let fields = Fields::of(&request.headers);
        let origin = access::check(&request.uri, &fields, &config.hosts, &config.origins);
        if let Ok(Some(origin)) = origin {
            cors.share(origin, response);
        }
    }

    /// Judges a request by its head.
    pub fn begin(&self, now: Instant, head: &Parts) -> Admission<A> {
        self.judge(now, head).unwrap_or_else(|refusal| Admission::Reject(refusal.into_response()))
    }

    /// Goes on with a request once its token has been looked at.
    pub(super) fn resume(
        &self,
        now: Instant,
        head: &Parts,
        verified: Result<AccessToken, VerifyError>,
    ) -> Admission<A> {
        let grant = match &self.shared.config.resource {
            Some(protection) => protection.grant(verified),
            None => Ok(Grant::default()),
        };
        grant
            .and_then(|grant| self.admit(now, (head, &Fields::of(&head.headers)), grant))
            .unwrap_or_else(|refusal| Admission::Reject(refusal.into_response()))
    }

    /// Looks after sessions that nobody reads a stream of, and forgets those that are over.
    ///
    /// Returns the sessions that have something to tell: poll them for events.
    pub fn handle_timeout(&self, now: Instant) -> Vec<Arc<Slot<A>>> {
        let mut sweep = self.shared.sweep();
        if sweep.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        let mut telling = core::mem::take(&mut sweep.ended);
        // Unlocked while we look: a session that begins meanwhile sets it again.
        sweep.due = None;
        drop(sweep);
        for id in self.shared.schedule.take_due(now) {
            let Some(slot) = self.shared.sessions.get(id) else {
                continue;
            };
            let mut session = slot.lock();
            session.tick(now);
            if session.is_closed() {
                self.shared.sessions.remove(id);
            } else {
                session.look_again(now);
            }
            let tells = session.queued_events() > 0;
            drop(session);
            if tells {
                telling.push(slot);
            }
        }
        if let Some(next) = self.shared.schedule.first() {
            let next = next.clamp(now + SWEEP / 10, now + SWEEP);
            let mut sweep = self.shared.sweep();
            sweep.due = Some(sweep.due.map_or(next, |due| due.min(next)));
        }
        telling
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever. That can change when a
    /// message is posted.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.shared.sweep().due
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Every session there is now.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot<A>>> {
        self.shared.sessions.all()
    }

    /// What the server was told at the start.
    #[must_use]
    pub fn config(&self) -> &HttpConfig {
        &self.shared.config
    }

    fn judge(&self, now: Instant, head: &Parts) -> Result<Admission<A>, Refusal> {
        let config = &self.shared.config;
        let fields = Fields::of(&head.headers);
        access::check(&head.uri, &fields, &config.hosts, &config.origins)
            .map_err(Refusal::Denied)?;
        let methods = self.methods(head.uri.path()).ok_or(Refusal::UnknownPath)?;
        if let Some(cors) = config.cors.as_ref().filter(|_| Cors::is_preflight(head)) {
            return Ok(Admission::Reject(cors.preflight(head, methods)));
        }
        match &config.resource {
            Some(protection) if protection.publishes_at(head.uri.path()) => {
                protection.publish(head).map(Admission::Reject)
            }
            Some(protection) => {
                let server = Self { shared: Arc::clone(&self.shared) };
                protection.begin(server, head).map(Admission::Authorize)
            }
            None => self.admit(now, (head, &fields), Grant::default()),
        }
    }

    /// The methods that a path has, if there is anything there.
    fn methods(&self, path: &str) -> Option<&'static str> {
        let HttpConfig { sse, mcp, resource, .. } = &self.shared.config;
        match sse {
            Some(sse) if path == sse.stream => Some("GET"),
            Some(sse) if path == sse.messages => Some("POST"),
            _ if mcp.as_deref() == Some(path) => Some("GET, POST, DELETE"),
            _ if resource.as_ref().is_some_and(|it| it.publishes_at(path)) => Some("GET, HEAD"),
            _ => None,
        }
    }

    fn admit(
        &self,
        now: Instant,
        (head, fields): (&Parts, &Fields<'_>),
        grant: Grant,
    ) -> Result<Admission<A>, Refusal> {
        let config = &self.shared.config;
        let path = head.uri.path();
        match &config.sse {
            Some(sse) if path == sse.stream => self.open(now, (head, fields), sse, &grant),
            Some(sse) if path == sse.messages => self.post((head, fields), grant),
            _ if config.mcp.as_deref() == Some(path) => {
                self.mcp(now, (&head.method, fields), grant)
            }
            _ => Err(Refusal::UnknownPath),
        }
    }

    /// `GET /sse`: a new session, whose first event names the URI to post to (SSE-02).
    fn open(
        &self,
        now: Instant,
        (head, fields): (&Parts, &Fields<'_>),
        paths: &SsePaths,
        grant: &Grant,
    ) -> Result<Admission<A>, Refusal> {
        if head.method != Method::GET {
            return Err(Refusal::MethodNotAllowed("GET"));
        }
        if !fields.accepts("text/event-stream") {
            return Err(Refusal::NotAcceptable);
        }
        let shared = &*self.shared;
        let id = shared.ids.generate();
        let session = ServerSession::new(now, Arc::clone(&shared.session));
        let slot = Slot::new(session, A::default()).owned_by(grant.principal().cloned());
        let slot = shared.sessions.insert(id, slot)?;
        let greeting = self.greeting(id, paths);
        let sessions = Arc::clone(&shared.sessions);
        let keep_alive = shared.config.keep_alive;
        Ok(Admission::Open(EventStream::new(now, (id, slot), sessions, keep_alive, &greeting)))
    }

    /// The `endpoint` event, with the hint whether the client must initialize.
    fn greeting(&self, id: SessionId, paths: &SsePaths) -> Bytes {
        let SsePaths { messages, public_prefix, .. } = paths;
        let init_required = self.shared.config.session.early_requests != EarlyRequests::Serve;
        let uri =
            format!("{public_prefix}{messages}?session_id={id}&init_required={init_required}");
        let mut greeting = BytesMut::new();
        let mut fields = EventFields::new().with_event("endpoint").unwrap_or_default();
        if let Some(retry) = self.shared.config.retry {
            fields = fields.with_retry(retry);
        }
        fields.write(uri.as_bytes(), &mut greeting);
        greeting.freeze()
    }

    /// The one endpoint of Streamable HTTP.
    fn mcp(
        &self,
        now: Instant,
        (method, fields): (&Method, &Fields<'_>),
        grant: Grant,
    ) -> Result<Admission<A>, Refusal> {
        match *method {
            Method::POST => {
                if !fields.accepts_both() {
                    return Err(Refusal::NeedsBoth);
                }
                self.upload(fields, Target::Mcp, grant)
            }
            Method::GET => Ok(mcp::listen(now, &self.shared, fields, &grant)),
            Method::DELETE => Ok(mcp::delete(now, &self.shared, fields, &grant)),
            _ => Err(Refusal::MethodNotAllowed("GET, POST, DELETE")),
        }
    }

    /// `POST /messages`: a message for a session whose stream is open.
    fn post(
        &self,
        (head, fields): (&Parts, &Fields<'_>),
        grant: Grant,
    ) -> Result<Admission<A>, Refusal> {
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed("POST"));
        }
        let id = head::query(head.uri.query(), "session_id").ok_or(Refusal::NoSessionId)?;
        let slot = SessionId::parse(id)
            .and_then(|id| self.shared.sessions.get(id))
            .filter(|slot| grant.reaches(slot) && slot.session_id().is_none())
            .ok_or(Refusal::UnknownSession)?;
        self.upload(fields, Target::Messages(slot), grant)
    }

    fn upload(
        &self,
        fields: &Fields<'_>,
        target: Target<A>,
        grant: Grant,
    ) -> Result<Admission<A>, Refusal> {
        if !fields.is_json() {
            return Err(Refusal::NotJson);
        }
        let limits = self.shared.config.session.limits.envelope;
        if fields.content_length().is_some_and(|length| length > limits.bytes) {
            return Err(Refusal::TooLarge { limit: limits.bytes });
        }
        let share = Share::new(Arc::clone(&self.shared));
        Ok(Admission::ReadBody(Upload::new(target, Claims::of(fields), grant, share)))
    }
}

impl<A: Default> fmt::Debug for HttpServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}
