//! Puts a handler on a transport.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use core::time::Duration;
use std::io;

use hyper::rt::{Read, Write};

use super::session_store::Store;
use super::verify::Verifier;
use super::{
    HttpOptions, HttpService, Listener, Runtime, SessionStore, Shutdown, TokenVerifier, serve_http,
    serve_stdio,
};
use crate::app::{Handler, Host};
use crate::auth::ResourceServer;
use crate::config::{EarlyRequests, Gate, SessionConfig};
use crate::lifecycle::Method;
use crate::time::UnixTime;
use crate::transport::http::HttpConfig;

/// A runtime with the operating system around it.
pub trait Platform: Runtime {
    /// Accepts TCP connections.
    type Listener: Listener;
    /// Standard input.
    type Stdin: Read + Unpin + Send;
    /// Standard output.
    type Stdout: Write + Unpin + Send;

    /// Listens on a TCP address such as `127.0.0.1:8000` and says which one it got.
    fn bind(
        &self,
        address: &str,
    ) -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    /// The process's standard streams.
    fn stdio(&self) -> (Self::Stdin, Self::Stdout);

    /// Secret bytes from the operating system, new ones every time.
    ///
    /// # Errors
    /// The operating system has none to give.
    fn seed(&self) -> io::Result<[u8; 32]>;

    /// The time on the world's clock.
    fn unix_time(&self) -> UnixTime;
}

/// A handler about to be served: set what differs from the defaults, then choose a transport.
pub struct Serve<P: Platform, H: Handler> {
    platform: P,
    handler: H,
    session: SessionConfig,
    configure: Box<dyn FnOnce(&mut HttpConfig) + Send>,
    verifier: Verifier,
    store: Store<P, H>,
    options: HttpOptions,
    until: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<P: Platform, H: Handler> Serve<P, H> {
    /// A handler with the defaults.
    pub fn new(platform: P, handler: H) -> Self {
        let methods = handler.methods();
        // DISC-01: whoever serves the modern era can be discovered.
        let modern = methods.contains(&Method::ServerDiscover);
        let session = SessionConfig { methods, modern, ..SessionConfig::new([]) };
        Self {
            platform,
            handler,
            session,
            configure: Box::new(|_| {}),
            verifier: Verifier::default(),
            store: Store::NONE,
            options: HttpOptions::default(),
            until: None,
        }
    }

    /// What happens to requests that come before the handshake is done. Default
    /// [`EarlyRequests::Hold`].
    #[must_use]
    pub const fn early_requests(mut self, policy: EarlyRequests) -> Self {
        self.session.early_requests = policy;
        self
    }

    /// When held requests are let through. Default [`Gate::InitializeResult`].
    #[must_use]
    pub const fn gate(mut self, gate: Gate) -> Self {
        self.session.gate = gate;
        self
    }

    /// Sets the bounds and deadlines of sessions.
    #[must_use]
    pub fn session(mut self, set: impl FnOnce(&mut SessionConfig)) -> Self {
        set(&mut self.session);
        self
    }

    /// Sets paths, allowed hosts and origins, and bounds of the HTTP server.
    #[must_use]
    pub fn http_config(mut self, set: impl FnOnce(&mut HttpConfig) + Send + 'static) -> Self {
        let before = self.configure;
        self.configure = Box::new(move |config| {
            before(config);
            set(config);
        });
        self
    }

    /// Looks up sessions of Streamable HTTP that are not here in a store of the application's own:
    /// they go on with no new handshake, on whichever of several servers a request reaches.
    #[must_use]
    pub fn session_store(self, store: impl SessionStore) -> Self {
        Self { store: Store::new(store), ..self }
    }

    /// Serves over HTTP only those who show a token that `verifier` knows, that is for `resource`
    /// and that has the scopes this wants; the others hear how to get one
    /// (`2026-07-28/basic/authorization`).
    ///
    /// Handlers learn who it is from [`Context::principal`](crate::app::Context::principal), and a
    /// session serves nobody else. Standard input and output are not protected: whoever starts a
    /// process gives it what it needs in its environment.
    #[must_use]
    pub fn protected_by(self, resource: ResourceServer, verifier: impl TokenVerifier) -> Self {
        let verifier = Verifier::new(verifier);
        let resource = resource.into();
        Self { verifier, ..self }.http_config(move |config| config.resource = Some(resource))
    }

    /// Sets the bounds of the HTTP listener.
    #[must_use]
    pub fn http_options(mut self, set: impl FnOnce(&mut HttpOptions)) -> Self {
        set(&mut self.options);
        self
    }

    /// How long requests in flight may take to be answered after the signal to stop, or after
    /// the end of input. Default 10 s.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
        self
    }

