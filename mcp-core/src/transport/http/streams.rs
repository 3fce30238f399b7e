//! The streams of one session of Streamable HTTP: who reads which, and what is kept of them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::schedule::{Appointment, Schedule};
use super::server::SWEEP;
use super::{EventId, EventLog, EventStore, SessionId};
use crate::flat::{FlatMap, FlatSet};
use crate::jsonrpc::Frame;
use crate::revision::Revision;
use crate::session::{Lane, ServerSession, StreamsSnapshot};
use crate::time::{Instant, is_due};

/// The stream a client opens with `GET`.
pub(super) const STANDING: u64 = 0;

/// What a session needs beside itself when it has many streams.
#[derive(Debug)]
pub(super) struct Streams {
    log: Log,
    /// When the session is looked at although nobody reads any of them.
    appointment: Appointment,
    /// Streams that can still get messages.
    live: FlatMap<u64, Live>,
    /// Those of them, the standing one aside, that were events and that nobody reads now.
    detached: FlatSet<u64>,
    exchanges: u64,
    readers: u64,
    /// When the session ends unless its client shows that it has heard of it.
    unconfirmed_until: Option<Instant>,
}

/// The events of the session, once there are any, or somebody asks for some: most sessions have no
/// stream that could be resumed.
#[derive(Debug)]
struct Log {
    store: Arc<dyn EventStore>,
    opened: Option<Box<dyn EventLog>>,
}

impl Log {
    fn open(&mut self, session: SessionId) -> &mut dyn EventLog {
        &mut **self.opened.get_or_insert_with(|| self.store.open(session))
    }
}

#[derive(Debug, Default)]
struct Live {
    /// The place of its newest event.
    place: u64,
    reader: Option<Reader>,
    /// Whether its client has been sent events: only then can it ask for the rest.
    streamed: bool,
    /// Its connection is to be closed, and its client to come back for the rest later.
    hang_up: Option<Duration>,
}

/// Whoever writes a stream: a new one takes it from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader(u64);

/// What to do for the reader of a stream.
pub(super) enum Turn {
    /// Send this event.
    Send(EventId, Frame),
    /// Nothing for now.
    Wait,
    /// There will be nothing more.
    End,
    /// Close the connection; the client comes back after this time.
    HangUp(Duration),
}

impl Streams {
    pub(super) fn new(
        id: SessionId,
        store: &Arc<dyn EventStore>,
        schedule: &Arc<Schedule>,
    ) -> Self {
        // One for the standing stream, and one for the answer to a `POST`.
        let mut live = FlatMap::with_room_for(2);
        live.insert(STANDING, Live { streamed: true, ..Live::default() });
        Self {
            log: Log { store: Arc::clone(store), opened: None },
            appointment: Appointment::new(schedule, id),
            live,
            detached: FlatSet::new(),
            exchanges: 0,
            readers: 0,
            unconfirmed_until: None,
        }
    }

    /// Streams of a session that was elsewhere: names that were used there are not used again.
    pub(super) fn restore(
        id: SessionId,
        store: &Arc<dyn EventStore>,
        schedule: &Arc<Schedule>,
        at: StreamsSnapshot,
    ) -> Self {
        let mut streams = Self::new(id, store, schedule);
        streams.exchanges = at.exchanges;
        if let Some(standing) = streams.live.get_mut(&STANDING) {
            standing.place = at.standing;
        }
        streams
    }

    pub(super) fn snapshot(&self) -> StreamsSnapshot {
        let standing = self.live.get(&STANDING).map_or(0, |live| live.place);
        StreamsSnapshot { exchanges: self.exchanges, standing }
    }

    /// A stream for the answer to a `POST`, and its reader.
    pub(super) fn open_exchange(&mut self) -> (u64, Reader) {
        self.exchanges += 1;
        let reader = self.next_reader();
        self.live.insert(self.exchanges, Live { reader: Some(reader), ..Live::default() });
        (self.exchanges, reader)
    }

    /// Ends a stream that nobody can ask for: its answer is no stream of events.
    pub(super) fn close_exchange(&mut self, stream: u64) {
        self.live.remove(&stream);
    }

    /// Makes the stream one of events.
    pub(super) fn start(&mut self, stream: u64) {
        if let Some(live) = self.live.get_mut(&stream) {
            live.streamed = true;
        }
    }

    /// Gives the stream a new reader; the one before has nothing to read any more (`case_21`).
    pub(super) fn take_over(
        &mut self,
        now: Instant,
        session: &mut ServerSession,
        stream: u64,
    ) -> Option<Reader> {
        let reader = self.next_reader();
        let live = self.live.get_mut(&stream)?;
        live.reader = Some(reader);
        live.hang_up = None;
        self.detached.remove(&stream);
        if stream == STANDING {
            session.set_standing_read(now, true);
        }
        Some(reader)
    }

    /// Takes note that a reader is gone; nothing if another has taken over.
    pub(super) fn detach(
        &mut self,
        now: Instant,
        session: &mut ServerSession,
        (stream, reader): (u64, Reader),
    ) {
        let Some(live) = self.live.get_mut(&stream).filter(|live| live.reader == Some(reader))
        else {
            return;
        };
        live.reader = None;
        if stream == STANDING {
            session.set_standing_read(now, false);
        } else {
            self.detached.insert(stream);
        }
    }

