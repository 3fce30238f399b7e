//! Gets credentials when a server wants some: one flow at a time, whoever waits for it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;

use super::dial::within;
use super::net::{Allows, NetOptions};
use super::platform::ClientPlatform;
use super::pool::{Exchange, FetchError, Pool};
use crate::auth::{
    Attempt, Authorization, Authorizer, CredentialStore, MemoryStore, OAuthConfig, RedirectPage,
    Step, Verdict,
};
use crate::driver::Listener;

/// How long one answer of an authorization server may take.
const FETCH: Duration = Duration::from_secs(30);

/// How long a connection of the browser may take to say what it wants.
const BROWSER: Duration = Duration::from_secs(10);

/// Where the browser brings its answer.
const CALLBACK: &str = "/callback";

/// Connections of browsers at a time; the newest count.
const CONNECTIONS: usize = 16;

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
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The credentials of one client.
pub(super) struct Session<P: ClientPlatform> {
    platform: P,
    /// Connections of its own: those to authorization servers are watched.
    pool: Pool<P>,
    authorizer: Arc<Mutex<Authorizer>>,
    state: Mutex<State>,
    open: Arc<dyn Fn(&Uri) + Send + Sync>,
    /// Where the next flow's browser is heard.
    listener: Mutex<Option<P::Listener>>,
    port: u16,
    patience: Duration,
}

struct State {
    /// Somebody takes the steps.
    driven: bool,
    /// How the last flow ended.
    outcome: Option<Result<(), String>>,
    waiting: Vec<Waker>,
}

impl<P: ClientPlatform> Session<P> {
    pub(super) fn new(platform: P, mut net: NetOptions, oauth: OAuth) -> io::Result<Arc<Self>> {
        let OAuth { config, store, open, port, patience } = oauth;
        let authorizer = Authorizer::new(config, store, platform.seed()?);
        let authorizer = Arc::new(Mutex::new(authorizer));
        let asked = Arc::downgrade(&authorizer);
        net.allows = Some(Allows(Arc::new(move |address| {
            asked.upgrade().is_some_and(|it| locked(&it).allows_address(address))
        })));
        let pool = Pool::new(platform.clone(), net);
        let state = State { driven: false, outcome: None, waiting: Vec::new() };
        let state = Mutex::new(state);
        let listener = Mutex::default();
        Ok(Arc::new(Self { platform, pool, authorizer, state, open, listener, port, patience }))
    }

    /// Sends a request with what credentials there are. A refusal that new ones would help against
    /// is returned, once a flow is under way.
    pub(super) async fn send(
        self: &Arc<Self>,
        pool: &Pool<P>,
        request: Request<Bytes>,
    ) -> Result<Exchange<P>, FetchError> {
        let mut attempt = Attempt::new(operation(request.headers()));
        loop {
            let mut request = request.clone();
            let now = self.platform.unix_time();
            if self.authorizer().is_expired(now) {
                // What renews the token may end in front of a person.
                self.prepare().await;
            }
            let authorized = self.authorizer().authorize(now, &mut attempt, &mut request);
            match authorized {
                Ok(Authorization::Wait) => {
                    self.drive();
                    self.settled().await.map_err(FetchError::Unauthorized)?;
                    continue;
                }
                Ok(_) => {}
                Err(error) => return Err(FetchError::Unauthorized(error.to_string())),
            }
            let exchange = pool.send(request, None).await?;
            if matches!(exchange.head().status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                self.prepare().await;
            }
            let (now, head) = (self.platform.unix_time(), exchange.head());
            let verdict =
                self.authorizer().handle_answer(now, &mut attempt, head.status, &head.headers);
            match verdict {
                Verdict::Retry => {}
                Verdict::Wait => {
                    self.drive();
                    return Ok(exchange);
                }
                Verdict::Refused(error) => {
                    self.lock().outcome = Some(Err(error.to_string()));
                    return Ok(exchange);
                }
                Verdict::Pass => return Ok(exchange),
            }
        }
    }

