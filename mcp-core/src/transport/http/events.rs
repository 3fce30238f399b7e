//! What is kept of the events that were sent, so that a client whose stream was cut gets the rest.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::SessionId;
use crate::config::HoldBudget;
use crate::jsonrpc::Frame;
use crate::small::SmallMap;
use crate::time::Instant;

/// What a kept event costs beyond its own bytes.
const OVERHEAD: usize = 128;

/// The name of an event within its session: the stream it belongs to, and its place there.
///
/// ```
/// use mcp_core::transport::http::EventId;
///
/// let id = EventId { stream: 3, place: 14 };
/// assert_eq!(id.to_string(), "3-14");
/// assert_eq!(EventId::parse("3-14"), Some(id));
/// assert_eq!(EventId::parse("3"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "an id has these two parts")]
pub struct EventId {
    /// The stream: 0 is the one a client opens with `GET`, the others are answers to `POST`s.
    pub stream: u64,
    /// The place in the stream, from 1.
    pub place: u64,
}

impl EventId {
    /// Reads an id; `None` for a text that is none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, place) = text.split_once('-')?;
        Some(Self { stream: number(stream)?, place: number(place)? })
    }
}

/// A number in the one way we write it.
fn number(text: &str) -> Option<u64> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| canonical)
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stream, self.place)
    }
}

/// Where events are kept. The default is [`MemoryEvents`].
///
/// Its methods are called while the session is locked and must not block.
pub trait EventStore: fmt::Debug + Send + Sync {
    /// The log of a session. Opened when the session has an event to keep, or its client asks for
    /// some; most have no stream, and none.
    fn open(&self, session: SessionId) -> Box<dyn EventLog>;
}

/// The events of one session. Dropping it means the session is over.
pub trait EventLog: fmt::Debug + Send {
    /// Keeps an event. Places in a stream rise by one. A frame is absent for an event that only
    /// gives the client an id to resume from.
    fn append(&mut self, now: Instant, id: EventId, frame: Option<Frame>);

    /// Takes note that nothing more will be appended to a stream.
    fn end(&mut self, now: Instant, stream: u64);

    /// The events of the same stream that came after this one, oldest first; `None` if there is
    /// no such event, or some of those after it are no longer kept.
    fn after(&self, id: EventId) -> Option<Vec<(EventId, Frame)>>;

    /// Forgets what has been kept for long enough.
    fn handle_timeout(&mut self, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever. It may come some seconds
    /// late.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// Keeps events in memory, bounded for each session and for all of them together. What does not
/// fit pushes out what is oldest in its session.
#[derive(Clone, Debug)]
pub struct MemoryEvents {
    session_bytes: usize,
    age: Duration,
    budget: HoldBudget,
}

impl MemoryEvents {
    /// Sets how many bytes a session may keep. Default 2 MiB.
    #[must_use]
    pub const fn with_session_bytes(mut self, bytes: usize) -> Self {
        self.session_bytes = bytes;
        self
    }

    /// Sets how many bytes all sessions may keep together. Default 128 MiB.
    #[must_use]
    pub fn with_total_bytes(mut self, bytes: usize) -> Self {
        self.budget = HoldBudget::new(bytes);
        self
    }

    /// Sets how long an event is kept. Default 5 min: clients reconnect within seconds, or after
    /// a laptop was opened again, and then start anew.
    #[must_use]
    pub const fn with_age(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// Bytes kept now, in all sessions.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.budget.used()
    }
}

impl Default for MemoryEvents {
    fn default() -> Self {
        Self {
            session_bytes: 2 << 20,
            age: Duration::from_secs(5 * 60),
            budget: HoldBudget::new(128 << 20),
        }
    }
}

impl EventStore for MemoryEvents {
    fn open(&self, _session: SessionId) -> Box<dyn EventLog> {
        Box::new(MemoryLog {
            limits: self.clone(),
            streams: SmallMap::new(),
            order: VecDeque::new(),
            bytes: 0,
        })
    }
}

struct MemoryLog {
    limits: MemoryEvents,
    streams: SmallMap<u64, Kept>,
    /// Every event kept, oldest first.
    order: VecDeque<(Instant, u64)>,
    bytes: usize,
}

#[derive(Default)]
struct Kept {
    events: VecDeque<(u64, Option<Frame>)>,
    /// The place of the newest event that was appended.
    last: u64,
    /// The place of the newest event that is gone.
    gone: u64,
    ended: bool,
}

/// Shows sizes only: events hold payload.
impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLog")
            .field("events", &self.order.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl EventLog for MemoryLog {
    fn append(&mut self, now: Instant, id: EventId, frame: Option<Frame>) {
        let cost = cost(frame.as_ref());
        while self.bytes.saturating_add(cost) > self.limits.session_bytes && self.forget_oldest() {}
        let mut fits = cost <= self.limits.session_bytes;
        while fits && !self.limits.budget.take(cost) {
            fits = self.forget_oldest();
        }
        let kept = self.streams.get_or_default(id.stream);
        kept.last = id.place;
        if fits {
            kept.events.push_back((id.place, frame));
            self.order.push_back((now, id.stream));
            self.bytes += cost;
            return;
        }
        // Without it those before it are no use either: there would be a gap.
        kept.gone = id.place;
    }

    fn end(&mut self, _now: Instant, stream: u64) {
        if let Some(kept) = self.streams.get_mut(&stream) {
            kept.ended = true;
            if kept.events.is_empty() {
                self.streams.remove(&stream);
            }
        }
    }

    fn after(&self, id: EventId) -> Option<Vec<(EventId, Frame)>> {
        let kept = self.streams.get(&id.stream)?;
        if !(kept.gone.max(1)..=kept.last).contains(&id.place) {
            return None;
        }
        let events = kept.events.iter().filter(|(place, _)| *place > id.place);
        let named = |(place, frame): &(u64, Option<Frame>)| {
            Some((EventId { place: *place, ..id }, frame.clone()?))
        };
        Some(events.filter_map(named).collect())
    }

    fn handle_timeout(&mut self, now: Instant) {
        let age = self.limits.age;
        while self.order.front().is_some_and(|(since, _)| now - *since >= age) {
            self.forget_oldest();
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.order.front().map(|(since, _)| *since + self.limits.age)
    }
}

impl MemoryLog {
    /// Makes room; false if there is nothing to forget.
    fn forget_oldest(&mut self) -> bool {
        let Some((_, stream)) = self.order.pop_front() else {
            return false;
        };
        let Some(kept) = self.streams.get_mut(&stream) else {
            return true;
        };
        if let Some((place, frame)) = kept.events.pop_front() {
            let cost = cost(frame.as_ref());
            self.bytes -= cost;
            self.limits.budget.give_back(cost);
            kept.gone = kept.gone.max(place);
        }
        if kept.ended && kept.events.is_empty() {
            self.streams.remove(&stream);
        }
        true
    }
}

impl Drop for MemoryLog {
    /// The budget outlives the session.
    fn drop(&mut self) {
        self.limits.budget.give_back(self.bytes);
    }
}

fn cost(frame: Option<&Frame>) -> usize {
    frame.map_or(0, Frame::len).saturating_add(OVERHEAD)
}
