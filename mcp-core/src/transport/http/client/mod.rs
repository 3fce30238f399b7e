//! The client's end of HTTP.

mod authorization;
mod backoff;
mod config;
mod event;
mod exchange;
mod ladder;
mod legacy_sse;
mod messages;
mod redirect;
mod refresh;
mod request;
mod streams;
mod timers;
mod tools;
mod url;

pub use backoff::Reconnection;
pub use config::{HttpClientConfig, HttpClientLimits, InvalidClientConfig, Known, Transport};
pub use event::{Challenge, Failure, Fetch, FetchId, HttpClientEvent, HttpFault};
pub use redirect::RedirectRefusal;
pub use tools::DroppedTool;
pub use url::InvalidUrl;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use self::backoff::{Budget, Jitter};
use self::exchange::{Exchange, Job, Purpose, Stage};
use self::ladder::Refused;
use self::legacy_sse::Sse;
use self::streams::Listening;
use self::timers::{Clock, Timer};
use self::tools::Tools;
use crate::config::Protocol;
use crate::error::SendError;
use crate::id::{RequestHandle, RequestTicket};
use crate::jsonrpc::Reply;
use crate::lifecycle::Method;
use crate::revision::{Era, Revision};
use crate::session::{ClientEvent, ClientSession, Outgoing, TransmitKey};
use crate::time::Instant;

/// Requests that wait to be polled at which no more are made: what more there is waits in the
/// session, whose own bounds then hold.
const QUEUE: usize = 64;

/// The client's end of one connection over HTTP, with the session it carries: HTTP requests come
/// out, answers go in.
///
/// It finds out what the server speaks: the modern era, Streamable HTTP with `initialize`, or
/// HTTP+SSE, in this order and by the rules of each revision. It opens streams again that were
/// cut, follows redirects without ever carrying credentials to another origin, starts the session
/// over when the server has forgotten it, and mirrors in headers what the revision wants mirrored.
///
/// Whoever owns it sends what [`poll_fetch`](Self::poll_fetch) gives, reports what comes back,
/// stops what [`poll_abort`](Self::poll_abort) names, and calls
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so. Any
/// order of calls is legal. It holds no credentials of OAuth: they are put on a request just
/// before it is sent, if [`Fetch::authorize`] allows it.
///
/// ```
/// use bytes::Bytes;
/// use http::Response;
/// use mcp_core::config::ClientConfig;
/// use mcp_core::model::Implementation;
/// use mcp_core::session::{ClientEvent, Outgoing};
/// use mcp_core::time::Instant;
/// use mcp_core::transport::http::{HttpClient, HttpClientConfig, HttpClientEvent};
///
/// let session = ClientConfig::new(Implementation::new("demo", "1.0"));
/// let config = HttpClientConfig::new("https://example.com/mcp", session);
/// let now = Instant::EPOCH;
/// let mut client = HttpClient::new(now, config, 7)?;
/// let list = client.request(now, Outgoing::new("tools/list", None)).unwrap();
///
/// while let Some(fetch) = client.poll_fetch() {
///     let answer = match fetch.request.headers()["mcp-method"].to_str()? {
///         "server/discover" => {
///             r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","ttlMs":0,
///                 "cacheScope":"private","supportedVersions":["2026-07-28"],"capabilities":{}}}"#
///         }
///         _ => {
///             r#"{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","ttlMs":0,
///                 "cacheScope":"private","tools":[]}}"#
///         }
///     };
///     let (head, ()) =
///         Response::builder().header("content-type", "application/json").body(())?.into_parts();
///     client.handle_head(now, fetch.id, &head);
///     client.handle_data(now, fetch.id, Bytes::from(answer));
///     client.handle_end(now, fetch.id);
/// }
/// let mut answered = false;
/// while let Some(event) = client.poll_event() {
///     if let HttpClientEvent::Session(ClientEvent::Response(handle, result)) = event {
///         answered = handle == list && result.is_ok();
///     }
/// }
/// assert!(answered);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct HttpClient {
    config: HttpClientConfig,
    /// Where the server was said to be.
    url: Uri,
    /// The user's headers.
    headers: HeaderMap,
    clock: Clock,
    session: ClientSession,
    route: Route,
    /// Where the server is: the URL, or where that redirects to.
    endpoint: Uri,
    session_id: Option<HeaderValue>,
    /// Counts the sessions there have been.
    generation: u32,
    /// The frame whose acceptance made the session what it is.
    announced: Option<TransmitKey>,
    exchanges: BTreeMap<FetchId, Exchange>,
    last_fetch: u64,
    queue: VecDeque<FetchId>,
    aborts: VecDeque<FetchId>,
    timers: BTreeMap<(Instant, u64), Timer>,
    last_timer: u64,
    listening: Listening,
    /// What `initialize` was answered over Streamable HTTP, while HTTP+SSE is tried.
    refused: Option<Refused>,
    /// Whether HTTP+SSE has been tried.
    sse_tried: bool,
    /// How often the server could not be reached to begin anew.
    recovery: Budget,
    /// Whether the session was ever ready.
    was_ready: bool,
    /// Exchanges that were refused for want of credentials, and what the server said.
    parked: Vec<Parked>,
    /// Until when credentials are waited for.
    challenged: Option<Instant>,
    /// How often there have been new ones.
    authorization: u32,
    tools: Tools,
    /// Requests for the list of tools.
    lists: BTreeSet<RequestHandle>,
    events: VecDeque<HttpClientEvent>,
    dropped_events: u64,
    jitter: Jitter,
    closing: bool,
}

