//! The two machines a client can be made of.

use alloc::boxed::Box;

use crate::config::ClientConfig;
use crate::error::SendError;
use crate::id::{RequestHandle, RequestTicket};
use crate::jsonrpc::Reply;
use crate::revision::Revision;
use crate::session::{ClientEvent, ClientSession, Outgoing};
use crate::time::Instant;
use crate::transport::http::{HttpClient, HttpClientEvent};

/// What the handle commands.
pub(super) enum Machine {
    /// A session over a pair of streams.
    Pipe(Box<ClientSession>),
    /// A session over HTTP.
    Http(Box<HttpClient>),
}

/// Calls the same method of either.
macro_rules! either {
    ($self:ident, $machine:ident => $call:expr) => {
        match $self {
            Self::Pipe($machine) => $call,
            Self::Http($machine) => $call,
        }
    };
}

impl Machine {
    pub(super) fn request(
        &mut self,
        now: Instant,
        item: Outgoing,
    ) -> Result<RequestHandle, SendError<Outgoing>> {
        either!(self, it => it.request(now, item))
    }

    pub(super) fn notify(
        &mut self,
        now: Instant,
        item: Outgoing,
    ) -> Result<(), SendError<Outgoing>> {
        either!(self, it => it.notify(now, item))
    }

    pub(super) fn respond(&mut self, now: Instant, ticket: RequestTicket, reply: Reply) {
        either!(self, it => it.respond(now, ticket, reply));
    }

    pub(super) fn cancel(&mut self, now: Instant, handle: RequestHandle, reason: &str) {
        either!(self, it => it.cancel(now, handle, reason));
    }

    pub(super) fn close(&mut self, now: Instant) {
        either!(self, it => it.close(now));
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        either!(self, it => it.handle_timeout(now));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        either!(self, it => it.poll_timeout())
    }

    /// The next event of the session.
    pub(super) fn poll_event(&mut self) -> Option<ClientEvent> {
        match self {
            Self::Pipe(session) => session.poll_event(),
            Self::Http(http) => loop {
                if let HttpClientEvent::Session(event) = http.poll_event()? {
                    return Some(event);
                }
            },
        }
    }

    /// The session over a pair of streams, if it is one.
    pub(super) fn pipe(&mut self) -> Option<&mut ClientSession> {
        match self {
            Self::Pipe(session) => Some(session),
            Self::Http(_) => None,
        }
    }

    /// The client over HTTP, if it is one.
    pub(super) const fn http(&self) -> Option<&HttpClient> {
        match self {
            Self::Pipe(_) => None,
            Self::Http(http) => Some(http),
        }
    }

    pub(super) const fn http_mut(&mut self) -> Option<&mut HttpClient> {
        match self {
            Self::Pipe(_) => None,
            Self::Http(http) => Some(http),
        }
    }

    pub(super) fn config(&self) -> &ClientConfig {
        match self {
            Self::Pipe(session) => session.config(),
            Self::Http(http) => http.session().config(),
        }
    }

    pub(super) fn revision(&self) -> Option<Revision> {
        match self {
            Self::Pipe(session) => session.revision(),
            Self::Http(http) => http.session().revision(),
        }
    }
}
