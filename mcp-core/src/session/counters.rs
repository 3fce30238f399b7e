//! What a session has counted.

use core::time::Duration;

/// Totals since the session began, and high-water marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Frames received.
    pub received: u64,
    /// Frames queued to leave.
    pub sent: u64,
    /// Requests given to the application.
    pub dispatched: u64,
    /// Requests that were held.
    pub held: u64,
    /// Held requests let through.
    pub released: u64,
    /// Time that released requests waited in all.
    pub held_for: Duration,
    /// Requests refused because they came without a handshake in sight.
    pub refused_not_initialized: u64,
    /// Held requests refused because the handshake did not come in time.
    pub refused_hold_timeout: u64,
    /// Requests refused because the hold queue was full.
    pub refused_hold_queue_full: u64,
    /// Requests refused for an id already in use.
    pub refused_duplicate_id: u64,
    /// Requests refused for a method the server does not have.
    pub refused_unknown_method: u64,
    /// Requests refused because too many were in flight.
    pub refused_busy: u64,
    /// Frames that were no message.
    pub malformed: u64,
    /// Requests of the peer that it cancelled, held or in flight.
    pub cancelled: u64,
    /// Requests the application did not answer in time.
    pub expired: u64,
    /// Answers of the application to requests that had ended before.
    pub late_replies: u64,
    /// Responses of the peer to nothing we asked, or asked no longer.
    pub unknown_responses: u64,
    /// Progress of the peer on nothing we asked, or asked no longer.
    pub unknown_progress: u64,
    /// Notifications that say nothing in the phase they came in.
    pub ignored_notifications: u64,
    /// Requests of the server in an era that has none; a client does not answer them.
    pub ignored_requests: u64,
    /// How often a client's session has started over.
    pub restarts: u64,
    /// Requests a client has sent again after that.
    pub retried: u64,
    /// Requests a client has sent again with the input they needed.
    pub rounds: u64,
    /// Requests a client has answered from what it kept.
    pub cache_hits: u64,
    /// Events that were dropped because nobody polled them.
    pub dropped_events: u64,
    /// Most requests held at a time.
    pub held_peak: usize,
    /// Most bytes held at a time.
    pub held_bytes_peak: usize,
    /// Most requests in flight at a time.
    pub in_flight_peak: usize,
    /// Most bytes waiting to leave at a time.
    pub outbox_bytes_peak: usize,
}