/// Where messages go.
#[derive(Debug)]
enum Route {
    Streamable,
    Sse(Sse),
}

#[derive(Debug)]
struct Parked {
    exchange: Exchange,
    status: StatusCode,
    body: Bytes,
}

impl HttpClient {
    /// A client that begins now. The seed keeps the clients of one server from coming back all at
    /// once; nothing depends on its being secret.
    ///
    /// # Errors
    /// [`InvalidClientConfig`] when the URL is none, or the configuration contradicts itself.
    pub fn new(
        now: Instant,
        config: HttpClientConfig,
        seed: u64,
    ) -> Result<Self, InvalidClientConfig> {
        let url = url::parse(&config.url)?;
        let mut session = config.session.clone();
        let sse = starts_with_sse(&config);
        if config.transport == Transport::Sse && session.protocol == Protocol::Modern {
            return Err(InvalidClientConfig::ModernOverSse);
        }
        session.protocol = match session.protocol {
            Protocol::Auto | Protocol::LegacyFirst if config.transport == Transport::Sse => {
                Protocol::Legacy(Revision::LATEST_LEGACY)
            }
            Protocol::Auto if matches!(config.known, Some(Known::Streamable | Known::Sse)) => {
                Protocol::LegacyFirst
            }
            protocol => protocol,
        };
        let mut client = Self {
            headers: request::own_headers(&config.headers),
            session: ClientSession::new(now, Arc::new(session)),
            clock: Clock::new(now),
            route: Route::Streamable,
            endpoint: url.clone(),
            url,
            session_id: None,
            generation: 0,
            announced: None,
            exchanges: BTreeMap::new(),
            last_fetch: 0,
            queue: VecDeque::new(),
            aborts: VecDeque::new(),
            timers: BTreeMap::new(),
            last_timer: 0,
            listening: Listening::Idle,
            refused: None,
            sse_tried: false,
            recovery: Budget::default(),
            was_ready: false,
            parked: Vec::new(),
            challenged: None,
            authorization: 0,
            tools: Tools::default(),
            lists: BTreeSet::new(),
            events: VecDeque::new(),
            dropped_events: 0,
            jitter: Jitter::new(seed),
            closing: false,
            config,
        };
        if sse {
            client.try_sse();
        }
        client.settle();
        Ok(client)
    }

    // Commands.

    /// Sends a request; see [`ClientSession::request`].
    ///
    /// # Errors
    /// [`SendError`] hands the request back.
    pub fn request(
        &mut self,
        now: Instant,
        item: Outgoing,
    ) -> Result<RequestHandle, SendError<Outgoing>> {
        let now = self.advance(now);
        let lists = item.method == Method::ToolsList.as_str();
        let handle = self.session.request(now, item)?;
        if lists {
            self.lists.insert(handle);
        }
        self.settle();
        Ok(handle)
    }

    /// Sends a notification; see [`ClientSession::notify`].
    ///
    /// # Errors
    /// [`SendError`] hands the notification back.
    pub fn notify(&mut self, now: Instant, item: Outgoing) -> Result<(), SendError<Outgoing>> {
        let now = self.advance(now);
        self.session.notify(now, item)?;
        self.settle();
        Ok(())
    }

    /// Answers a request of the server; see [`ClientSession::respond`].
    pub fn respond(&mut self, now: Instant, ticket: RequestTicket, reply: Reply) {
        let now = self.advance(now);
        self.session.respond(now, ticket, reply);
        self.settle();
    }

    /// Gives up on a request of ours. The server is told to stop if it may have heard of it: in
    /// the modern era by the end of the exchange, in the legacy era by a notification.
    pub fn cancel(&mut self, now: Instant, handle: RequestHandle, reason: &str) {
        let now = self.advance(now);
        self.session.cancel(now, handle, reason);
        self.settle();
    }

