//! Our HTTP server as a service that any HTTP engine can call.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, ready};
use core::time::Duration;

use bytes::{Buf, Bytes};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};

use super::engine::{Engine, Link};
use super::http_connection::Answering;
use super::links::Links;
use super::modern::Call;
use super::session_store::Store;
use super::station::{Awaited, Station};
use super::timer::Timer;
use super::verify::{TokenVerifier, Verifier};
use super::{Body, Runtime, SessionStore, Shutdown};
use crate::app::Handler;
use crate::session::{RestoreError, SessionSnapshot};
use crate::time::Instant;
use crate::transport::http::SessionId;
use crate::transport::http::{
    Admission, Answer, Exchange, HttpConfig, HttpServer, McpStream, ModernNotice, Payload, Posted,
    Upload,
};

/// An MCP server as an HTTP service: give it to hyper, or nest it in a tower stack.
///
/// What it keeps for a client is bounded, and so is the time that tokens and bodies may take.
/// Connections are whoever's who mounts it: how many there are, how long a head may take, and how
/// long a client may go without reading. While nothing is read, nobody asks the service for more,
/// so it cannot end the answer by itself; [`serve_http`](super::serve_http) closes such a
/// connection after [`HttpOptions::stall_timeout`](super::HttpOptions::stall_timeout), and so
/// should any other listener.
///
/// Cloning shares the server.
pub struct HttpService<R: Runtime, H: Handler>(Arc<Inner<R, H>>);

pub(super) struct Inner<R: Runtime, H: Handler> {
    engine: Arc<Engine<R, H>>,
    server: Arc<HttpServer<Links>>,
    body_timeout: Duration,
    verifier: Verifier,
    /// Whether a task looks after the sessions.
    looked_after: Arc<AtomicBool>,
    /// Ends subscriptions.
    stop: Shutdown,
    /// Where sessions are that are not here.
    store: Store<R, H>,
}

/// The answer to one request, to come.
pub type ServiceFuture<R, H> =
    Pin<Box<dyn Future<Output = Result<Response<Body<R, H>>, Infallible>> + Send>>;

impl<R: Runtime, H: Handler> HttpService<R, H> {
    /// A service for `handler`. The seed must be secret and different for every server: take it
    /// from the operating system. A handler that asks clients of the modern era must have been
    /// given a host before, with [`Handler::hosted`].
    pub fn new(runtime: R, handler: H, config: HttpConfig, seed: &[u8; 32]) -> Self {
        let body_timeout = config.body_timeout;
        Self(Arc::new(Inner {
            engine: Arc::new(Engine { runtime, handler }),
            server: Arc::new(HttpServer::new(config, seed)),
            body_timeout,
            verifier: Verifier::default(),
            looked_after: Arc::default(),
            stop: Shutdown::new(),
            store: Store::NONE,
        }))
    }

    /// Lets this verifier say what tokens stand for, if [`HttpConfig::resource`] wants any. Without
    /// one, every request to a protected server is refused with 503.
    #[must_use]
    pub fn verifying(self, verifier: impl TokenVerifier) -> Self {
        self.verified_by(Verifier::new(verifier))
    }

    pub(super) fn verified_by(mut self, verifier: Verifier) -> Self {
        Arc::make_mut(&mut self.0).verifier = verifier;
        self
    }

    /// Looks up sessions that are not here in a store of the application's own.
    #[must_use]
    pub fn with_session_store(self, store: impl SessionStore) -> Self {
        self.stored_in(Store::new(store))
    }

    pub(super) fn stored_in(mut self, store: Store<R, H>) -> Self {
        Arc::make_mut(&mut self.0).store = store;
        self
    }

