//! A request of the modern era: its handler runs inside its answer.
//!
//! There is no task and no session. Whoever polls the answer polls the handler, and whoever drops
//! the answer, because its client is gone, drops the handler: that is how such a request is
//! cancelled.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context as Polling, Poll, Waker, ready};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::engine::{Engine, failed};
use super::shutdown::Started;
use super::timer::Timer;
use super::{Runtime, Shutdown};
use crate::app::{Connection, Context, Handler, Peer, PeerAnswer};
use crate::error::{RequestError, SendError};
use crate::id::RequestKey;
use crate::jsonrpc::Reply;
use crate::lifecycle::Method;
use crate::modern::ModernRequest;
use crate::session::Outgoing;
use crate::transport::http::{ModernAnswer, ModernCall, Payload};

/// The only request of its connection.
const KEY: RequestKey = RequestKey(0);

/// A request at work.
pub(super) struct Call<R: Runtime> {
    runtime: R,
    /// Gone when there is no use in working on.
    work: Option<Pin<Box<dyn Future<Output = Reply> + Send>>>,
    shared: Arc<Shared>,
    timer: Timer<R>,
    /// The signal that ends a subscription; other requests are let go on.
    stop: Option<Started>,
}

/// The answer as both sides reach it: the handler, which may be anywhere, and its reader.
struct Shared(Mutex<State>);

struct State {
    answer: ModernAnswer,
    /// The reader, asleep.
    reader: Option<Waker>,
}

impl<R: Runtime> Call<R> {
    /// Starts working on a request.
    pub(super) fn start<H: Handler>(
        engine: &Arc<Engine<R, H>>,
        call: Box<ModernCall>,
        stop: &Shutdown,
    ) -> Self {
        let ModernCall { request, answer, principal, .. } = *call;
        let ModernRequest { id, method, params, progress_token, caller } = request;
        let shared = Arc::new(Shared(Mutex::new(State { answer, reader: None })));
        let connection = Connection::stateless(Arc::clone(&shared) as Arc<dyn Peer>, caller);
        if let Some(principal) = principal {
            connection.authorize(principal);
        }
        let context = Context::new(connection, KEY, progress_token).with_id(id);
        let stop = (method == Method::SubscriptionsListen).then(|| stop.started());
        let handler = Arc::clone(engine);
        let mut call = Self {
            runtime: engine.runtime.clone(),
            work: Some(Box::pin(async move {
                handler.handler.call(context, method, Some(params)).await
            })),
            shared,
            timer: Timer::new(engine.runtime.clone()),
            stop,
        };
        // Handlers expect to be polled once where they arrive, and then again: here that is the
        // same place, and nobody needs to be woken for it.
        call.work_on(&mut Polling::from_waker(Waker::noop()));
        call
    }

    /// The head of the answer, once something decides it.
    pub(super) fn poll_response(
        &mut self,
        cx: &mut Polling<'_>,
        room: &mut HeaderMap,
    ) -> Poll<Response<Payload>> {
        self.poll(cx, |answer| answer.poll_response_in(room))
    }

    /// The next piece of a stream; `None` when it is complete.
    pub(super) fn poll_data(&mut self, cx: &mut Polling<'_>) -> Poll<Option<Bytes>> {
        let now = self.runtime.now();
        self.poll(cx, |answer| match answer.poll_data(now) {
            None if answer.is_ended() => Some(None),
            data => data.map(Some),
        })
    }

    /// Works until `take` finds something.
    fn poll<T>(
        &mut self,
        cx: &mut Polling<'_>,
        mut take: impl FnMut(&mut ModernAnswer) -> Option<T>,
    ) -> Poll<T> {
        loop {
            self.work_on(cx);
            let mut state = self.shared.lock();
            if let Some(taken) = take(&mut state.answer) {
                return Poll::Ready(taken);
            }
            // Under the same lock: what comes later wakes.
            state.reader = Some(cx.waker().clone());
            let due = state.answer.poll_timeout();
            drop(state);
            ready!(self.timer.poll_until(due, cx));
            self.shared.lock().answer.handle_timeout(self.runtime.now());
        }
    }

    fn work_on(&mut self, cx: &mut Polling<'_>) {
        let stopped = |stop: &mut Started| Pin::new(stop).poll(cx).is_ready();
        if self.stop.as_mut().is_some_and(stopped) {
            self.stop = None;
            self.shared.lock().answer.drain();
        }
        let Some(work) = &mut self.work else {
            return;
        };
        let mut state = self.shared.lock();
        // Awake, and about to look for itself.
        state.reader = None;
        let is_answered = state.answer.is_answered();
        drop(state);
        if is_answered {
            self.work = None;
            return;
        }
        let reply = match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(reply)) => reply,
            Err(_) => Err(failed()),
        };
        self.shared.lock().answer.respond(&reply);
        self.work = None;
    }
}

impl<R: Runtime> Drop for Call<R> {
    /// What the handler has left running elsewhere must not keep the answer in memory.
    fn drop(&mut self) {
        self.work = None;
        self.shared.lock().answer.handle_disconnect();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client of one answer can be told things about its request, and asked nothing (SHTTP-M02).
impl Peer for Shared {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        let mut state = self.lock();
        state.answer.notify(notification)?;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    fn request(&self, _: Outgoing) -> PeerAnswer {
        Box::pin(core::future::ready(Err(RequestError::NotSent)))
    }
}