    /// Stops gracefully once `signal` is ready: nothing new is taken, requests in flight are
    /// answered, streams end.
    #[must_use]
    pub fn until(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(signal));
        self
    }

    /// Serves HTTP on a TCP address such as `127.0.0.1:8000`, until the signal to stop.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn http(self, address: &str) -> io::Result<()> {
        self.bind(address).await?.serve().await;
        Ok(())
    }

    /// Listens on a TCP address, so that it is known before anything is served: port 0 picks a
    /// free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(self, address: &str) -> io::Result<Bound<P, H>> {
        let (listener, address) = self.platform.bind(address).await?;
        let (runtime, options) = (self.platform.clone(), self.options);
        let shutdown = start_when(&runtime, self.until);
        let service = service(self.platform, self.handler, self.session, self.configure)?
            .verified_by(self.verifier)
            .stored_in(self.store);
        Ok(Bound { runtime, service, listener, address, options, shutdown })
    }

    /// The HTTP server as a service, to be mounted in a server of your own, which bounds its
    /// connections: [`Self::http_options`] have no effect then.
    ///
    /// # Errors
    /// The operating system has no secret bytes to give.
    pub fn service(self) -> io::Result<HttpService<P, H>> {
        let (verifier, store) = (self.verifier, self.store);
        service(self.platform, self.handler, self.session, self.configure)
            .map(|service| service.verified_by(verifier).stored_in(store))
    }

    /// Serves one client over standard input and output, until the end of input or the signal to
    /// stop. Standard output belongs to the protocol: log to standard error.
    ///
    /// # Errors
    /// The error of the stream that failed; the operating system has no secret bytes to give.
    pub async fn stdio(self) -> io::Result<()> {
        let streams = self.platform.stdio();
        self.streams(streams).await
    }

    /// Serves one client over a pair of byte streams, a message a line.
    ///
    /// # Errors
    /// The error of the stream that failed; the operating system has no secret bytes to give.
    pub async fn streams<I, O>(self, streams: (I, O)) -> io::Result<()>
    where
        I: Read + Unpin,
        O: Write + Unpin,
    {
        host(&self.platform, &self.handler)?;
        let shutdown = start_when(&self.platform, self.until);
        let settings = (self.session, self.options.grace);
        serve_stdio(self.platform, self.handler, streams, settings, shutdown).await
    }
}

impl<P: Platform, H: Handler> fmt::Debug for Serve<P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("session", &self.session).finish_non_exhaustive()
    }
}

/// An HTTP server that listens and does not answer yet.
pub struct Bound<P: Platform, H: Handler> {
    runtime: P,
    service: HttpService<P, H>,
    listener: P::Listener,
    address: SocketAddr,
    options: HttpOptions,
    shutdown: Shutdown,
}

impl<P: Platform, H: Handler> Bound<P, H> {
    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server gracefully.
    pub const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// What answers the requests.
    pub const fn service(&self) -> &HttpService<P, H> {
        &self.service
    }

    /// Answers requests until the signal to stop.
    pub async fn serve(self) {
        let Self { runtime, service, listener, options, shutdown, .. } = self;
        serve_http(runtime, service, listener, options, shutdown).await;
    }
}

impl<P: Platform, H: Handler> fmt::Debug for Bound<P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("address", &self.address).finish_non_exhaustive()
    }
}

fn service<P: Platform, H: Handler>(
    platform: P,
    handler: H,
    session: SessionConfig,
    configure: Box<dyn FnOnce(&mut HttpConfig) + Send>,
) -> io::Result<HttpService<P, H>> {
    host(&platform, &handler)?;
    let seed = platform.seed()?;
    let mut config = HttpConfig::new(session);
    configure(&mut config);
    Ok(HttpService::new(platform, handler, config, &seed))
}

/// Gives the application what it needs of the machine.
fn host<P: Platform, H: Handler>(platform: &P, handler: &H) -> io::Result<()> {
    let (clock, spawner, timer) = (platform.clone(), platform.clone(), platform.clone());
    let host = Host::new(platform.seed()?, move || clock.unix_time()).with_background(
        move |work| spawner.spawn(work),
        move |duration| Box::pin(timer.sleep_until(timer.now() + duration)),
    );
    handler.hosted(&host);
    Ok(())
}

fn start_when(
    runtime: &impl Runtime,
    signal: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
) -> Shutdown {
    let shutdown = Shutdown::new();
    if let Some(signal) = signal {
        let start = shutdown.clone();
        runtime.spawn(async move {
            signal.await;
            start.start();
        });
    }
    shutdown
}
