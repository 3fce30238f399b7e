//! The client's end of a session, for applications.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Runtime;
use super::engine::{Engine, Link};
use crate::app::{Handler, Peer, PeerAnswer};
use crate::error::{RequestError, SendError};
use crate::id::{RequestHandle, RequestKey};
use crate::jsonrpc::RawJson;
use crate::session::Outgoing;

/// A session reached from the application. It does not keep the session alive, nor the
/// application that may keep it.
pub(super) struct SessionPeer<R, H> {
    pub(super) engine: Weak<Engine<R, H>>,
    pub(super) link: Weak<Link>,
}

impl<R: Runtime, H: Handler> SessionPeer<R, H> {
    #[expect(clippy::type_complexity, reason = "a pair that is taken apart at once")]
    fn upgrade(&self) -> Option<(Arc<Engine<R, H>>, Arc<Link>)> {
        Some((self.engine.upgrade()?, self.link.upgrade()?))
    }
}

impl<R: Runtime, H: Handler> SessionPeer<R, H> {
    /// The client of one request of the modern era.
    pub(super) const fn about(self, request: RequestKey) -> RequestPeer<R, H> {
        RequestPeer { session: self, request }
    }
}

/// The client of one request of the modern era: it can be told things about that, and asked
/// nothing (SHTTP-M02).
pub(super) struct RequestPeer<R, H> {
    session: SessionPeer<R, H>,
    request: RequestKey,
}

impl<R: Runtime, H: Handler> Peer for RequestPeer<R, H> {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        self.session.notify(notification.about(self.request))
    }

    fn request(&self, _: Outgoing) -> PeerAnswer {
        Box::pin(core::future::ready(Err(RequestError::NotSent)))
    }
}

/// The client that sent a notification of the modern era.
pub(super) struct Unreachable;

impl Peer for Unreachable {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        Err(SendError::Ended(notification))
    }

    fn request(&self, _: Outgoing) -> PeerAnswer {
        Box::pin(core::future::ready(Err(RequestError::NotSent)))
    }
}

impl<R: Runtime, H: Handler> Peer for SessionPeer<R, H> {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        let Some((engine, link)) = self.upgrade() else {
            return Err(SendError::Closed(notification));
        };
        let sent = link.lock().notify(engine.runtime.now(), notification);
        engine.pump(&link);
        sent
    }

    fn request(&self, request: Outgoing) -> PeerAnswer {
        let unsent = || Box::pin(core::future::ready(Err(RequestError::NotSent)));
        let Some((engine, link)) = self.upgrade() else {
            return unsent();
        };
        let answer = Arc::<Answer>::default();
        let mut session = link.lock();
        let Ok(handle) = session.request(engine.runtime.now(), request) else {
            return unsent();
        };
        // Under the lock: the answer must not come before somebody waits for it.
        link.attachment().expect_answer(handle, Arc::clone(&answer));
        drop(session);
        engine.pump(&link);
        let peer = Self { engine: self.engine.clone(), link: self.link.clone() };
        Box::pin(Waiting { peer, handle, answer, done: false })
    }

    fn hang_up(&self, request: RequestKey, retry: Duration) -> bool {
        let lane = self.link.upgrade().and_then(|link| {
            let lane = link.lock().hang_up(request, retry)?;
            link.attachment().wake_writer(lane);
            Some(lane)
        });
        lane.is_some()
    }
}

type Outcome = Result<RawJson, RequestError>;

/// Where an answer of the client is put down and picked up.
#[derive(Default)]
pub(super) struct Answer(Mutex<(Option<Outcome>, Option<Waker>)>);

impl Answer {
    pub(super) fn put(&self, outcome: Outcome) {
        let mut state = self.state();
        state.0 = Some(outcome);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Outcome> {
        let mut state = self.state();
        if let Some(outcome) = state.0.take() {
            return Poll::Ready(outcome);
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, (Option<Outcome>, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request of ours that waits for its answer; dropping it cancels the request.
struct Waiting<R: Runtime, H: Handler> {
    peer: SessionPeer<R, H>,
    handle: RequestHandle,
    answer: Arc<Answer>,
    done: bool,
}

impl<R: Runtime, H: Handler> Future for Waiting<R, H> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = self.answer.poll(cx);
        self.done |= outcome.is_ready();
        outcome
    }
}

impl<R: Runtime, H: Handler> Drop for Waiting<R, H> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        if let Some((engine, link)) = self.peer.upgrade() {
            link.attachment().take_answer(self.handle);
            let now = engine.runtime.now();
            link.lock().cancel(now, self.handle, "no longer wanted");
            engine.pump(&link);
        }
    }
}
