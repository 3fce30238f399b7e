//! Sets up clients.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::time::Duration;
use std::sync::Mutex;

use http::{HeaderName, HeaderValue};
use hyper::rt::{Read, Write};

use super::child::run_child;
use super::command::Command;
use super::dispatch::Dispatch;
use super::error::ClientError;
use super::handle::Client;
use super::handlers::{Handlers, erase};
use super::http::Http;
use super::link::Link;
use super::listen::Notification;
use super::machine::Machine;
use super::net::NetOptions;
use super::oauth::{self, OAuth};
use super::pipe::run_streams;
use super::platform::ClientPlatform;
use super::pool::Pool;
use super::trace::Trace;
use crate::config::{ClientConfig, Protocol};
use crate::jsonrpc::{ErrorObject, RawJson};
use crate::lifecycle::Method;
use crate::model::{
    ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult,
    ElicitationCapability, Implementation, Level, Root, RootsCapability, SamplingCapability,
    TASKS_EXTENSION,
};
use crate::session::ClientSession;
use crate::transport::http::{DroppedTool, HttpClient, HttpClientConfig, Known, Transport};

/// A client about to be connected: set what differs from the defaults, then choose a transport.
pub struct ClientBuilder<P> {
    pub(super) platform: P,
    pub(super) config: ClientConfig,
    pub(super) handlers: Handlers,
    pub(super) net: NetOptions,
    configure: Vec<Configure>,
    oauth: Option<OAuth>,
}

type Configure = Box<dyn FnOnce(&mut HttpClientConfig) + Send>;

impl<P: ClientPlatform> ClientBuilder<P> {
    /// A client with the defaults, on a platform.
    #[must_use]
    pub fn new(platform: P, info: Implementation) -> Self {
        Self {
            platform,
            config: ClientConfig::new(info),
            handlers: Handlers::default(),
            net: NetOptions::default(),
            configure: Vec::new(),
            oauth: None,
        }
    }

    /// Which era to speak. Default [`Protocol::Auto`].
    #[must_use]
    pub const fn protocol(mut self, protocol: Protocol) -> Self {
        self.config.protocol = protocol;
        self
    }

