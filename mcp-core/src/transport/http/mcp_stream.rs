//! The event streams of Streamable HTTP.

use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Response;

use super::event_stream::{KEEP_ALIVE, stream_head};
use super::pieces::Pieces;
use super::sessions::Slot;
use super::streams::{Reader, Turn, is_primed, lane};
use super::{EventId, HttpConfig};
use crate::jsonrpc::Frame;
use crate::session::Lane;
use crate::time::Instant;
use crate::transport::sse::EventFields;

/// How long clients wait before they reconnect if the configuration does not say.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// What a stream begins with when it has no event to begin with: proxies pass on the head of an
/// answer with the first byte of its body (`case_31`).
const OPENING: &[u8] = b": open\n\n";

/// The body of an answer that is a stream of events: to a `GET`, or to a `POST`.
///
/// The session outlives it. Dropping it leaves the work for it going on (SHTTP-22); what that
/// comes to is kept for a while, for the client to ask for with `Last-Event-ID`.
pub struct McpStream<A> {
    slot: Arc<Slot<A>>,
    stream: u64,
    reader: Option<Reader>,
    ready: Pieces,
    keep_alive: Duration,
    keep_alive_at: Instant,
    now: Instant,
}

impl<A> McpStream<A> {
    /// A stream that begins, with an event to resume from if the client knows what to do with it.
    pub(super) fn begin(
        now: Instant,
        slot: Arc<Slot<A>>,
        (stream, reader): (u64, Reader),
        config: &HttpConfig,
    ) -> Self {
        let mut ready = Pieces::default();
        let mut guard = slot.lock();
        let primed = is_primed(guard.revision());
        match guard.streams().filter(|_| primed) {
            Some(streams) => {
                let id = streams.prime(now, stream);
                let retry = config.retry.unwrap_or(RETRY);
                write(EventFields::new().with_retry(retry), id, b"", &mut ready);
            }
            None => ready.push(OPENING),
        }
        drop(guard);
        Self::new(now, slot, (stream, Some(reader)), config, ready)
    }

    /// A stream that goes on after an event; without a reader it ends with what was kept.
    pub(super) fn resume(
        now: Instant,
        slot: Arc<Slot<A>>,
        (stream, reader): (u64, Option<Reader>),
        config: &HttpConfig,
        missed: impl IntoIterator<Item = (EventId, Frame)>,
    ) -> Self {
        let mut ready = Pieces::default();
        for (id, frame) in missed {
            push(id, frame, &mut ready);
        }
        if ready.is_empty() {
            ready.push(OPENING);
        }
        Self::new(now, slot, (stream, reader), config, ready)
    }

    fn new(
        now: Instant,
        slot: Arc<Slot<A>>,
        (stream, reader): (u64, Option<Reader>),
        config: &HttpConfig,
        ready: Pieces,
    ) -> Self {
        let keep_alive = config.keep_alive;
        let keep_alive_at = now + keep_alive;
        Self { slot, stream, reader, ready, keep_alive, keep_alive_at, now }
    }

    /// The response head.
    #[must_use]
    pub fn head(&self) -> Response<()> {
        stream_head()
    }

    /// Does what is due: a keep-alive comment, and whatever is due in the session.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let lane = self.lane();
        let mut session = self.slot.lock();
        session.tick(now);
        if now < self.keep_alive_at {
            return;
        }
        self.keep_alive_at = now + self.keep_alive;
        // What waits to be read breaks the silence as well as a comment would.
        if self.ready.is_empty() && !session.has_transmit_on(lane) && !session.is_closed() {
            self.ready.push(KEEP_ALIVE);
        }
    }

    /// Takes note that nothing can reach the client on this stream any more. Dropping the stream
    /// does the same.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.now = now;
        self.ready.clear();
        if let Some(reader) = self.reader.take() {
            self.slot.lock().detach(now, (self.stream, reader));
        }
    }

    /// The next piece of the body, if there is one now.
    #[must_use = "a piece that is not written is lost"]
    pub fn poll_data(&mut self, now: Instant) -> Option<Bytes> {
        self.now = now;
        if self.ready.is_empty() {
            self.gather(now);
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
        self.ready.is_empty() && self.reader.is_none()
    }

    /// The session whose events these are.
    #[must_use]
    pub const fn slot(&self) -> &Arc<Slot<A>> {
        &self.slot
    }

    /// The lane of the session that leaves here.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        lane(self.stream)
    }

    /// Turns frames into events, up to a sensible amount.
    fn gather(&mut self, now: Instant) {
        let Some(reader) = self.reader else { return };
        let mut session = self.slot.lock();
        while !self.ready.is_enough() {
            match session.turn(now, (self.stream, reader)) {
                Turn::Send(id, frame) => push(id, frame, &mut self.ready),
                Turn::Wait => return,
                Turn::End => {
                    self.reader = None;
                    return;
                }
                Turn::HangUp(retry) => {
                    self.reader = None;
                    self.ready.push(format!("retry: {}\n\n", retry.as_millis()).as_bytes());
                    return;
                }
            }
        }
    }
}

fn push(id: EventId, frame: Frame, ready: &mut Pieces) {
    let id = format!("{id}");
    let fields = EventFields::message().with_id(&id).unwrap_or_default();
    ready.push_event(frame, |out| fields.write_prefix(out));
}

fn write(fields: EventFields<'_>, id: EventId, data: &[u8], ready: &mut Pieces) {
    let id = format!("{id}");
    let mut event = BytesMut::new();
    fields.with_id(&id).unwrap_or(fields).write(data, &mut event);
    ready.push(&event);
}

impl<A> Drop for McpStream<A> {
    fn drop(&mut self) {
        self.handle_disconnect(self.now);
    }
}

impl<A> fmt::Debug for McpStream<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}
