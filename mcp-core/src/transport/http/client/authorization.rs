//! What happens to exchanges that the server wants other credentials for.

use alloc::string::ToString;
use alloc::vec::Vec;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::exchange::{Exchange, Purpose, Stage};
use super::{Challenge, HttpClient, HttpClientEvent, HttpFault, Parked};

/// Whether a status asks for other credentials.
const fn asks(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403)
}

impl HttpClient {
    /// Takes an answer that is an error, whole.
    pub(super) fn take_refusal(
        &mut self,
        exchange: Exchange,
        status: StatusCode,
        challenges: Vec<HeaderValue>,
        body: Bytes,
    ) {
        let wanted = asks(status)
            && !self.closing
            && self.is_trusted(&exchange)
            && exchange.challenges < self.config.limits.challenges
            && !matches!(exchange.purpose, Purpose::Nothing | Purpose::End(_));
        if !wanted {
            self.refuse(exchange.purpose, status, &body);
        } else if exchange.authorization < self.authorization {
            self.start_again(exchange);
        } else {
            self.park(Parked { exchange, status, body }, challenges);
        }
    }

    pub(super) fn authorized(&mut self) {
        self.authorization = self.authorization.saturating_add(1);
        self.challenged = None;
        self.clock.go_on();
        for parked in core::mem::take(&mut self.parked) {
            self.start_again(parked.exchange);
        }
    }

    pub(super) fn unauthorized(&mut self, reason: &str) {
        self.challenged = None;
        self.clock.go_on();
        for Parked { exchange, status, body } in core::mem::take(&mut self.parked) {
            let request = exchange.purpose.job().and_then(super::Job::handle);
            self.fault(request, HttpFault::Unauthorized { status, reason: reason.to_string() });
            self.refuse(exchange.purpose, status, &body);
        }
    }

    fn park(&mut self, parked: Parked, www_authenticate: Vec<HeaderValue>) {
        let (status, uri) = (parked.status, parked.exchange.uri.clone());
        self.parked.push(parked);
        if self.challenged.is_some() {
            return;
        }
        self.challenged = Some(self.clock.now() + self.config.challenge_timeout);
        self.clock.stop();
        self.tell(HttpClientEvent::Challenge(Challenge { status, www_authenticate, uri }));
    }

    /// Sends again what was refused.
    fn start_again(&mut self, mut exchange: Exchange) {
        exchange.challenges += 1;
        exchange.stage = Stage::Head;
        exchange.left = false;
        self.start(exchange);
    }
}
