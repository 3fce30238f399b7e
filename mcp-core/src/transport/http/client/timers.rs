//! What is due when, and a clock that can be stopped.

use core::time::Duration;

use super::exchange::{Exchange, Purpose, Stage};
use super::{FetchId, HttpClient};
use crate::time::{Instant, is_due};

/// What is to be done at its time.
#[derive(Debug)]
pub(super) enum Timer {
    /// To open a stream again, or to send a message again.
    Open(Purpose),
    /// To stop an exchange of which nothing more is needed.
    Linger(FetchId),
}

/// The time of the session, which stands still while somebody logs in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The latest time we were told: time that runs backwards counts as standing still.
    now: Instant,
    stopped: Option<Instant>,
    /// How long it has stood still in all.
    behind: Duration,
}

impl Clock {
    pub(super) const fn new(now: Instant) -> Self {
        Self { now, stopped: None, behind: Duration::ZERO }
    }

    pub(super) fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    pub(super) fn stop(&mut self) {
        self.stopped.get_or_insert(self.now);
    }

    pub(super) fn go_on(&mut self) {
        if let Some(since) = self.stopped.take() {
            self.behind = self.behind.saturating_add(self.now - since);
        }
    }

    /// The time outside.
    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    /// The time of the session.
    pub(super) const fn inside(&self) -> Instant {
        let now = match self.stopped {
            Some(stopped) => stopped,
            None => self.now,
        };
        Instant::from_epoch(now.since_epoch().saturating_sub(self.behind))
    }

    /// When it will be that time in the session, if the clock goes.
    pub(super) fn outside(&self, inside: Instant) -> Option<Instant> {
        self.stopped.is_none().then(|| inside + self.behind)
    }
}

impl HttpClient {
    pub(super) fn set_timer(&mut self, at: Instant, timer: Timer) -> (Instant, u64) {
        self.last_timer += 1;
        self.timers.insert((at, self.last_timer), timer);
        (at, self.last_timer)
    }

    pub(super) fn open_at(&mut self, at: Instant, purpose: Purpose) {
        self.set_timer(at, Timer::Open(purpose));
    }

    /// Gives an exchange some time to come to its end.
    pub(super) fn linger(&mut self, id: FetchId, exchange: &mut Exchange) {
        self.forget_timer(exchange);
        let at = self.clock.now() + self.config.linger;
        exchange.linger = Some(self.set_timer(at, Timer::Linger(id)));
    }

    pub(super) fn forget_timer(&mut self, exchange: &mut Exchange) {
        if let Some(timer) = exchange.linger.take() {
            self.timers.remove(&timer);
        }
    }

    pub(super) fn fire_timers(&mut self) {
        let now = self.clock.now();
        while let Some(first) = self.timers.first_entry() {
            if first.key().0 > now {
                break;
            }
            match first.remove() {
                Timer::Open(purpose) => self.open(purpose),
                Timer::Linger(id) => self.end_waiting(id),
            }
        }
        if is_due(self.challenged, now) {
            self.unauthorized("nobody came up with credentials in time");
        }
        let inside = self.at();
        self.session.handle_timeout(inside);
    }

    /// Stops an exchange that has had its time, and makes do with what there is of it.
    fn end_waiting(&mut self, id: FetchId) {
        let Some(mut exchange) = self.exchanges.remove(&id) else { return };
        if !self.closing && !matches!(exchange.stage, Stage::Drain(_) | Stage::Refused(..)) {
            self.exchanges.insert(id, exchange);
            return;
        }
        self.stop(id, &mut exchange);
        if let Exchange { purpose, stage: Stage::Refused(status, challenges, body), .. } = exchange
        {
            let exchange = Exchange { purpose, stage: Stage::Head, ..exchange };
            self.take_refusal(exchange, status, challenges, body.finish());
        }
    }
}
