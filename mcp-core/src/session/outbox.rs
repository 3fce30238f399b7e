//! Frames that wait to leave, each on the stream it must leave on.

use alloc::collections::VecDeque;

use super::{Counters, Lane, Transmit};
use crate::config::{Limits, Timeouts};
use crate::flat::FlatMap;
use crate::id::RequestHandle;
use crate::small::push_back;
use crate::time::Instant;

/// What a waiting frame costs beyond its own bytes: a flood of tiny ones must not slip through
/// the bounds.
const OVERHEAD: usize = size_of::<Queued>();

/// How many frames the room is for that is kept.
const ROOM: usize = 1;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    standing: Queue,
    exchanges: FlatMap<u64, Queue>,
    /// What waits for exchanges, in all.
    exchanged: Weight,
    /// The room of an exchange that is over, for the next one: each has one frame as a rule.
    spare: VecDeque<Queued>,
    /// Whether nobody reads the standing stream now. What waits for it then has bounds of its
    /// own, and does not stop the session.
    parked: bool,
    /// Frames queued so far: what tells which is the oldest.
    pushed: u64,
    /// When a full outbox that stands still ends the session.
    stall: Option<Instant>,
    /// Whether something has left since the deadline was set.
    moved: bool,
}

/// What a frame says, as far as the outbox has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Response,
    Notification,
    Request(RequestHandle),
}

/// A frame in its place.
#[derive(Debug)]
struct Queued {
    age: u64,
    kind: Kind,
    transmit: Transmit,
}

/// The frames of one stream, oldest first.
#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Queued>,
    bytes: usize,
    /// How many of them are no responses.
    own: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    frames: usize,
    bytes: usize,
}

impl Outbox {
    pub(super) fn push(
        &mut self,
        now: Instant,
        (limits, timeouts): (&Limits, &Timeouts),
        counters: &mut Counters,
        (kind, transmit): (Kind, Transmit),
    ) {
        let cost = cost(&transmit);
        let queue = match transmit.lane {
            Lane::Standing => &mut self.standing,
            Lane::Exchange(exchange) => {
                self.exchanged.frames += 1;
                self.exchanged.bytes = self.exchanged.bytes.saturating_add(cost);
                let queue = self.exchanges.get_or_default(exchange);
                if queue.frames.capacity() == 0 {
                    queue.frames = core::mem::take(&mut self.spare);
                }
                queue
            }
        };
        queue.bytes = queue.bytes.saturating_add(cost);
        queue.own += usize::from(kind != Kind::Response);
        push_back(&mut queue.frames, Queued { age: self.pushed, kind, transmit });
        self.pushed += 1;
        counters.sent += 1;
        counters.outbox_bytes_peak = counters.outbox_bytes_peak.max(self.bytes());
        self.watch(now, limits, timeouts);
    }

    /// Takes the oldest frame of all.
    pub(super) fn pop(&mut self) -> Option<Transmit> {
        if self.exchanges.is_empty() {
            return self.pop_on(Lane::Standing);
        }
        let age = |queue: &Queue| queue.frames.front().map(|queued| queued.age);
        let standing = age(&self.standing).map(|age| (age, Lane::Standing));
        let exchanges = self.exchanges.iter();
        let exchanges =
            exchanges.filter_map(|(lane, queue)| Some((age(queue)?, Lane::Exchange(*lane))));
        let (_, lane) = exchanges.chain(standing).min()?;
        self.pop_on(lane)
    }

    /// Takes the oldest frame of a stream.
    pub(super) fn pop_on(&mut self, lane: Lane) -> Option<Transmit> {
        let transmit = match lane {
            Lane::Standing => self.standing.pop()?,
            Lane::Exchange(exchange) => {
                let queue = self.exchanges.get_mut(&exchange)?;
                let transmit = queue.pop()?;
                if queue.frames.is_empty() {
                    let over = self.exchanges.remove(&exchange).unwrap_or_default();
                    self.keep(over.frames);
                }
                self.exchanged.frames -= 1;
                self.exchanged.bytes = self.exchanged.bytes.saturating_sub(cost(&transmit));
                transmit
            }
        };
        self.moved = true;
        if self.frames() == 0 {
            self.stall = None;
        }
        Some(transmit)
    }

