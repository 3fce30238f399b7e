//! Gets credentials when a server wants some: one flow at a time, whoever waits for it.

mod loopback;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri};

use super::dial::within;
use super::net::{Allows, NetOptions};
use super::platform::ClientPlatform;
use super::pool::{Exchange, FetchError, Pool};
use super::trouble::Chain;
use crate::auth::{
    Attempt, AuthError, Authorization, Authorizer, CredentialStore, MemoryStore, OAuthConfig, Step,
    Verdict,
};
use crate::driver::client::abort::AbortHandle;

/// How long one answer of an authorization server may take.
const FETCH: Duration = Duration::from_secs(30);

/// How a client gets tokens for a server that wants some.
pub struct OAuth {
    config: OAuthConfig,
    store: Box<dyn CredentialStore>,
    open: Arc<dyn Fn(&Uri) + Send + Sync>,
    port: u16,
    patience: Duration,
}

impl OAuth {
    /// By a configuration. The answer of a browser is heard on a free port of this machine, and
    /// the URL that the user is to open is printed to standard error.
    #[must_use]
    pub fn new(config: OAuthConfig) -> Self {
        Self {
            config,
            store: Box::new(MemoryStore::new()),
            open: Arc::new(|url| std::eprintln!("Open this URL to authorize: {url}")),
            port: 0,
            patience: Duration::from_secs(600),
        }
    }

    /// Keeps registrations and tokens in a store of your own. Default: in memory.
    #[must_use]
    pub fn store(mut self, store: impl CredentialStore + 'static) -> Self {
        self.store = Box::new(store);
        self
    }

    /// Sets how the URL is brought to the user: open a browser, never through a shell.
    #[must_use]
    pub fn open_browser(mut self, open: impl Fn(&Uri) + Send + Sync + 'static) -> Self {
        self.open = Arc::new(open);
        self
    }

    /// Sets the port of this machine on which the browser's answer is heard, where it must be the
    /// one that was registered: `http://127.0.0.1:PORT/callback`. Default: a free one.
    #[must_use]
    pub const fn redirect_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long the user may take. Default 10 min.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long a flow may take, the user and all that is fetched before and after.
    pub(in crate::driver::client) const fn longest(&self) -> Duration {
        self.patience.saturating_add(Duration::from_secs(300))
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The credentials of one client.
pub(in crate::driver::client) struct Session<P: ClientPlatform> {
    platform: P,
    /// Connections of its own: those to authorization servers are watched.
    pool: Pool<P>,
    authorizer: Arc<Mutex<Authorizer>>,
    state: Mutex<State>,
    open: Arc<dyn Fn(&Uri) + Send + Sync>,
    port: u16,
    patience: Duration,
}

#[derive(Default)]
struct State {
    /// Stops the task that takes the steps, while there is one.
    driver: Option<AbortHandle>,
    /// How the last flow ended.
    outcome: Option<Result<(), String>>,
    /// A request was refused that a flow is to help.
    awaited: bool,
    /// Why no flow can help a request that was refused.
    refusal: Option<String>,
    waiting: Vec<Waker>,
    closed: bool,
}

impl State {
    /// Whether a flow is under way, whose end the task is then told of.
    fn is_driven(&mut self, cx: &Context<'_>) -> bool {
        let driven = self.driver.is_some();
        if driven && !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
        driven
    }
}

impl<P: ClientPlatform> Session<P> {
    pub(in crate::driver::client) fn new(
        platform: P,
        mut net: NetOptions,
        oauth: OAuth,
    ) -> io::Result<Arc<Self>> {
        let OAuth { config, store, open, port, patience } = oauth;
        let authorizer = Authorizer::new(config, store, platform.seed()?);
        let authorizer = Arc::new(Mutex::new(authorizer));
        let asked = Arc::downgrade(&authorizer);
        net.allows = Some(Allows(Arc::new(move |address| {
            asked.upgrade().is_some_and(|it| locked(&it).allows_address(address))
        })));
        let pool = Pool::new(platform.clone(), net);
        let state = Mutex::default();
        Ok(Arc::new(Self { platform, pool, authorizer, state, open, port, patience }))
    }

    /// Sends a request with what credentials there are. A refusal that new ones would help against
    /// is returned, once a flow is under way.
    pub(in crate::driver::client) async fn send(
        self: &Arc<Self>,
        pool: &Pool<P>,
        request: Request<Bytes>,
    ) -> Result<Exchange<P>, FetchError> {
        let mut attempt = Attempt::new(operation(request.headers()));
        loop {
            let mut request = request.clone();
            let now = self.platform.unix_time();
            let authorized = self.authorizer().authorize(now, &mut attempt, &mut request);
            match authorized {
                Ok(Authorization::Wait) => {
                    self.drive();
                    self.ended().await.map_err(FetchError::Unauthorized)?;
                    continue;
                }
                Ok(_) => {}
                Err(error) => return Err(FetchError::Unauthorized(error.to_string())),
            }
            let exchange = pool.send(request, None).await?;
            let (now, head) = (self.platform.unix_time(), exchange.head());
            let verdict =
                self.authorizer().handle_answer(now, &mut attempt, head.status, &head.headers);
            match verdict {
                Verdict::Retry => {}
                Verdict::Wait => {
                    self.lock().awaited = true;
                    self.drive();
                    return Ok(exchange);
                }
                Verdict::Refused(error) => {
                    self.lock().refusal = Some(error.to_string());
                    return Ok(exchange);
                }
                Verdict::Pass => return Ok(exchange),
            }
        }
    }

    /// Waits for the end of the flow that is to help requests that were refused, and says how it
    /// ended, or why there is none.
    pub(in crate::driver::client) async fn settled(&self) -> Result<(), String> {
        core::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.is_driven(cx) {
                return Poll::Pending;
            }
            let refusal = state.refusal.take().map(Err);
            let outcome = match core::mem::take(&mut state.awaited) {
                true => state.outcome.clone(),
                false => refusal,
            };
            let nothing = || Err("the server refused, and did not ask for credentials".into());
            Poll::Ready(outcome.unwrap_or_else(nothing))
        })
        .await
    }

