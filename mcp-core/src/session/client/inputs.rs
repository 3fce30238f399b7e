//! What the transport tells the session.

use bytes::Bytes;

use super::ClientSession;
use crate::error::{PeerError, RequestError};
use crate::jsonrpc::{EnvelopeError, Frame, Incoming};
use crate::lifecycle::ClientPhase;
use crate::session::{ClientCloseReason, Lane, TransmitKey};
use crate::time::Instant;

impl ClientSession {
    /// Takes a frame from the server.
    ///
    /// # Errors
    /// [`PeerError`] when it is no message. The session lives on.
    pub fn handle_frame(
        &mut self,
        now: Instant,
        lane: Lane,
        frame: Bytes,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(PeerError::Closed);
        }
        match Incoming::parse(&frame, &self.config.limits.envelope) {
            Ok(incoming) => self.handle_incoming(now, lane, incoming),
            Err(error) => {
                self.counters.received += 1;
                Err(self.handle_malformed(error))
            }
        }
    }

    /// Takes a frame that the caller has parsed.
    ///
    /// # Errors
    /// [`PeerError`] when it is a batch the session may not take, or a member of one is no
    /// message.
    pub fn handle_incoming(
        &mut self,
        now: Instant,
        lane: Lane,
        incoming: Incoming,
    ) -> Result<(), PeerError> {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return Err(PeerError::Closed);
        }
        self.counters.received += 1;
        match incoming {
            Incoming::Message(message) => {
                self.handle_message(now, lane, message);
                Ok(())
            }
            Incoming::Batch(messages) => self.handle_batch(now, lane, messages),
        }
    }

    /// Takes note of a frame that the transport did not read to the end because it is larger
    /// than [`EnvelopeLimits::bytes`](crate::jsonrpc::EnvelopeLimits::bytes).
    pub fn handle_oversized_frame(&mut self, now: Instant) {
        self.advance(now);
        self.counters.received += 1;
        self.counters.malformed += 1;
    }

    /// Takes note that the server has a frame: its POST was answered with success, or it has been
    /// written where order is kept.
    ///
    /// What waits behind `notifications/initialized` may leave then (`case_07`).
    pub fn handle_sent(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        self.handshake_sent(now, key);
    }

    /// Takes note that a frame never left.
    ///
    /// A request ends with [`RequestError::NotSent`], or takes its place in the queue again if
    /// the session is starting over. One that the server has asked for input is
    /// [lost](RequestError::Lost) all the same.
    pub fn handle_not_sent(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let Some((handle, sent)) = self.requests.by_key(key) else {
            self.handshake_not_sent(now, key);
            return;
        };
        if self.phase.is_ready() || !self.retry(now, handle) {
            let error = if sent.before { RequestError::Lost } else { RequestError::NotSent };
            self.finish(handle, Err(error));
        }
    }

    /// Takes note that a frame left, and that its answer can never come.
    ///
    /// A request ends with [`RequestError::Lost`]. If the session is starting over and it is safe
    /// to send it twice, it takes its place in the queue again.
    pub fn handle_lost(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let Some((handle, _)) = self.requests.by_key(key) else {
            self.handshake_lost(now, key);
            return;
        };
        if self.phase.is_ready() {
            self.finish(handle, Err(RequestError::Lost));
        } else {
            self.lose(now, handle);
        }
    }

    /// Takes note that the transport knows how a frame ended, better than
    /// [`handle_lost`](Self::handle_lost) could tell: by an HTTP status, for example.
    ///
    /// A request ends with this error. What the handshake cannot do without ends the session.
    pub fn handle_failed(&mut self, now: Instant, key: TransmitKey, error: RequestError) {
        let now = self.advance(now);
        match self.requests.by_key(key) {
            Some((handle, _)) => self.finish(handle, Err(error)),
            None => self.handshake_lost(now, key),
        }
    }

    /// Takes note that the server did not take a frame because it does not know the session any
    /// more: HTTP status 404 in the legacy era (`2025-11-25/basic/transports#session-management`).
    ///
    /// The session starts over, once however many frames tell of it, and the request is sent
    /// again, once; it was not worked on. Other requests in flight are left to what their own
    /// exchanges say.
    pub fn handle_session_gone(&mut self, now: Instant, key: TransmitKey) {
        let now = self.advance(now);
        let request = self.requests.by_key(key);
        if request.is_none() && self.handshake_gone(now, key) {
            return;
        }
        if self.is_current(key) {
            self.begin_again(now);
        }
        if let Some((handle, _)) = request
            && !self.retry(now, handle)
        {
            self.finish(handle, Err(RequestError::SessionGone));
        }
    }

    /// Takes note that the server is of the legacy era, as the transport has found out: by an HTTP
    /// status, because the server ended when it was asked, or because it does not answer.
    ///
    /// `initialize` is sent, also if it was on its way already: the transport is a new one then.
    /// It changes nothing once the handshake is done.
    pub fn handle_no_discover(&mut self, now: Instant) {
        let now = self.advance(now);
        self.fall_back(now);
    }

    /// Takes note that the server is of the modern era, as the transport has found out by an
    /// answer that says nothing more: HTTP status 404 with -32601 in its body (VER-25).
    pub fn handle_modern(&mut self, now: Instant) {
        self.advance(now);
        if matches!(self.phase, ClientPhase::Probing | ClientPhase::Initializing) {
            self.become_modern_unseen();
        }
    }

    /// Takes note that everything sent so far is gone, with the session: there is a new server
    /// process, or a new `endpoint`.
    ///
    /// The session starts over. Requests in flight are sent again, each once, if that is safe: if
    /// their method only reads, or they are [idempotent](crate::session::Outgoing::idempotent). The
    /// others are [lost](RequestError::Lost).
    pub fn restart(&mut self, now: Instant) {
        let now = self.advance(now);
        self.begin_again(now);
        for handle in self.requests.handles() {
            if self.requests.sent(handle).is_some() {
                self.lose(now, handle);
            }
        }
    }

    /// Takes note that the server will send nothing more: every request ends, and the session.
    pub fn handle_end_of_input(&mut self, now: Instant) {
        self.advance(now);
        self.end(ClientCloseReason::Disconnected);
    }

    /// Takes note that nothing can be sent to the server any more: every request ends, and the
    /// session.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.advance(now);
        self.end(ClientCloseReason::Disconnected);
        self.outbox.clear();
    }

    /// Does what is due. Calling it early, late or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        if self.phase == ClientPhase::Closed {
            return;
        }
        while let Some(handle) = self.requests.expired(now) {
            self.give_up_on(handle, "timed out", RequestError::TimedOut);
        }
        while let Some(key) = self.incoming.expired(now) {
            self.expire(key);
        }
        self.handshake_timeout(now);
    }

    pub(super) fn handle_malformed(&mut self, error: EnvelopeError) -> PeerError {
        self.counters.malformed += 1;
        // case_59: only what was a request for sure has somebody who waits for an answer.
        let legacy = self.phase != ClientPhase::Modern;
        if legacy && error.is_answerable() && error.id().is_some() {
            self.answer(Frame::error(error.id(), &error.to_error()));
        }
        PeerError::Envelope(error)
    }
}