    /// The sessions of Streamable HTTP as values, to go on elsewhere or later; see
    /// [`SessionSnapshot`] for what is in them. When the server stops, take them
    /// before [`drain`](Self::drain): sessions that have ended are not among them.
    #[must_use]
    pub fn snapshots(&self) -> Vec<(SessionId, SessionSnapshot)> {
        let complete = |(id, mut snapshot, link): (SessionId, SessionSnapshot, Arc<Link>)| {
            let connection = link.attachment().connection()?;
            snapshot = match connection.client() {
                Some(client) => snapshot.with_client(client),
                None => snapshot,
            };
            snapshot.log_level = connection.log_level();
            self.0.engine.handler.snapshot(connection, &mut snapshot);
            Some((id, snapshot))
        };
        self.0.server.snapshots().into_iter().filter_map(complete).collect()
    }

    /// Takes in a session that began elsewhere, as a [`SessionStore`] does when it is asked for.
    ///
    /// # Errors
    /// [`RestoreError`], and there is no such session here.
    pub fn restore(&self, id: SessionId, snapshot: &SessionSnapshot) -> Result<(), RestoreError> {
        self.0.restore(id, snapshot)
    }

    /// Takes no new sessions and messages, and closes each session when what it has in flight is
    /// answered, at the latest after `within`. Subscriptions of the modern era end at once; its
    /// other requests are answered.
    pub fn drain(&self, within: Duration) {
        let Inner { engine, server, stop, .. } = &*self.0;
        stop.start();
        server.drain(engine.runtime.now(), within);
        for link in server.slots() {
            engine.pump(&link);
        }
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.0.server.sessions()
    }

    /// Answers a request.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body<R, H>>
    where
        B: http_body::Body,
    {
        let Ok(response) = self.respond(request, None).await;
        response
    }

    /// Answers a request of a connection that counts its requests.
    pub(super) fn call_on<B>(&self, request: Request<B>, on: Answering) -> ServiceFuture<R, H>
    where
        B: http_body::Body<Data: Send, Error: Send> + Send + 'static,
    {
        Box::pin(self.respond(request, Some(on)))
    }

    fn respond<B>(
        &self,
        request: Request<B>,
        answering: Option<Answering>,
    ) -> impl Future<Output = Result<Response<Body<R, H>>, Infallible>> + use<B, R, H>
    where
        B: http_body::Body,
    {
        let inner = Arc::clone(&self.0);
        let (mut head, body) = request.into_parts();
        // No `async fn`, here and below: it would keep what it is given twice.
        async move {
            let mut response = inner.answer(&mut head, pin!(body)).await;
            inner.server.add_cors_headers(&head, response.headers_mut());
            response.body_mut().count(answering);
            Ok(response)
        }
    }
}

impl<R: Runtime, H: Handler> Inner<R, H> {
    fn restore(&self, id: SessionId, snapshot: &SessionSnapshot) -> Result<(), RestoreError> {
        let now = self.engine.runtime.now();
        self.server.restore(now, id, snapshot, |link| self.engine.reconnect(link, snapshot))?;
        self.look_after();
        Ok(())
    }

    /// Looks for the session of a request elsewhere if it is not here.
    pub(super) async fn fetch(&self, head: &Parts) -> Result<(), Response<Bytes>> {
        let Some(id) = self.server.missing_session(head) else {
            return Ok(());
        };
        let runtime = &self.engine.runtime;
        let deadline = runtime.now() + self.body_timeout;
        let restored = match self.store.load(runtime, deadline, id).await {
            Some(Some(snapshot)) => self.restore(id, &snapshot),
            Some(None) => Ok(()),
            None => Err(RestoreError::NoRoom),
        };
        match restored {
            Err(RestoreError::NoRoom) => Err(self.server.session_unavailable()),
            // Its client hears that there is no such session, and initializes.
            _ => Ok(()),
        }
    }