    /// Gives up what is under way: nobody needs credentials any more.
    pub(in crate::driver::client) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let driver = state.driver.clone();
        drop(state);
        self.authorizer().cancel();
        if let Some(driver) = driver {
            driver.abort();
        }
    }

    /// Waits for the end of the flow, and says how it ended.
    async fn ended(&self) -> Result<(), String> {
        core::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.is_driven(cx) {
                return Poll::Pending;
            }
            let nothing = || Err("the client was closed".into());
            Poll::Ready(state.outcome.clone().unwrap_or_else(nothing))
        })
        .await
    }

    /// Takes the steps of the flow in a task, unless somebody does already.
    fn drive(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.closed || state.driver.is_some() || self.authorizer().is_idle() {
            return;
        }
        let abort = AbortHandle::default();
        state.driver = Some(abort.clone());
        state.outcome = None;
        drop(state);
        let driver = Driver(Arc::clone(self));
        self.platform.spawn(async move {
            abort.guard(driver.0.run()).await;
            drop(driver);
        });
    }

    async fn run(&self) {
        loop {
            let outcome = self.take_steps().await;
            let mut state = self.lock();
            state.outcome = Some(outcome);
            // The next flow may have begun between the last step and here.
            if self.authorizer().is_idle() {
                state.driver = None;
                return;
            }
        }
    }

    /// Takes the steps of one flow. Whatever it listens to is closed at its end.
    async fn take_steps(&self) -> Result<(), String> {
        let mut listener = self.listen().await;
        let mut failed = None;
        loop {
            let step = self.authorizer().poll_step();
            match step {
                Some(Step::Done) => return Ok(()),
                Some(Step::Failed(error)) => {
                    return Err(match (error, listener, failed) {
                        (AuthError::NoRedirectUri, Err(error), _) => unheard(&error),
                        (error @ AuthError::Unavailable(_), _, Some(failed)) => {
                            format!("{error}: {}", Chain(&failed))
                        }
                        (error, ..) => error.to_string(),
                    });
                }
                Some(Step::Fetch(request)) => failed = self.fetch(request).await.err(),
                Some(Step::OpenBrowser(url)) => {
                    let asked = match &mut listener {
                        Ok(Some(listener)) => self.ask(listener, &url).await,
                        Ok(None) => Err("the client does not listen to a browser".into()),
                        Err(error) => Err(unheard(error)),
                    };
                    if asked.is_err() {
                        let mut authorizer = self.authorizer();
                        authorizer.cancel();
                        drop(authorizer.poll_step());
                        return asked;
                    }
                }
                None => return Err("the authorization came to nothing".into()),
            }
        }
    }

    /// Fetches what a step asks for; returns why there is no response if there is none.
    async fn fetch(&self, request: Request<Bytes>) -> Result<(), io::Error> {
        let limit = self.authorizer().max_response_bytes();
        let fetched = self.pool.fetch(request, FETCH, limit).await;
        let now = self.platform.unix_time();
        match fetched {
            Ok(response) => {
                self.authorizer().handle_response(now, response);
                Ok(())
            }
            Err(error) => {
                self.authorizer().handle_failure(now);
                Err(match error {
                    FetchError::NotSent(error) | FetchError::Broken(error) => error,
                    FetchError::Unauthorized(why) => io::Error::other(why),
                })
            }
        }
    }

    /// Listens for the browser of a flow that may need one, and tells the flow where.
    async fn listen(&self) -> io::Result<Option<P::Listener>> {
        if !self.authorizer().is_interactive() {
            return Ok(None);
        }
        let (listener, uri) = loopback::bind(&self.platform, self.port).await?;
        self.authorizer().set_redirect_uri(&uri).map_err(io::Error::other)?;
        Ok(Some(listener))
    }

    /// Sends the user to a URL, and hears what the browser brings back.
    async fn ask(&self, listener: &mut P::Listener, url: &Uri) -> Result<(), String> {
        (self.open)(url);
        let hearing = loopback::hear(&self.platform, listener, |query| {
            self.authorizer().handle_redirect(self.platform.unix_time(), query)
        });
        match within(&self.platform, self.patience, hearing).await {
            Some(heard) => heard.map_err(|error| unheard(&error)),
            None => Err("nobody authorized the client in time".into()),
        }
    }

    fn authorizer(&self) -> MutexGuard<'_, Authorizer> {
        locked(&self.authorizer)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// Says that nobody takes the steps any more.
struct Driver<P: ClientPlatform>(Arc<Session<P>>);

impl<P: ClientPlatform> Drop for Driver<P> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.driver = None;
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unheard(error: &io::Error) -> String {
    format!("the browser's answer cannot be heard: {error}")
}

/// What a request is about, by its headers: step-ups are counted for each.
fn operation(headers: &HeaderMap) -> String {
    let of = |name| headers.get(name).and_then(|it: &HeaderValue| it.to_str().ok());
    format!("{} {}", of("mcp-method").unwrap_or_default(), of("mcp-name").unwrap_or_default())
}