    /// How long a request waits for its answer if it sets no timeout. Default 60 s.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeouts.request = timeout;
        self
    }

    /// The least severe log messages that the server should send.
    #[must_use]
    pub fn log_level(mut self, level: Level) -> Self {
        self.config.log_level = Some(level);
        self
    }

    /// Sets the bounds and deadlines of the session, and what it offers.
    #[must_use]
    pub fn session(mut self, set: impl FnOnce(&mut ClientConfig)) -> Self {
        set(&mut self.config);
        self
    }

    /// Sets the bounds, proxies and trust of connections.
    #[must_use]
    pub fn net(mut self, set: impl FnOnce(&mut NetOptions)) -> Self {
        set(&mut self.net);
        self
    }

    /// The folders that the server may work in; [`Client::set_roots`] changes them.
    #[must_use]
    pub fn roots(mut self, roots: impl IntoIterator<Item = Root>) -> Self {
        let roots: Vec<Root> = roots.into_iter().collect();
        self.handlers.roots = Some(Arc::new(Mutex::new(roots)));
        self.offer(|offer| offer.with_roots(RootsCapability::new().with_list_changed(true)))
    }

    /// Answers what servers want to sample from a model.
    #[must_use]
    pub fn on_sampling<F, Fut>(mut self, answer: F) -> Self
    where
        F: Fn(CreateMessageParams) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<CreateMessageResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.sampling = Some(erase(answer));
        match self.config.capabilities.sampling {
            Some(_) => self,
            None => self.offer(|offer| offer.with_sampling(SamplingCapability::new())),
        }
    }

    /// Answers what servers want to know of the user, by a form. Servers may also send the user to
    /// a URL if the capability says so: set it with [`session`](Self::session).
    ///
    /// [`ElicitFormParams::defaults`](crate::model::ElicitFormParams::defaults) are the answers a
    /// form comes with.
    #[must_use]
    pub fn on_elicitation<F, Fut>(mut self, answer: F) -> Self
    where
        F: Fn(ElicitParams) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.elicitation = Some(erase(answer));
        match self.config.capabilities.elicitation {
            Some(_) => self,
            None => self.offer(|offer| offer.with_elicitation(ElicitationCapability::new())),
        }
    }

    /// Lets servers make tasks of tool calls, by the extension `io.modelcontextprotocol/tasks`
    /// (2026-07-28): a call is answered at the end of its task, and dropping it cancels the task.
    /// Without this the tools that insist on a task refuse; in 2025-11-25 each call asks for its
    /// task itself, see [`Call::as_task`](super::Call::as_task).
    #[must_use]
    pub fn tasks(self) -> Self {
        self.offer(|mut offer| {
            let extensions = offer.extensions.get_or_insert_default();
            extensions.insert(TASKS_EXTENSION.into(), RawJson::EMPTY_OBJECT);
            offer
        })
    }

    /// Hears everything that the server reports, in order.
    ///
    /// It is called from the task that runs the client, and must not block.
    #[must_use]
    pub fn on_notification(mut self, hear: impl Fn(Notification) + Send + Sync + 'static) -> Self {
        self.handlers.notified = Some(Arc::new(hear));
        self
    }

    /// Hears which tools were left out of a list, and why: over HTTP nobody could call them, for
    /// what their schemas say of headers is invalid (2026-07-28, `basic/transports/streamable-http`).
    ///
    /// It is called from the task that runs the client, and must not block.
    #[must_use]
    pub fn on_dropped_tools(
        mut self,
        hear: impl Fn(&[DroppedTool]) + Send + Sync + 'static,
    ) -> Self {
        self.handlers.dropped = Some(Arc::new(hear));
        self
    }

    /// Sees everything that goes over the wire.
    ///
    /// It is called wherever that happens, and must not block.
    #[must_use]
    pub fn on_trace(mut self, see: impl Fn(Trace<'_>) + Send + Sync + 'static) -> Self {
        self.handlers.traced = Some(Arc::new(see));
        self
    }

    /// Answers a further method of the server's.
    #[must_use]
    pub fn on_request<F, Fut>(mut self, method: Method, answer: F) -> Self
    where
        F: Fn(Option<RawJson>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RawJson, ErrorObject>> + Send + 'static,
    {
        self.config.methods.insert(method.clone());
        self.handlers.others.insert(method, erase(answer));
        self
    }

    /// Which way to talk to an HTTP server. Default [`Transport::Auto`].
    #[must_use]
    pub fn transport(self, transport: Transport) -> Self {
        self.http(move |config| config.transport = transport)
    }

    /// Begins with what is known of the server from an earlier connection to its origin, see
    /// [`Client::known`]; what is no longer true is found out and forgotten.
    ///
    /// ```
    /// # use mcp_core::driver::client::{Client, ClientBuilder, ClientError, ClientPlatform};
    /// async fn twice<P: ClientPlatform>(
    ///     builder: impl Fn() -> ClientBuilder<P>,
    ///     url: &str,
    /// ) -> Result<(), ClientError> {
    ///     let first = builder().connect(url).await?;
    ///     let known = first.known();
    ///     first.close().await;
    ///     // Does not ask again of which era the server is.
    ///     let again = builder().known(known).connect(url).await?;
    ///     again.ping().await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn known(self, known: Option<Known>) -> Self {
        self.http(move |config| config.known = known)
    }

    /// Adds a header of your own, an API key for example, to every request to the server, and to
    /// no other.
    #[must_use]
    pub fn header(self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.http(move |config| {
            config.headers.append(name, value);
        })
    }

    /// Sets the bounds and ways of an HTTP client.
    #[must_use]
    pub fn http(mut self, set: impl FnOnce(&mut HttpClientConfig) + Send + 'static) -> Self {
        self.configure.push(Box::new(set));
        self
    }

    /// Gets tokens from an authorization server if the server wants some.
    #[must_use]
    pub fn oauth(mut self, oauth: OAuth) -> Self {
        self.oauth = Some(oauth);
        self
    }

    /// Connects to the server at an `http` or `https` URL, of whichever era. Ready when the
    /// server is known.
    ///
    /// # Errors
    /// [`ClientError`] when the URL is none, nobody is there, or it is no server.
    pub async fn connect(self, url: &str) -> Result<Client<P>, ClientError> {
        let Self { platform, config, handlers, net, configure, oauth } = self;
        let mut config = HttpClientConfig::new(url, config);
        configure.into_iter().for_each(|set| set(&mut config));
        if let Some(oauth) = &oauth {
            // Whoever waits for the user waits no shorter than the user may take.
            config.challenge_timeout = config.challenge_timeout.max(oauth.longest());
        }
        let seed = platform.seed().map_err(ClientError::start)?;
        let seed = seed.iter().fold(0_u64, |all, byte| all.rotate_left(8) ^ u64::from(*byte));
        let http = HttpClient::new(platform.now(), config, seed).map_err(|error| {
            ClientError::start(std::io::Error::new(std::io::ErrorKind::InvalidInput, error))
        })?;
        let authorization = match oauth {
            Some(oauth) => Some(
                oauth::Session::new(platform.clone(), net.clone(), oauth)
                    .map_err(ClientError::start)?,
            ),
            None => None,
        };
        let pool = Pool::new(platform.clone(), net);
        let (client, dispatch) = client_of(platform, Machine::Http(Box::new(http)), handlers);
        let runtime = dispatch.runtime.clone();
        runtime.spawn(Http::new(dispatch, pool, authorization).run());
        client.ready().await
    }

    /// Starts a program and talks to it over its standard streams. Ready when the server is known.
    ///
    /// # Errors
    /// [`ClientError`] when the program does not start, or is no server.
    pub async fn stdio(self, command: Command) -> Result<Client<P>, ClientError> {
        let Self { platform, config, handlers, .. } = self;
        let child = platform.start(&command).map_err(|error| {
            let says = alloc::format!("`{}` cannot be started: {error}", command.name());
            ClientError::start(std::io::Error::new(error.kind(), says))
        })?;
        let (client, dispatch) = pipe_client(platform, config, handlers);
        let runtime = dispatch.runtime.clone();
        runtime.spawn(run_child(dispatch, command, child));
        client.ready().await
    }

    /// Talks to a server over a pair of byte streams, a message a line: what it sends, and what
    /// it reads. Ready when the server is known.
    ///
    /// # Errors
    /// [`ClientError`] when it is no server.
    pub async fn streams<I, O>(self, (input, output): (I, O)) -> Result<Client<P>, ClientError>
    where
        I: Read + Unpin + Send + 'static,
        O: Write + Unpin + Send + 'static,
    {
        let Self { platform, config, handlers, .. } = self;
        let (client, dispatch) = pipe_client(platform, config, handlers);
        let runtime = dispatch.runtime.clone();
        runtime.spawn(run_streams(dispatch, input, output));
        client.ready().await
    }

    fn offer(mut self, set: impl FnOnce(ClientCapabilities) -> ClientCapabilities) -> Self {
        let offer = core::mem::take(&mut self.config.capabilities);
        self.config.capabilities = set(offer);
        self
    }
}

