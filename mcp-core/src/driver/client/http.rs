//! Runs an HTTP client: sends what it wants sent, and reports what comes back.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use core::task::{Poll, ready};
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::dispatch::Dispatch;
use super::link::Link;
use super::oauth::Session as Authorization;
use super::pipe::Finish;
use super::platform::ClientPlatform;
use super::pool::{Exchange, FetchError, Pool};
use super::trace::{Trace, Tracer};
use super::trouble::Trouble;
use crate::driver::client::abort::AbortHandle;
use crate::driver::timer::Timer;
use crate::transport::http::{Challenge, Failure, Fetch, FetchId, HttpClientEvent, HttpFault};

/// How long the end of the session may take to be told to the server.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What runs an HTTP client.
pub(super) struct Http<P: ClientPlatform> {
    dispatch: Dispatch<P>,
    pool: Pool<P>,
    authorization: Option<Arc<Authorization<P>>>,
    running: Running,
}

/// The exchanges that have not ended.
type Running = Arc<Mutex<BTreeMap<FetchId, AbortHandle>>>;

fn lock(running: &Running) -> MutexGuard<'_, BTreeMap<FetchId, AbortHandle>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<P: ClientPlatform> Http<P> {
    pub(super) fn new(
        dispatch: Dispatch<P>,
        pool: Pool<P>,
        authorization: Option<Arc<Authorization<P>>>,
    ) -> Self {
        Self { dispatch, pool, authorization, running: Running::default() }
    }

    /// Runs it until it is closed and nothing is on its way any more.
    pub(super) async fn run(self) {
        let link = &self.dispatch.link;
        let _finish = Finish(Arc::clone(link));
        let mut timer = Timer::new(self.dispatch.runtime.clone());
        let mut done_by = None;
        core::future::poll_fn(|cx| {
            link.register_runner(cx);
            loop {
                let mut told = false;
                while let Some(event) = self.with_http(|http| http.poll_event()) {
                    self.handle(event);
                    told = true;
                }
                if told {
                    // There may be room again for those that had to wait.
                    link.wake_watchers();
                }
                while let Some(id) = self.with_http(|http| http.poll_abort()) {
                    if let Some(exchange) = lock(&self.running).remove(&id) {
                        exchange.abort();
                    }
                }
                while let Some(fetch) = self.with_http(|http| http.poll_fetch()) {
                    self.start(fetch);
                    told = true;
                }
                if told {
                    continue;
                }
                let now = self.dispatch.runtime.now();
                let state = link.lock();
                let (closed, mut due) = (state.closed.is_some(), state.machine.poll_timeout());
                let done = state.machine.http().is_none_or(|http| http.is_done());
                drop(state);
                if closed {
                    if let Some(authorization) = &self.authorization {
                        authorization.close();
                    }
                    let by = *done_by.get_or_insert(now + LAST_WORDS);
                    if done || now >= by {
                        return Poll::Ready(());
                    }
                    due = due.map_or(Some(by), |due| Some(due.min(by)));
                }
                ready!(timer.poll_until(due, cx));
                link.lock().machine.handle_timeout(self.dispatch.runtime.now());
            }
        })
        .await;
        let running = core::mem::take(&mut *lock(&self.running));
        running.into_values().for_each(|exchange| exchange.abort());
    }

    fn with_http<T>(
        &self,
        take: impl FnOnce(&mut crate::transport::http::HttpClient) -> Option<T>,
    ) -> Option<T> {
        self.dispatch.link.lock().machine.http_mut().and_then(take)
    }

    fn handle(&self, event: HttpClientEvent) {
        let link = &self.dispatch.link;
        match event {
            HttpClientEvent::Session(event) => self.dispatch.handle(event),
            // What the connection said itself says more.
            HttpClientEvent::Fault { request, fault: HttpFault::Connection(_) } => {
                link.blame_last_trouble(request);
            }
            HttpClientEvent::Fault { request, fault } => {
                link.note_trouble(request, Trouble::from(fault));
            }
            HttpClientEvent::Challenge(challenge) => {
                let (link, authorization) = (Arc::clone(link), self.authorization.clone());
                self.dispatch.runtime.spawn(async move {
                    let outcome = match &authorization {
                        Some(authorization) => authorization.settled().await,
                        None => Err(unhelped(&challenge).into()),
                    };
                    link.with(|state, now| {
                        let Some(http) = state.machine.http_mut() else {
                            return;
                        };
                        match outcome {
                            Ok(()) => http.handle_authorized(now),
                            Err(why) => http.handle_unauthorized(now, &why),
                        }
                    });
                });
            }
            HttpClientEvent::ToolsDropped(tools) => {
                if let Some(dropped) = &self.dispatch.handlers.dropped {
                    let _ = catch_unwind(AssertUnwindSafe(|| dropped(&tools)));
                }
            }
        }
    }

    fn start(&self, fetch: Fetch) {
        let task = AbortHandle::default();
        lock(&self.running).insert(fetch.id, task.clone());
        let job = Job {
            link: Arc::clone(&self.dispatch.link),
            pool: self.pool.clone(),
            authorization: self.authorization.clone().filter(|_| fetch.authorize),
            traced: self.dispatch.handlers.traced.clone(),
            id: fetch.id,
        };
        let ended = Ended { running: Arc::clone(&self.running), id: fetch.id };
        self.dispatch.runtime.spawn(async move {
            task.guard(job.run(fetch)).await;
            drop(ended);
        });
    }
}

