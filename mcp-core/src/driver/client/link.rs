//! What the handle of a client and the task that runs it share.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::ClientError;
use super::handlers::Handlers;
use super::listen::{Filter, Sink};
use super::machine::Machine;
use super::task::Followed;
use super::trouble::Trouble;
use crate::driver::Runtime;
use crate::error::{RequestError, SendError};
use crate::id::RequestHandle;
use crate::jsonrpc::RawJson;
use crate::model::ProgressParams;
use crate::session::{ClientCloseReason, ClientEvent, Outgoing, Server};
use crate::time::Instant;

/// Told of the progress of a request.
pub(super) type Progress = Arc<dyn Fn(ProgressParams) + Send + Sync>;

/// A client's machine, who waits for it, and who runs it.
///
/// Whatever changes the machine wakes the runner, which is the only one that takes events and
/// frames out of it.
pub(super) struct Link {
    state: Mutex<State>,
    clock: Box<dyn Clock>,
}

/// A runtime without its type.
pub(super) trait Clock: Send + Sync {
    fn now(&self) -> Instant;
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl<R: Runtime> Clock for R {
    fn now(&self) -> Instant {
        Runtime::now(self)
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Runtime::sleep_until(self, at))
    }
}

pub(super) struct State {
    pub(super) machine: Machine,
    calls: BTreeMap<RequestHandle, Call>,
    /// Who answers the server. Empty once nothing runs any more.
    pub(super) handlers: Handlers,
    /// The tasks that are followed.
    tasks: Vec<Weak<Followed>>,
    runner: Option<Waker>,
    /// Who waits for the server to be known, or for the end.
    watchers: Vec<Waker>,
    pub(super) server: Option<Arc<Server>>,
    pub(super) closed: Option<ClientCloseReason>,
    /// Nothing runs any more.
    pub(super) finished: bool,
    /// What went wrong last below the protocol.
    trouble: Option<Trouble>,
    pub(super) noise: Noise,
    /// Who listens to a legacy server, which does not tell one listener from another.
    listeners: BTreeMap<u64, (Filter, Weak<Sink>)>,
    last_listener: u64,
}

/// What a server wrote to its standard output that is no message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Noise {
    /// How many lines.
    pub lines: u64,
    /// The beginning of the last one.
    pub last: Option<String>,
}

/// A request that waits for its answer.
struct Call {
    outcome: Option<Result<RawJson, RequestError>>,
    waker: Option<Waker>,
    progress: Option<Progress>,
    sink: Option<Arc<Sink>>,
    /// What went wrong with it below the protocol.
    trouble: Option<Trouble>,
}

impl Link {
    pub(super) fn new(runtime: impl Runtime, machine: Machine, handlers: Handlers) -> Self {
        let state = State {
            machine,
            calls: BTreeMap::new(),
            handlers,
            tasks: Vec::new(),
            runner: None,
            watchers: Vec::new(),
            server: None,
            closed: None,
            finished: false,
            trouble: None,
            noise: Noise::default(),
            listeners: BTreeMap::new(),
            last_listener: 0,
        };
        Self { state: Mutex::new(state), clock: Box::new(runtime) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Changes something, and lets the runner look at it.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State, Instant) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.lock();
        let out = change(&mut state, now);
        let runner = state.runner.take();
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
        out
    }