    /// Ends the connection. What still leaves is the end of the session, if there is one:
    /// [`is_done`](Self::is_done) tells when that is over.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        if self.challenged.is_some() {
            // They were refused, and nobody has worked on them.
            self.unauthorized("the client was closed before there were any credentials");
        }
        let now = self.at();
        self.session.close(now);
        self.settle();
    }

    // Inputs.

    /// Takes the head of an answer.
    pub fn handle_head(&mut self, now: Instant, id: FetchId, head: &Parts) {
        self.advance(now);
        if let Some(exchange) = self.exchanges.remove(&id) {
            self.take_head(id, exchange, head);
        }
        self.settle();
    }

    /// Takes a part of the body of an answer.
    pub fn handle_data(&mut self, now: Instant, id: FetchId, data: Bytes) {
        self.advance(now);
        if let Some(exchange) = self.exchanges.remove(&id) {
            self.take_data(id, exchange, data);
        }
        self.settle();
    }

    /// Takes note that an answer is complete.
    pub fn handle_end(&mut self, now: Instant, id: FetchId) {
        self.advance(now);
        if let Some(exchange) = self.exchanges.remove(&id) {
            self.take_end(id, exchange, None);
        }
        self.settle();
    }

    /// Takes note that an exchange came to no end.
    pub fn handle_failure(&mut self, now: Instant, id: FetchId, failure: Failure) {
        self.advance(now);
        if let Some(exchange) = self.exchanges.remove(&id) {
            self.take_end(id, exchange, Some(failure));
        }
        self.settle();
    }

    /// Takes note that there are new credentials: what waited for them is sent again.
    ///
    /// It can also be called without a [`Challenge`]: what is refused with older credentials is
    /// then sent again without another one.
    pub fn handle_authorized(&mut self, now: Instant) {
        self.advance(now);
        self.authorized();
        self.settle();
    }

    /// Takes note that there will be no new credentials: what waited for them ends.
    pub fn handle_unauthorized(&mut self, now: Instant, reason: &str) {
        self.advance(now);
        self.unauthorized(reason);
        self.settle();
    }

    /// Does what is due. Calling it early, late or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        self.fire_timers();
        self.settle();
    }

    // Outputs.

    /// The next request to send.
    #[must_use = "a request that is not sent is lost"]
    pub fn poll_fetch(&mut self) -> Option<Fetch> {
        loop {
            let id = self.queue.pop_front()?;
            let authorization = self.authorization;
            let Some(exchange) = self.exchanges.get_mut(&id) else { continue };
            exchange.left = true;
            exchange.authorization = authorization;
            let Some(exchange) = self.exchanges.get(&id) else { continue };
            let fetch = Fetch {
                id,
                request: self.build(exchange),
                authorize: self.is_trusted(exchange),
                lasting: matches!(exchange.purpose, Purpose::Listen(_) | Purpose::Events(_)),
            };
            self.settle();
            return Some(fetch);
        }
    }

    /// The next exchange to stop. Nothing more need be reported of it; what is, is ignored.
    #[must_use = "an exchange that is not stopped goes on for nothing"]
    pub fn poll_abort(&mut self) -> Option<FetchId> {
        self.aborts.pop_front()
    }

    /// The next thing the application should know.
    #[must_use = "an event that is not handled is lost"]
    pub fn poll_event(&mut self) -> Option<HttpClientEvent> {
        if self.events.is_empty() {
            self.take_session_event();
        }
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timer = self.timers.first_key_value().map(|((at, _), _)| *at);
        let session = self.session.poll_timeout().and_then(|at| self.clock.outside(at));
        [timer, self.challenged, session].into_iter().flatten().min()
    }

    // Getters.

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &ClientSession {
        &self.session
    }

    /// Whether more can be taken from the server now. What is reported all the same is taken, but
    /// what only informs may be dropped.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        (self.session.wants_input() || self.closing)
            && self.events.len() < self.config.limits.events
    }

    /// Whether the session is over and nothing is on its way any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.session.is_closed() && self.exchanges.is_empty()
    }

    /// Whether credentials are waited for.
    #[must_use]
    pub const fn is_challenged(&self) -> bool {
        self.challenged.is_some()
    }

    /// What the server speaks, once that is known: to be kept for its origin, and given to the
    /// next client in [`HttpClientConfig::known`].
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        match (self.session.era()?, &self.route) {
            (Era::Modern, _) => Some(Known::Modern),
            (Era::Legacy, Route::Streamable) => Some(Known::Streamable),
            (Era::Legacy, Route::Sse(_)) => Some(Known::Sse),
        }
    }

    /// Where messages go now, if that is known: the URL of the server, or where it redirects or
    /// points to.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Uri> {
        match &self.route {
            Route::Streamable => Some(&self.endpoint),
            Route::Sse(sse) => sse.endpoint.as_ref(),
        }
    }

    /// Events that were dropped because nobody polled them.
    #[must_use]
    pub const fn dropped_events(&self) -> u64 {
        self.dropped_events
    }

    // What every part needs.

    /// The time of the session after noting the time outside.
    fn advance(&mut self, now: Instant) -> Instant {
        self.clock.advance(now);
        self.clock.inside()
    }

    /// The time of the session: it stands still while credentials are waited for.
    const fn at(&self) -> Instant {
        self.clock.inside()
    }

    /// Starts an exchange.
    fn start(&mut self, mut exchange: Exchange) {
        self.last_fetch += 1;
        let id = FetchId(self.last_fetch);
        if self.closing {
            self.linger(id, &mut exchange);
        }
        self.exchanges.insert(id, exchange);
        self.queue.push_back(id);
    }

    /// Stops an exchange that has been taken out of the table; whether anybody had heard of it.
    fn stop(&mut self, id: FetchId, exchange: &mut Exchange) -> bool {
        self.forget_timer(exchange);
        if exchange.left {
            self.aborts.push_back(id);
        } else {
            self.queue.retain(|waiting| *waiting != id);
        }
        exchange.left
    }

    /// Reads the rest of an answer nobody needs, for a while.
    fn drain(&mut self, id: FetchId, mut exchange: Exchange) {
        exchange.purpose = Purpose::Nothing;
        exchange.stage = Stage::Drain(0);
        self.linger(id, &mut exchange);
        self.exchanges.insert(id, exchange);
    }

    /// Takes from the session what it has to send, for as long as there is room.
    fn settle(&mut self) {
        loop {
            self.note_phase();
            let stuck = matches!(&self.route, Route::Sse(sse) if sse.endpoint.is_none());
            if (stuck && !self.closing)
                || self.queue.len() >= QUEUE
                || self.exchanges.len() >= self.config.limits.exchanges
            {
                break;
            }
            let Some(transmit) = self.session.poll_transmit() else { break };
            self.take_transmit(transmit);
        }
    }

    /// Tells the application, in its turn.
    fn tell(&mut self, event: HttpClientEvent) {
        while self.take_session_event() {}
        self.events.push_back(event);
    }

    /// Tells what need not be known: dropped when nobody polls.
    fn fault(&mut self, request: Option<RequestHandle>, fault: impl Into<HttpFault>) {
        let fault = fault.into();
        if self.events.len() < self.config.limits.events {
            self.tell(HttpClientEvent::Fault { request, fault });
        } else {
            self.dropped_events += 1;
        }
    }

    /// Puts the next event of the session behind those that are there.
    fn take_session_event(&mut self) -> bool {
        let Some(event) = self.session.poll_event() else { return false };
        let event = match event {
            ClientEvent::Response(handle, Ok(result))
                if self.lists.remove(&handle) && self.session.era() == Some(Era::Modern) =>
            {
                let (result, dropped) = self.tools.learn(&result, self.config.limits.tools);
                if !dropped.is_empty() {
                    self.events.push_back(HttpClientEvent::ToolsDropped(dropped));
                }
                ClientEvent::Response(handle, Ok(result))
            }
            ClientEvent::Response(handle, error @ Err(_)) => {
                self.lists.remove(&handle);
                ClientEvent::Response(handle, error)
            }
            event => event,
        };
        self.events.push_back(HttpClientEvent::Session(event));
        true
    }
}

impl fmt::Debug for HttpClient {
    /// Shows no headers and no session id: whoever knows those can speak in the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("url", &self.url)
            .field("phase", &self.session.phase())
            .field("exchanges", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}

/// Whether to begin with HTTP+SSE: the revision that has nothing else, or what is known, or wanted.
fn starts_with_sse(config: &HttpClientConfig) -> bool {
    let only_sse = config.session.protocol == Protocol::Legacy(Revision::V2024_11_05);
    let legacy = config.session.protocol != Protocol::Modern;
    match config.transport {
        Transport::Sse => true,
        Transport::Streamable => false,
        Transport::Auto => only_sse || (legacy && config.known == Some(Known::Sse)),
    }
}

/// The beginning of what a server says, fit to be shown.
fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 200;
    let text = String::from_utf8_lossy(body.get(..body.len().min(MOST * 4)).unwrap_or_default());
    let shown = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    String::from(shown.take(MOST).collect::<String>().trim())
}