/// Why a client without OAuth cannot help a refusal, and who can.
fn unhelped(challenge: &Challenge) -> &'static str {
    if challenge.status == StatusCode::FORBIDDEN && challenge.www_authenticate.is_empty() {
        "the server refuses this client and asks for no credentials: its operator may have to allow \
         the host name in its URL or the `Origin`, or whoever set the client up a key in a header"
    } else {
        "the client has no credentials, and no way to get any: set up OAuth, or a header with a key"
    }
}

/// Forgets an exchange that has ended.
struct Ended {
    running: Running,
    id: FetchId,
}

impl Drop for Ended {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}

/// One exchange.
struct Job<P: ClientPlatform> {
    link: Arc<Link>,
    pool: Pool<P>,
    authorization: Option<Arc<Authorization<P>>>,
    traced: Option<Tracer>,
    id: FetchId,
}

impl<P: ClientPlatform> Job<P> {
    async fn run(self, fetch: Fetch) {
        self.trace(Trace::Request(fetch.request.method(), fetch.request.uri()));
        self.trace(Trace::Sent(fetch.request.body()));
        let sent = match &self.authorization {
            Some(authorization) => authorization.send(&self.pool, fetch.request).await,
            None => self.pool.send(fetch.request, None).await,
        };
        let read = match sent {
            Ok(exchange) => self.read(exchange).await,
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            let failure = match error {
                FetchError::NotSent(_) | FetchError::Unauthorized(_) => Failure::NotSent,
                FetchError::Broken(_) => Failure::Broken,
            };
            self.link.note_trouble(None, Trouble::fetch(error));
            self.tell(|http, now, id| http.handle_failure(now, id, failure));
        }
    }

    async fn read(&self, mut exchange: Exchange<P>) -> Result<(), FetchError> {
        self.trace(Trace::Answer(exchange.head().status));
        self.tell(|http, now, id| http.handle_head(now, id, exchange.head()));
        loop {
            // Whoever does not take what comes slows the server down.
            self.link
                .watch(|state| {
                    let full = state.machine.http().is_some_and(|http| !http.wants_input());
                    (!full || state.finished).then_some(())
                })
                .await;
            match exchange.data().await? {
                Some(data) => {
                    self.trace(Trace::Received(&data));
                    self.tell(|http, now, id| http.handle_data(now, id, data));
                }
                None => break,
            }
        }
        self.tell(|http, now, id| http.handle_end(now, id));
        exchange.finish().await;
        Ok(())
    }

    fn trace(&self, trace: Trace<'_>) {
        if let Some(traced) = &self.traced {
            traced(trace);
        }
    }

    fn tell(
        &self,
        tell: impl FnOnce(&mut crate::transport::http::HttpClient, crate::time::Instant, FetchId),
    ) {
        self.link.with(|state, now| {
            if let Some(http) = state.machine.http_mut() {
                tell(http, now, self.id);
            }
        });
    }
}