    /// Waits for the end of the flow, and says how it ended.
    pub(super) async fn settled(&self) -> Result<(), String> {
        core::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.driven {
                state.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
            let nothing = || Err("the server refused, and did not ask for credentials".into());
            Poll::Ready(state.outcome.clone().unwrap_or_else(nothing))
        })
        .await
    }

    /// Takes the steps of the flow in a task, unless somebody does already.
    fn drive(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.driven || !self.authorizer().is_busy() {
            return;
        }
        state.driven = true;
        state.outcome = None;
        drop(state);
        let driver = Driver(Arc::clone(self));
        self.platform.spawn(async move {
            let outcome = driver.0.take_steps().await;
            driver.0.lock().outcome = Some(outcome);
            drop(driver);
        });
    }

    async fn take_steps(&self) -> Result<(), String> {
        loop {
            let step = self.authorizer().poll_step();
            match step {
                Some(Step::Done) => return Ok(()),
                Some(Step::Failed(error)) => return Err(error.to_string()),
                Some(Step::Fetch(request)) => self.fetch(request).await,
                Some(Step::OpenBrowser(url)) => {
                    let heard = within(&self.platform, self.patience, self.ask(&url)).await;
                    match heard {
                        Some(Ok(())) => {}
                        Some(Err(error)) => {
                            self.authorizer().cancel();
                            return Err(format!("the browser's answer cannot be heard: {error}"));
                        }
                        None => {
                            self.authorizer().cancel();
                            return Err("nobody authorized the client in time".into());
                        }
                    }
                }
                None => return Err("the authorization came to nothing".into()),
            }
        }
    }

    async fn fetch(&self, request: Request<Bytes>) {
        let limit = self.authorizer().max_response_bytes();
        let fetched = self.pool.fetch(request, FETCH, limit).await;
        let now = self.platform.unix_time();
        match fetched {
            Ok(response) => self.authorizer().handle_response(now, response),
            Err(_) => self.authorizer().handle_failure(now),
        }
    }

    /// Listens for the browser of the next flow, which has to say where that is.
    async fn prepare(&self) {
        let listens = || self.listener().is_some();
        if listens() || self.authorizer().is_busy() {
            return;
        }
        // Without a listener the flow says itself that it has nowhere to send the browser.
        let Ok((listener, address)) = self.platform.bind(&format!("127.0.0.1:{}", self.port)).await
        else {
            return;
        };
        let mut authorizer = self.authorizer();
        if !listens() && !authorizer.is_busy() {
            let uri = format!("http://{address}{CALLBACK}");
            if authorizer.set_redirect_uri(&uri).is_ok() {
                *self.listener() = Some(listener);
            }
        }
    }

    fn listener(&self) -> MutexGuard<'_, Option<P::Listener>> {
        locked(&self.listener)
    }

    /// Sends the user to a URL, and hears what the browser brings back.
    async fn ask(&self, url: &Uri) -> io::Result<()> {
        let Some(mut listener) = self.listener().take() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        (self.open)(url);
        let (arrived, heard) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        let mut accepting = pin!(async {
            loop {
                let io = listener.accept().await?;
                locked(&arrived).push(io);
            }
        });
        let mut connections: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = Vec::new();
        core::future::poll_fn(|cx| {
            loop {
                let accepted: Poll<io::Result<()>> = accepting.as_mut().poll(cx);
                let new = core::mem::take(&mut *locked(&arrived));
                let arrived = new.len();
                for io in new {
                    // Browsers open connections in advance: one that says nothing is in no way.
                    connections.push(Box::pin(self.hear(io, &heard)));
                }
                if connections.len() > CONNECTIONS {
                    connections.drain(..connections.len() - CONNECTIONS);
                }
                connections.retain_mut(|connection| connection.as_mut().poll(cx).is_pending());
                if heard.load(Ordering::Acquire) && arrived == 0 {
                    return Poll::Ready(Ok(()));
                }
                if let Poll::Ready(Err(error)) = accepted {
                    return Poll::Ready(Err(error));
                }
                if arrived == 0 {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Serves one connection of the browser.
    async fn hear(&self, io: <P::Listener as Listener>::Io, heard: &AtomicBool) {
        let answered = AtomicBool::new(false);
        let service = service_fn(|request: Request<Incoming>| {
            let page = self.page(&request);
            if matches!(page, RedirectPage::Received | RedirectPage::Refused) {
                answered.store(true, Ordering::Release);
            }
            core::future::ready(shown(page))
        });
        let serving = http1::Builder::new().keep_alive(false).serve_connection(io, service);
        drop(within(&self.platform, BROWSER, serving).await);
        // Once the page has been sent, or the browser would show an error.
        if answered.load(Ordering::Acquire) {
            heard.store(true, Ordering::Release);
        }
    }

    fn page(&self, request: &Request<Incoming>) -> RedirectPage {
        if request.uri().path() != CALLBACK {
            return RedirectPage::Unexpected;
        }
        let now = self.platform.unix_time();
        let query = request.uri().query().unwrap_or_default();
        self.authorizer().handle_redirect(now, query)
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
        state.driven = false;
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shown(page: RedirectPage) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(page.html().as_bytes())));
    *response.status_mut() = page.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // The URL has a code in it.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// What a request is about, by its headers: step-ups are counted for each.
fn operation(headers: &HeaderMap) -> String {
    let of = |name| headers.get(name).and_then(|it: &HeaderValue| it.to_str().ok());
    format!("{} {}", of("mcp-method").unwrap_or_default(), of("mcp-name").unwrap_or_default())
}
