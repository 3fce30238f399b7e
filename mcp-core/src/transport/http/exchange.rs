//! The answer to a POST, before it is known what kind of answer it is.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};

use super::McpStream;
use super::mcp::{self, SESSION_ID};
use super::refusal::{json, json_in};
use super::server::Shared;
use super::sessions::{Place, Slot, SlotGuard};
use super::streams::{Reader, lane};
use crate::id::RequestId;
use crate::lifecycle::Phase;
use crate::session::Lane;
use crate::time::Instant;

/// The answer to a message that holds requests, to come.
///
/// It is JSON if the first that is to be sent is the whole answer, and a stream of events
/// otherwise, or when the work takes long.
///
/// Dropping it does not cancel the work (SHTTP-22), but nobody will hear what it came to: only
/// streams of events can be resumed. An `initialize` that nobody waits for is given up.
pub struct Exchange<A> {
    shared: Arc<Shared<A>>,
    slot: Arc<Slot<A>>,
    stream: u64,
    reader: Option<Reader>,
    /// The request, if there is just one.
    request: Option<RequestId>,
    /// Room for the session that begins here.
    place: Option<Place<A>>,
    decide_by: Instant,
    now: Instant,
    /// Whether the session may have had something to tell when the answer was given.
    tells: bool,
}

/// The answer to a POST.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer<A> {
    /// All of it.
    Full(Response<Bytes>),
    /// A stream of events.
    Stream(McpStream<A>),
}

impl<A> Exchange<A> {
    pub(super) fn new(
        now: Instant,
        shared: Arc<Shared<A>>,
        slot: Arc<Slot<A>>,
        (stream, reader): (u64, Reader),
        request: Option<RequestId>,
        place: Option<Place<A>>,
    ) -> Self {
        let decide_by = now + shared.config.stream_after;
        let reader = Some(reader);
        Self { shared, slot, stream, reader, request, place, decide_by, now, tells: true }
    }

    /// Does what is due in the session.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.slot.lock().tick(now);
    }

    /// Takes note that nobody waits for the answer any more. Dropping the exchange does the same.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.now = now;
        let Some(reader) = self.reader.take() else { return };
        let mut session = self.slot.lock();
        if self.place.take().is_some() {
            session.handle_disconnect(now);
        } else {
            session.detach(now, (self.stream, reader));
        }
    }

    /// The answer, once it is known what kind it is.
    #[must_use = "an answer that is not sent is lost"]
    pub fn poll_answer(&mut self, now: Instant) -> Option<Answer<A>> {
        self.poll_answer_in(now, &mut HeaderMap::new())
    }

    /// The same, with the headers of an answer of JSON in the room of others that are not needed any
    /// more and have been cleared, such as those of the request: it allocates nothing for them.
    #[must_use = "an answer that is not sent is lost"]
    pub fn poll_answer_in(&mut self, now: Instant, room: &mut HeaderMap) -> Option<Answer<A>> {
        self.now = now;
        let lane = self.lane();
        let reader = self.reader?;
        let mut session = self.slot.lock();
        let answered = session.is_answered(lane);
        if session.has_message_on(lane) || (!answered && self.is_late(now, &mut session)) {
            if let Some(streams) = session.streams() {
                streams.start(self.stream);
            }
            drop(session);
            self.reader = None;
            let (slot, stream) = (Arc::clone(&self.slot), (self.stream, reader));
            return Some(Answer::Stream(McpStream::begin(now, slot, stream, &self.shared.config)));
        }
        if !answered && !session.is_closed() {
            return None;
        }
        self.reader = None;
        let mut frames = core::iter::from_fn(|| session.poll_transmit_on(lane));
        let first = frames.next().map(|transmit| transmit.frame.into_bytes());
        let more = frames.map(|transmit| transmit.frame.into_bytes()).collect();
        if let Some(streams) = session.streams() {
            streams.close_exchange(self.stream);
        }
        // What becomes of a session that has just begun is decided below.
        self.tells = self.place.is_some() || session.queued_events() > 0;
        drop(session);
        Some(Answer::Full(self.full(now, first, more, room)))
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, or the answer becomes a stream.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let decides = self.place.is_none().then_some(self.decide_by);
        let session = self.slot.lock().poll_timeout();
        decides.into_iter().chain(session).min()
    }

    /// Whether the session may have something to tell, now that the answer has been given: poll it
    /// for events.
    #[must_use]
    pub const fn tells(&self) -> bool {
        self.tells
    }

    /// The session the message was for.
    #[must_use]
    pub const fn slot(&self) -> &Arc<Slot<A>> {
        &self.slot
    }

    /// The lane of the session that leaves here.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        lane(self.stream)
    }

    /// Whether to begin with an answer whose first message is still to come. The answer to
    /// `initialize` is never begun: its head says whether there is a session.
    fn is_late(&self, now: Instant, session: &mut SlotGuard<'_>) -> bool {
        let hangs_up = session.streams().is_some_and(|it| it.is_hanging_up(self.stream));
        self.place.is_none() && !session.is_closed() && (now >= self.decide_by || hangs_up)
    }

    /// The whole answer: one response as it is, more of them as an array.
    fn full(
        &mut self,
        now: Instant,
        first: Option<Bytes>,
        more: Vec<Bytes>,
        room: &mut HeaderMap,
    ) -> Response<Bytes> {
        match (self.place.take(), first) {
            (Some(place), Some(result)) => self.welcome(now, place, result),
            (place, None) => {
                if place.is_some() {
                    self.slot.lock().handle_disconnect(now);
                }
                self.nothing()
            }
            (None, Some(answer)) if self.request.is_some() && more.is_empty() => {
                json_in(room, answer)
            }
            (None, Some(first)) => {
                let mut array = BytesMut::from(&b"["[..]);
                array.extend_from_slice(&first);
                for frame in more {
                    array.extend_from_slice(b",");
                    array.extend_from_slice(&frame);
                }
                array.extend_from_slice(b"]");
                json(array.freeze())
            }
        }
    }

    /// The answer to `initialize`: only a result makes a session (`case_14`).
    fn welcome(&self, now: Instant, place: Place<A>, result: Bytes) -> Response<Bytes> {
        let mut session = self.slot.lock();
        let Some(id) = self.slot.session_id() else {
            return json(result);
        };
        if !matches!(session.phase(), Phase::Responded | Phase::Operation) {
            session.handle_disconnect(now);
            return json(result);
        }
        if let Err(refusal) = place.fill(id, &self.slot) {
            session.handle_disconnect(now);
            return refusal.into_response();
        }
        self.shared.look_after(now, &mut session);
        let deadline = now + self.shared.session.timeouts.handshake;
        if let Some(streams) = session.streams() {
            streams.confirm_by(Some(deadline));
        }
        let mut response = json(result);
        response.headers_mut().insert(SESSION_ID, id.to_header());
        response
    }

    /// There is no answer: the request was cancelled, or its session has ended.
    fn nothing(&self) -> Response<Bytes> {
        if self.slot.lock().is_closed() {
            return mcp::gone(self.request.as_ref());
        }
        let mut response = super::event_stream::stream_head().map(|()| Bytes::new());
        *response.body_mut() = Bytes::from_static(b": cancelled\n\n");
        response
    }
}

impl<A> Drop for Exchange<A> {
    fn drop(&mut self) {
        self.handle_disconnect(self.now);
    }
}

impl<A> fmt::Debug for Exchange<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("stream", &self.stream).finish_non_exhaustive()
    }
}
