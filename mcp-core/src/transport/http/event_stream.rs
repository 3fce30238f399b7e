//! The event stream of HTTP+SSE.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response};

use super::SessionId;
use super::pieces::Pieces;
use super::sessions::{Sessions, Slot};
use crate::lifecycle::Phase;
use crate::session::Transmit;
use crate::time::Instant;
use crate::transport::sse;

/// What breaks the silence of a stream.
pub(super) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The body of the answer to `GET /sse`: the session's events, for as long as it lasts.
///
/// The session lives and dies with the stream: dropping it ends the session, and later POSTs to
/// it are answered 404.
pub struct EventStream<A> {
    id: SessionId,
    slot: Arc<Slot<A>>,
    sessions: Arc<Sessions<A>>,
    ready: Pieces,
    keep_alive: Duration,
    keep_alive_at: Instant,
    now: Instant,
}

impl<A> EventStream<A> {
    /// A stream that begins with `greeting`.
    pub(super) fn new(
        now: Instant,
        (id, slot): (SessionId, Arc<Slot<A>>),
        sessions: Arc<Sessions<A>>,
        keep_alive: Duration,
        greeting: &[u8],
    ) -> Self {
        let mut ready = Pieces::default();
        ready.push(greeting);
        Self { id, slot, sessions, ready, keep_alive, keep_alive_at: now + keep_alive, now }
    }

    /// The response head.
    #[must_use]
    pub fn head(&self) -> Response<()> {
        stream_head()
    }

    /// Does what is due: a keep-alive comment, and whatever is due in the session.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let mut session = self.slot.lock();
        session.handle_timeout(now);
        if now < self.keep_alive_at {
            return;
        }
        self.keep_alive_at = now + self.keep_alive;
        // What waits to be read breaks the silence as well as a comment would.
        if self.ready.is_empty() && !session.has_transmit() && session.phase() != Phase::Closed {
            self.ready.push(KEEP_ALIVE);
        }
    }

    /// Ends the session: nothing can reach the client any more. Dropping the stream does the same.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.now = now;
        self.ready.clear();
        self.sessions.remove(self.id);
        self.slot.lock().handle_disconnect(now);
    }

    /// The next piece of the body, if there is one now.
    #[must_use = "a piece that is not written is lost"]
    pub fn poll_data(&mut self, now: Instant) -> Option<Bytes> {
        self.now = now;
        if self.ready.is_empty() {
            self.gather();
        }
        let data = self.ready.pop()?;
        self.keep_alive_at = now + self.keep_alive;
        Some(data)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        let session = self.slot.lock().poll_timeout();
        session.map_or(self.keep_alive_at, |session| session.min(self.keep_alive_at))
    }

    /// Whether the body is complete.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        let session = self.slot.lock();
        self.ready.is_empty() && session.phase() == Phase::Closed && !session.has_transmit()
    }

    /// The session whose events these are.
    #[must_use]
    pub const fn slot(&self) -> &Arc<Slot<A>> {
        &self.slot
    }

    /// Turns frames into events, up to a sensible amount.
    fn gather(&mut self) {
        let mut session = self.slot.lock();
        while !self.ready.is_enough() {
            let Some(Transmit { frame, .. }) = session.poll_transmit() else {
                break;
            };
            self.ready.push_event(frame, |out| out.extend_from_slice(sse::MESSAGE_PREFIX));
        }
    }
}

impl<A> Drop for EventStream<A> {
    fn drop(&mut self) {
        self.handle_disconnect(self.now);
    }
}

impl<A> fmt::Debug for EventStream<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("ready", &self.ready).finish_non_exhaustive()
    }
}

/// The head of any answer that is a stream of events.
pub(super) fn stream_head() -> Response<()> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    response
}
