//! The client's end of a session, for applications.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Runtime;
use super::engine::Link;
use crate::app::{Peer, PeerAnswer};
use crate::error::{RequestError, SendError};
use crate::id::RequestHandle;
use crate::jsonrpc::RawJson;
use crate::session::Outgoing;

/// A session reached from the application. It does not keep the session alive.
pub(super) struct SessionPeer<R> {
    pub(super) runtime: R,
    pub(super) link: Weak<Link>,
}

impl<R: Runtime> Peer for SessionPeer<R> {
    fn notify(&self, notification: Outgoing) -> Result<(), SendError<Outgoing>> {
        let Some(link) = self.link.upgrade() else {
            return Err(SendError::Closed(notification));
        };
        let now = self.runtime.now();
        let sent = link.lock().notify(now, notification);
        link.attachment().wake_writer();
        sent
    }

    fn request(&self, request: Outgoing) -> PeerAnswer {
        let Some(link) = self.link.upgrade() else {
            return Box::pin(core::future::ready(Err(RequestError::NotSent)));
        };
        let now = self.runtime.now();
        let answer = Arc::<Answer>::default();
        let mut session = link.lock();
        let Ok(handle) = session.request(now, request) else {
            return Box::pin(core::future::ready(Err(RequestError::NotSent)));
        };
        // Under the lock: the answer must not come before somebody waits for it.
        link.attachment().expect_answer(handle, Arc::clone(&answer));
        drop(session);
        link.attachment().wake_writer();
        let (runtime, link) = (self.runtime.clone(), self.link.clone());
        Box::pin(Waiting { runtime, link, handle, answer, done: false })
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
struct Waiting<R: Runtime> {
    runtime: R,
    link: Weak<Link>,
    handle: RequestHandle,
    answer: Arc<Answer>,
    done: bool,
}

impl<R: Runtime> Future for Waiting<R> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = self.answer.poll(cx);
        self.done |= outcome.is_ready();
        outcome
    }
}

impl<R: Runtime> Drop for Waiting<R> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        if let Some(link) = self.link.upgrade() {
            link.attachment().take_answer(self.handle);
            link.lock().cancel(self.runtime.now(), self.handle, "no longer wanted");
            link.attachment().wake_writer();
        }
    }
}