    /// Judges a head with what others know: whose a token is, and where a session is.
    async fn admit(&self, head: &Parts) -> Result<Admission<Links>, Response<Bytes>> {
        // A protected server looks for nobody before it knows who asks.
        if self.server.config().resource.is_none() {
            self.store.fetch(self, head).await?;
        }
        let pending = match self.server.begin(self.engine.runtime.now(), head) {
            Admission::Authorize(pending) => pending,
            admission => return Ok(admission),
        };
        let runtime = &self.engine.runtime;
        let deadline = runtime.now() + self.body_timeout;
        let verified = self.verifier.verify(runtime, deadline, pending.token()).await;
        if verified.is_ok() {
            self.store.fetch(self, head).await?;
        }
        Ok(pending.handle_verified(runtime.now(), head, verified))
    }

    #[expect(clippy::manual_async_fn, reason = "it is the smaller for it")]
    fn answer<'a, B>(
        &'a self,
        head: &'a mut Parts,
        body: Pin<&'a mut B>,
    ) -> impl Future<Output = Response<Body<R, H>>> + 'a
    where
        B: http_body::Body,
    {
        async move {
            let runtime = &self.engine.runtime;
            let asks = self.store.is_there() || self.server.config().resource.is_some();
            let (now, mut upload) = {
                let (now, admission) = match asks {
                    true => {
                        // Boxed: few servers ask anybody, and the answers of all would be larger.
                        let admission = Box::pin(self.admit(head)).await;
                        (runtime.now(), admission)
                    }
                    false => {
                        let now = runtime.now();
                        (now, Ok(self.server.begin(now, head)))
                    }
                };
                match admission {
                    Ok(Admission::ReadBody(upload)) => (now, upload),
                    Ok(admission) => return self.open(admission),
                    Err(response) => return response.map(Body::full),
                }
            };
            let is_from_page = upload.is_from_page();
            let now = match self.read(now, &mut upload, body).await {
                Ok(now) => now,
                Err(response) => return response.map(Body::full),
            };
            let mut started = self.start(now, &head.headers, upload.handle_end(now));
            let is_session = matches!(started, Started::Exchange { .. });
            if !is_from_page {
                clear(&mut head.headers);
            }
            let mut response = poll_fn(|cx| started.poll(cx, &mut head.headers)).await;
            if is_session {
                self.look_after();
            }
            if response.headers().is_empty() && head.headers.is_empty() {
                mem::swap(response.headers_mut(), &mut head.headers);
            }
            response
        }
    }

    /// Answers a request without a body.
    fn open(&self, admission: Admission<Links>) -> Response<Body<R, H>> {
        match admission {
            Admission::Reject(response) => response.map(Body::full),
            Admission::Open(stream) => {
                self.engine.connect(stream.slot());
                let (head, ()) = stream.head().into_parts();
                Response::from_parts(head, Body::events(Arc::clone(&self.engine), stream))
            }
            Admission::Listen(stream) => {
                let (slot, lane) = (stream.slot(), stream.lane());
                // Whoever had the stream before us.
                slot.attachment().wake_writer(lane);
                let station = Station::writing(&self.engine, slot, lane);
                stream.head().map(|()| Body::stream(stream, station))
            }
            Admission::Ended(response, slot) => {
                if let Some(id) = slot.session_id() {
                    self.store.forget(id);
                }
                self.engine.pump(&slot);
                response.map(Body::full)
            }
            // They have been, before they came here.
            Admission::Authorize(_) | Admission::ReadBody(_) => {
                status(StatusCode::INTERNAL_SERVER_ERROR).map(Body::full)
            }
        }
    }

    /// Does what a message that was posted asks for, as far as that goes at once.
    fn start(&self, now: Instant, headers: &HeaderMap, posted: Posted<Links>) -> Started<R, H> {
        Started::Response(match posted {
            Posted::Modern(call) => {
                let handler = &self.engine.handler;
                let tool = if handler.mirrors() { call.tool() } else { None };
                if let Some(mirrored) = tool.and_then(|tool| handler.mirrored(&tool))
                    && let Err(refused) = call.check_params(headers, &mirrored)
                {
                    return Started::Response(refused.map(Body::full));
                }
                return Started::Call(Call::start(&self.engine, call, &self.stop));
            }
            Posted::Exchange(exchange) => {
                let slot = exchange.slot();
                if slot.attachment().connection().is_none() {
                    self.engine.connect(slot);
                }
                let station = Station::working(now, &self.engine, slot, exchange.lane());
                return Started::Exchange { exchange, station };
            }
            Posted::Session(response, slot) => {
                self.engine.pump(&slot);
                slot.attachment().wake_exchanges();
                response.map(Body::full)
            }
            Posted::Notified(response, notice) => {
                let ModernNotice { notification, principal, .. } = *notice;
                self.engine.hear(notification, principal.map(Into::into));
                response.map(Body::full)
            }
            Posted::Refused(response) => response.map(Body::full),
        })
    }

    /// Starts the task that keeps the time of sessions nobody reads a stream of. It ends when
    /// there are none, or the service is gone.
    fn look_after(&self) {
        // It looks once more when it has said that it ends.
        if self.looked_after.load(Ordering::Acquire)
            || self.server.poll_timeout().is_none()
            || self.looked_after.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let runtime = self.engine.runtime.clone();
        let (server, engine) = (Arc::downgrade(&self.server), Arc::downgrade(&self.engine));
        let looked_after = Arc::clone(&self.looked_after);
        self.engine.runtime.spawn(async move {
            loop {
                let due = || server.upgrade().and_then(|server| server.poll_timeout());
                let Some(at) = due() else {
                    looked_after.store(false, Ordering::Release);
                    // A session may have begun just before that.
                    if due().is_none() || looked_after.swap(true, Ordering::AcqRel) {
                        return;
                    }
                    continue;
                };
                runtime.sleep_until(at).await;
                let (Some(server), Some(engine)) = (server.upgrade(), engine.upgrade()) else {
                    return;
                };
                for link in server.handle_timeout(runtime.now()) {
                    engine.pump(&link);
                }
            }
        });
    }

    /// Reads a body within its time, which begins `now`; says when it has come.
    #[expect(clippy::manual_async_fn, reason = "it is the smaller for it")]
    fn read<'a, B>(
        &'a self,
        now: Instant,
        upload: &'a mut Upload<Links>,
        mut body: Pin<&'a mut B>,
    ) -> impl Future<Output = Result<Instant, Response<Bytes>>> + 'a
    where
        B: http_body::Body,
    {
        async move {
            let runtime = &self.engine.runtime;
            let mut timer = Timer::new(runtime.clone());
            let deadline = now + self.body_timeout;
            // Most bodies come with their head, and no time goes by.
            let mut waits = false;
            // A body that says how long it is need not be asked again once it is there.
            while !body.is_end_stream() {
                let frame = poll_fn(|cx| {
                    let frame = body.as_mut().poll_frame(cx).map(Ok);
                    if frame.is_ready() {
                        return frame;
                    }
                    waits = true;
                    timer.poll_until(Some(deadline), cx).map(|()| Err(StatusCode::REQUEST_TIMEOUT))
                });
                match frame.await {
                    Ok(None) => break,
                    Ok(Some(Ok(frame))) => {
                        // Trailers say nothing here.
                        if let Ok(mut data) = frame.into_data() {
                            upload.handle_data(data.copy_to_bytes(data.remaining()))?;
                        }
                    }
                    Ok(Some(Err(_))) => return Err(status(StatusCode::BAD_REQUEST)),
                    Err(timeout) => return Err(status(timeout)),
                }
            }
            Ok(if waits { runtime.now() } else { now })
        }
    }
}

