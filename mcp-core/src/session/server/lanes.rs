//! One stream of several: what waits for it, and whether there will be more.

use super::ServerSession;
use crate::id::RequestKey;
use crate::session::{Lane, Transmit};
use crate::time::Instant;

/// Where transports have a stream for every exchange. Those with one stream poll for any lane.
impl ServerSession {
    /// Takes note whether somebody reads the standing stream.
    ///
    /// While nobody does, what waits for it is bounded by
    /// [`Limits::parked_frames`](crate::config::Limits::parked_frames) and
    /// [`Limits::parked_bytes`](crate::config::Limits::parked_bytes), beyond which sending is
    /// refused; it neither slows nor ends the session. A session starts out read.
    pub fn set_standing_read(&mut self, now: Instant, read: bool) {
        let now = self.advance(now);
        let limits = (&self.config.limits, &self.config.timeouts);
        self.outbox.park(now, limits, !read);
    }

    /// The next frame to write on one lane.
    #[must_use = "a frame that is not written is lost"]
    pub fn poll_transmit_on(&mut self, lane: Lane) -> Option<Transmit> {
        self.outbox.pop_on(lane)
    }

    /// Whether a frame waits to be written on a lane.
    #[must_use]
    pub fn has_transmit_on(&self, lane: Lane) -> bool {
        !self.outbox.is_empty_on(lane)
    }

    /// Whether a frame that is no response waits to be written on a lane.
    #[must_use]
    pub fn has_message_on(&self, lane: Lane) -> bool {
        self.outbox.has_own(lane)
    }

    /// Whether a lane's requests have all ended. More can wait to be written all the same.
    #[must_use]
    pub fn is_answered(&self, lane: Lane) -> bool {
        match lane {
            Lane::Standing => false,
            Lane::Exchange(exchange) => !self.ids.owes(exchange),
        }
    }

    /// The lanes on which frames wait to be written.
    pub fn lanes_with_transmit(&self) -> impl Iterator<Item = Lane> + '_ {
        self.outbox.lanes()
    }

    /// The lane a request that is being worked on will be answered on.
    #[must_use]
    pub fn lane_of(&self, request: RequestKey) -> Option<Lane> {
        self.in_flight.lane(request)
    }

    /// The lane of the `initialize` that is being answered.
    #[must_use]
    pub fn initialize_lane(&self) -> Option<Lane> {
        self.initialize.as_ref().map(|(_, lane, _)| *lane)
    }
}