    /// Asks for the connection of a stream to be closed; false if nobody reads it.
    pub(super) fn hang_up(&mut self, stream: u64, retry: Duration) -> bool {
        let live = self.live.get_mut(&stream).filter(|live| live.reader.is_some());
        live.map(|live| live.hang_up = Some(retry)).is_some()
    }

    pub(super) fn is_hanging_up(&self, stream: u64) -> bool {
        self.live.get(&stream).is_some_and(|live| live.hang_up.is_some())
    }

    /// Moves what nobody reads to where it is kept. What its client cannot ask for is dropped.
    pub(super) fn collect(&mut self, session: &mut ServerSession) {
        if self.detached.is_empty() {
            return;
        }
        let now = session.latest();
        for stream in self.detached.clone() {
            let lane = Lane::Exchange(stream);
            while let Some(transmit) = session.poll_transmit_on(lane) {
                if self.live.get(&stream).is_some_and(|live| live.streamed) {
                    self.append(now, stream, Some(transmit.frame));
                }
            }
            if session.is_answered(lane) {
                self.finish(now, stream);
            }
        }
    }

    /// What the reader of a stream is to do next.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        session: &mut ServerSession,
        (stream, reader): (u64, Reader),
    ) -> Turn {
        let lane = lane(stream);
        match self.live.get(&stream) {
            Some(live) if live.reader == Some(reader) => {
                if let Some(retry) = live.hang_up {
                    self.detach(now, session, (stream, reader));
                    return Turn::HangUp(retry);
                }
            }
            _ => return Turn::End,
        }
        if let Some(transmit) = session.poll_transmit_on(lane) {
            let id = self.append(now, stream, Some(transmit.frame.clone()));
            return Turn::Send(id, transmit.frame);
        }
        if session.is_answered(lane) || session.is_closed() {
            self.finish(now, stream);
            return Turn::End;
        }
        Turn::Wait
    }

    /// An event that only has an id, for the client to resume from (SHTTP-L07).
    pub(super) fn prime(&mut self, now: Instant, stream: u64) -> EventId {
        self.append(now, stream, None)
    }

    /// What came after an event, on its stream alone (SHTTP-L19).
    pub(super) fn after(&mut self, id: EventId) -> Option<Vec<(EventId, Frame)>> {
        self.log.open(self.appointment.session()).after(id)
    }

    /// Takes note that the client has been told of the session, or has shown that it knows.
    pub(super) const fn confirm_by(&mut self, deadline: Option<Instant>) {
        self.unconfirmed_until = deadline;
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, session: &mut ServerSession) {
        if let Some(log) = &mut self.log.opened {
            log.handle_timeout(now);
        }
        if is_due(self.unconfirmed_until, now) {
            session.close(now);
        }
    }

    /// Has the session looked after from now on.
    pub(super) fn look_after(&mut self, now: Instant) {
        self.appointment.set(now + SWEEP);
    }

    /// Has the session looked at again when something is due.
    pub(super) fn look_again(&mut self, now: Instant, session: &ServerSession) {
        self.appointment.set(self.due(session).unwrap_or(now + SWEEP));
    }

    /// Has the session looked at soon if something is due before it would be.
    pub(super) fn keep_time(&mut self, session: &ServerSession) {
        let soon = session.latest() + SWEEP;
        if let Some(at) = self.appointment.at().filter(|at| *at > soon)
            && (session.is_closed() || self.due(session).is_some_and(|due| due < at))
        {
            self.appointment.set(soon);
        }
    }

    /// When something is due in the session or its streams, if ever.
    fn due(&self, session: &ServerSession) -> Option<Instant> {
        let log = self.log.opened.as_ref().and_then(|log| log.poll_timeout());
        let dues = [session.poll_timeout(), log, self.unconfirmed_until];
        dues.into_iter().flatten().min()
    }

    /// Whether somebody reads any of the streams.
    pub(super) fn is_read(&self) -> bool {
        self.live.iter().any(|(_, live)| live.reader.is_some())
    }

    fn append(&mut self, now: Instant, stream: u64, frame: Option<Frame>) -> EventId {
        let live = self.live.get_or_default(stream);
        live.place += 1;
        let id = EventId { stream, place: live.place };
        self.log.open(self.appointment.session()).append(now, id, frame);
        id
    }

    fn finish(&mut self, now: Instant, stream: u64) {
        self.live.remove(&stream);
        self.detached.remove(&stream);
        if let Some(log) = &mut self.log.opened {
            log.end(now, stream);
        }
    }

    const fn next_reader(&mut self) -> Reader {
        self.readers += 1;
        Reader(self.readers)
    }
}

/// The lane of a session whose frames leave on a stream.
pub(super) const fn lane(stream: u64) -> Lane {
    match stream {
        STANDING => Lane::Standing,
        exchange => Lane::Exchange(exchange),
    }
}

/// Whether streams of this revision begin with an event to resume from; clients of those before
/// may fail on one (SHTTP-L07).
pub(super) fn is_primed(revision: Option<Revision>) -> bool {
    revision.is_some_and(|revision| revision >= Revision::V2025_11_25)
}