/// What a message that was posted has set off.
enum Started<R: Runtime, H: Handler> {
    /// Nothing more: this is the answer.
    Response(Response<Body<R, H>>),
    /// Work of a session. The exchange is dropped before the station: what the rest of the work
    /// comes to is then kept.
    Exchange { exchange: Exchange<Links>, station: Station<R, H> },
    /// A request of the modern era.
    Call(Call<R>),
    /// It has been answered.
    Over,
}

/// The streams in which work goes on.
enum Streams {
    Session(McpStream<Links>),
    Modern(http::response::Parts),
}

impl<R: Runtime, H: Handler> Started<R, H> {
    /// The answer, once: with all there is to say, or with a stream in which the work goes on.
    fn poll(&mut self, cx: &mut Context<'_>, room: &mut HeaderMap) -> Poll<Response<Body<R, H>>> {
        let stream = match self {
            Self::Exchange { exchange, station } => {
                match ready!(station.poll(&mut Awaited(exchange, room), cx)) {
                    Answer::Full(response) => {
                        if !exchange.tells() {
                            station.rest();
                        }
                        return Poll::Ready(response.map(Body::full));
                    }
                    Answer::Stream(stream) => Some(Streams::Session(stream)),
                }
            }
            Self::Call(call) => {
                let (head, payload) = ready!(call.poll_response(cx, room)).into_parts();
                match payload {
                    Payload::Whole(frame) => {
                        return Poll::Ready(Response::from_parts(head, Body::frame(frame)));
                    }
                    Payload::Stream => Some(Streams::Modern(head)),
                }
            }
            Self::Response(_) | Self::Over => None,
        };
        Poll::Ready(match (stream, mem::replace(self, Self::Over)) {
            (Some(Streams::Session(stream)), Self::Exchange { station, .. }) => {
                stream.head().map(|()| Body::stream(stream, station))
            }
            (Some(Streams::Modern(head)), Self::Call(call)) => {
                Response::from_parts(head, Body::call(call))
            }
            (_, Self::Response(response)) => response,
            // Nobody asks for an answer twice.
            _ => status(StatusCode::INTERNAL_SERVER_ERROR).map(Body::full),
        })
    }
}