fn pipe_client<P: ClientPlatform>(
    platform: P,
    config: ClientConfig,
    handlers: Handlers,
) -> (Client<P>, Dispatch<P>) {
    let session = ClientSession::new(platform.now(), Arc::new(config));
    client_of(platform, Machine::Pipe(Box::new(session)), handlers)
}

fn client_of<P: ClientPlatform>(
    platform: P,
    machine: Machine,
    handlers: Handlers,
) -> (Client<P>, Dispatch<P>) {
    let link = Arc::new(Link::new(platform.clone(), machine, handlers.clone()));
    let client = Client::new(Arc::clone(&link), handlers.roots.clone());
    (client, Dispatch::new(platform, link, handlers))
}

impl<P> Client<P> {
    /// The client itself once the server is known.
    pub(super) async fn ready(self) -> Result<Self, ClientError> {
        let link = self.link();
        let known = link.watch(|state| match (&state.server, &state.closed) {
            (_, Some(_)) => Some(false),
            (Some(_), None) => Some(true),
            (None, None) => None,
        });
        if known.await {
            return Ok(self);
        }
        // What went wrong is known in full when everything has ended.
        link.watch(|state| state.finished.then_some(())).await;
        Err(link.why_closed())
    }
}

impl<P> fmt::Debug for ClientBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