    /// Takes note of the runner, which then looks at everything.
    pub(super) fn register_runner(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        match &mut state.runner {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
    }

    /// Sends a request. Dropping what is returned cancels it.
    pub(super) fn request(
        self: &Arc<Self>,
        outgoing: Outgoing,
        progress: Option<Progress>,
        sink: Option<Arc<Sink>>,
    ) -> Result<Waiting, ClientError> {
        let sent = self.with(|state, now| {
            let handle = state.machine.request(now, outgoing)?;
            // Under the lock: the answer must not come before somebody waits for it.
            state
                .calls
                .insert(handle, Call { outcome: None, waker: None, progress, sink, trouble: None });
            Ok(handle)
        });
        match sent {
            Ok(handle) => {
                Ok(Waiting { link: Arc::clone(self), handle, done: false, trouble: None })
            }
            Err(error) => Err(self.refused(&error)),
        }
    }

    pub(super) fn notify(&self, outgoing: Outgoing) -> Result<(), ClientError> {
        let sent = self.with(|state, now| state.machine.notify(now, outgoing));
        sent.map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &SendError<Outgoing>) -> ClientError {
        match error {
            SendError::Full(_) => ClientError::Full,
            _ => self.why_closed(),
        }
    }

    /// Why there is no session.
    pub(super) fn why_closed(&self) -> ClientError {
        let state = self.lock();
        let reason = state.closed.clone().unwrap_or(ClientCloseReason::Local);
        // Who never said who it is, and says something else, is perhaps no server.
        let noise = || {
            let is_noise = state.server.is_none() && state.noise.lines > 0;
            is_noise.then(|| Trouble::Noise(state.noise.clone()))
        };
        ClientError::Closed { reason, trouble: state.trouble.clone().or_else(noise) }
    }

    /// Puts down what went wrong below the protocol, and with which request if it was one.
    pub(super) fn note_trouble(&self, request: Option<RequestHandle>, trouble: Trouble) {
        let mut state = self.lock();
        let place = match request.and_then(|request| state.calls.get_mut(&request)) {
            Some(call) => &mut call.trouble,
            None => &mut state.trouble,
        };
        *place = Some(trouble.after(place.as_ref()));
    }

    /// What went wrong last went wrong with this request.
    pub(super) fn blame_last_trouble(&self, request: Option<RequestHandle>) {
        let mut state = self.lock();
        let trouble = state.trouble.clone();
        if let Some(call) = request.and_then(|request| state.calls.get_mut(&request)) {
            call.trouble = trouble;
        }
    }

    pub(super) fn resolve(&self, handle: RequestHandle, outcome: Result<RawJson, RequestError>) {
        let mut state = self.lock();
        let Some(call) = state.calls.get_mut(&handle) else {
            return;
        };
        if call.outcome.is_none() {
            call.outcome = Some(outcome);
        }
        let (waker, sink) = (call.waker.take(), call.sink.take());
        drop(state);
        if let Some(sink) = sink {
            sink.end();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn progress(&self, handle: RequestHandle) -> Option<Progress> {
        self.lock().calls.get(&handle)?.progress.clone()
    }

    pub(super) fn sink(&self, handle: RequestHandle) -> Option<Arc<Sink>> {
        self.lock().calls.get(&handle)?.sink.clone()
    }

    pub(super) fn wake_watchers(&self) {
        let watchers = core::mem::take(&mut self.lock().watchers);
        watchers.into_iter().for_each(Waker::wake);
    }

    /// The runner has ended, or is gone.
    pub(super) fn finish(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.machine.close(now);
        state.finished = true;
        state.closed.get_or_insert(ClientCloseReason::Disconnected);
        // They may hold clients, this one too.
        let handlers = core::mem::take(&mut state.handlers);
        // The session knows which requests never left; nobody else has asked it.
        let mut ended = Vec::new();
        while let Some(event) = state.machine.poll_event() {
            if let ClientEvent::Response(handle, outcome) = event {
                ended.push((handle, outcome));
            }
        }
        let lost = |handle: &RequestHandle| (*handle, Err(RequestError::Lost));
        let rest: Vec<_> = state.calls.keys().map(lost).collect();
        drop(state);
        drop(handlers);
        for (handle, outcome) in ended.into_iter().chain(rest) {
            self.resolve(handle, outcome);
        }
        self.wake_watchers();
    }

    /// Waits until `found` finds something.
    pub(super) async fn watch<T>(&self, mut found: impl FnMut(&State) -> Option<T>) -> T {
        core::future::poll_fn(|cx| {
            let mut state = self.lock();
            if let Some(it) = found(&state) {
                return Poll::Ready(it);
            }
            if !state.watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.watchers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Lets notifications find a task.
    pub(super) fn follow(&self, task: &Arc<Followed>) {
        let mut state = self.lock();
        state.tasks.retain(|task| task.strong_count() > 0);
        state.tasks.push(Arc::downgrade(task));
    }

    pub(super) fn tasks(&self) -> Vec<Arc<Followed>> {
        self.lock().tasks.iter().filter_map(Weak::upgrade).collect()
    }

    /// Lets a sink hear what a legacy server tells to all.
    pub(super) fn listen(&self, filter: Filter, sink: &Arc<Sink>) -> u64 {
        let mut state = self.lock();
        state.last_listener += 1;
        let key = state.last_listener;
        state.listeners.insert(key, (filter, Arc::downgrade(sink)));
        key
    }

    pub(super) fn unlisten(&self, key: u64) {
        self.lock().listeners.remove(&key);
    }

    pub(super) fn listeners(&self) -> Vec<(Filter, Arc<Sink>)> {
        let state = self.lock();
        let all = state.listeners.values();
        all.filter_map(|(filter, sink)| Some((filter.clone(), sink.upgrade()?))).collect()
    }
}

/// A request whose answer is waited for; dropping it cancels the request.
pub(super) struct Waiting {
    link: Arc<Link>,
    handle: RequestHandle,
    done: bool,
    trouble: Option<Trouble>,
}

impl Waiting {
    /// Waits for the result, or for an error as the application is to see it.
    pub(super) async fn answer(mut self) -> Result<RawJson, ClientError> {
        let outcome = core::future::poll_fn(|cx| Pin::new(&mut self).poll(cx)).await;
        outcome.map_err(|error| self.failed(error))
    }

    /// The error for the application, with what went wrong below if that is the cause.
    pub(super) fn failed(&mut self, error: RequestError) -> ClientError {
        let gone = matches!(error, RequestError::NotSent | RequestError::Lost);
        let mut trouble = self.trouble.take();
        if trouble.is_none() && gone {
            trouble.clone_from(&self.link.lock().trouble);
        }
        ClientError::Request { error, trouble }
    }
}

impl Future for Waiting {
    type Output = Result<RawJson, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.link.lock();
        let Some(call) = state.calls.get_mut(&self.handle) else {
            drop(state);
            return Poll::Ready(Err(RequestError::Lost));
        };
        let Some(outcome) = call.outcome.take() else {
            match &mut call.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                waker => *waker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        };
        let trouble = state.calls.remove(&self.handle).and_then(|call| call.trouble);
        drop(state);
        self.trouble = trouble;
        self.done = true;
        Poll::Ready(outcome)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let handle = self.handle;
        let sink = self.link.with(|state, now| {
            let call = state.calls.remove(&handle)?;
            if call.outcome.is_none() {
                state.machine.cancel(now, handle, "no longer wanted");
            }
            call.sink
        });
        drop(sink);
    }
}