/// The most headers whose room is used again: the engine keeps it with the connection.
const ROOM: usize = 24;

/// Makes room in the headers of a request for those of its answer. hyper takes that for those of
/// the next request, so that a connection allocates for headers once.
fn clear(headers: &mut HeaderMap) {
    if headers.capacity() > ROOM {
        *headers = HeaderMap::new();
    }
    headers.clear();
}

/// An answer to a request whose body did not come whole: nobody may be there to read it.
fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

impl<R: Runtime, H: Handler> Clone for HttpService<R, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Runtime, H: Handler> Clone for Inner<R, H> {
    fn clone(&self) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            server: Arc::clone(&self.server),
            body_timeout: self.body_timeout,
            verifier: self.verifier.clone(),
            looked_after: Arc::clone(&self.looked_after),
            stop: self.stop.clone(),
            store: self.store.clone(),
        }
    }
}

impl<R: Runtime, H: Handler> fmt::Debug for HttpService<R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("server", &self.0.server).finish_non_exhaustive()
    }
}

impl<R, H, B> hyper::service::Service<Request<B>> for HttpService<R, H>
where
    R: Runtime,
    H: Handler,
    B: http_body::Body<Data: Send, Error: Send> + Send + 'static,
{
    type Response = Response<Body<R, H>>;
    type Error = Infallible;
    type Future = ServiceFuture<R, H>;

    fn call(&self, request: Request<B>) -> Self::Future {
        Box::pin(self.respond(request, None))
    }
}

#[cfg(feature = "tower")]
impl<R, H, B> tower_service::Service<Request<B>> for HttpService<R, H>
where
    R: Runtime,
    H: Handler,
    B: http_body::Body<Data: Send, Error: Send> + Send + 'static,
{
    type Response = Response<Body<R, H>>;
    type Error = Infallible;
    type Future = ServiceFuture<R, H>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        hyper::service::Service::call(self, request)
    }
}