    /// Takes back a request that nobody reads and that is no longer wanted.
    pub(super) fn retract(&mut self, handle: RequestHandle) -> bool {
        let is_it = |queued: &Queued| queued.kind == Kind::Request(handle);
        let place = self.standing.frames.iter().position(is_it).filter(|_| self.parked);
        let queued = place.and_then(|place| self.standing.frames.remove(place));
        queued.map(|queued| self.standing.forget(queued)).is_some()
    }

    /// Takes note whether somebody reads the standing stream.
    pub(super) fn park(
        &mut self,
        now: Instant,
        (limits, timeouts): (&Limits, &Timeouts),
        parked: bool,
    ) {
        self.parked = parked;
        self.stall = None;
        self.watch(now, limits, timeouts);
    }

    /// Whether nobody reads the standing stream, and no more may wait for somebody who does.
    pub(super) fn is_parked_full(&self, limits: &Limits) -> bool {
        let Queue { frames, bytes, .. } = &self.standing;
        self.parked && (frames.len() >= limits.parked_frames || *bytes >= limits.parked_bytes)
    }

    /// Whether nothing has left a full outbox since its deadline was set; sets a new one if
    /// something has.
    pub(super) fn is_stalled(
        &mut self,
        now: Instant,
        limits: &Limits,
        timeouts: &Timeouts,
    ) -> bool {
        if self.stall.is_none_or(|deadline| now < deadline) {
            return false;
        }
        if !self.is_full(limits) {
            self.stall = None;
            return false;
        }
        let stalled = !self.moved;
        self.stall = Some(now + timeouts.stall);
        self.moved = false;
        stalled
    }

    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.bytes() >= limits.outbox_bytes || self.frames() >= limits.outbox_frames
    }

    /// Whether nothing waits for anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.standing.frames.is_empty() && self.exchanges.is_empty()
    }

    pub(super) fn is_empty_on(&self, lane: Lane) -> bool {
        match lane {
            Lane::Standing => self.standing.frames.is_empty(),
            Lane::Exchange(exchange) => !self.exchanges.contains_key(&exchange),
        }
    }

    /// Whether something waits on a lane that is no response.
    pub(super) fn has_own(&self, lane: Lane) -> bool {
        match lane {
            Lane::Standing => self.standing.own > 0,
            Lane::Exchange(exchange) => {
                self.exchanges.get(&exchange).is_some_and(|queue| queue.own > 0)
            }
        }
    }

    /// The lanes on which something waits.
    pub(super) fn lanes(&self) -> impl Iterator<Item = Lane> + '_ {
        let standing = (!self.standing.frames.is_empty()).then_some(Lane::Standing);
        standing.into_iter().chain(self.exchanges.keys().copied().map(Lane::Exchange))
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.stall
    }

    /// Bytes that somebody is expected to read.
    pub(super) const fn bytes(&self) -> usize {
        let standing = if self.parked { 0 } else { self.standing.bytes };
        self.exchanged.bytes.saturating_add(standing)
    }

    /// Frames that somebody is expected to read.
    pub(super) fn frames(&self) -> usize {
        let standing = if self.parked { 0 } else { self.standing.frames.len() };
        self.exchanged.frames + standing
    }

    pub(super) fn clear(&mut self) {
        *self = Self { parked: self.parked, ..Self::default() };
    }

    /// Keeps the room of a queue that is empty, unless it has grown.
    fn keep(&mut self, room: VecDeque<Queued>) {
        if self.spare.capacity() == 0 && room.capacity() <= ROOM {
            self.spare = room;
        }
    }

    /// Starts to count when the outbox has become full.
    fn watch(&mut self, now: Instant, limits: &Limits, timeouts: &Timeouts) {
        if self.is_full(limits) && self.stall.is_none() {
            self.stall = Some(now + timeouts.stall);
            self.moved = false;
        }
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Transmit> {
        let queued = self.frames.pop_front()?;
        Some(self.forget(queued))
    }

    fn forget(&mut self, Queued { kind, transmit, .. }: Queued) -> Transmit {
        self.bytes = self.bytes.saturating_sub(cost(&transmit));
        self.own -= usize::from(kind != Kind::Response);
        transmit
    }
}

fn cost(transmit: &Transmit) -> usize {
    transmit.frame.len().saturating_add(OVERHEAD)
}
