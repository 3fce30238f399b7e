//! From the modern era down to HTTP+SSE: what the refusal of a first message means.

use bytes::Bytes;
use http::StatusCode;

use super::exchange::{Exchange, Job, Purpose, Thread};
use super::legacy_sse::Sse;
use super::messages::{rpc_error, status_fault};
use super::{HttpClient, Route, Transport};
use crate::config::Protocol;
use crate::jsonrpc::{ErrorCode, ErrorObject};
use crate::revision::Revision;

/// The refusal of an `initialize`, while something else is tried.
#[derive(Debug)]
pub(super) struct Refused {
    job: Job,
    status: StatusCode,
    body: Bytes,
}

impl HttpClient {
    /// `server/discover` was refused (VER-17).
    pub(super) fn refuse_probe(&mut self, job: &Job, status: StatusCode, body: &Bytes) {
        let at = self.at();
        if !self.session.awaits(job.key) {
            return;
        }
        match rpc_error(body) {
            // VER-18, VER-25.
            Some(error) if is_modern(status, &error) => {
                if error.code() == ErrorCode::METHOD_NOT_FOUND {
                    self.session.handle_modern(at);
                } else {
                    self.answer(job, error);
                }
            }
            // The same would come of `initialize`.
            _ if is_denied(status) => {
                self.fault(None, status_fault(status, body));
                self.session.handle_disconnect(at);
            }
            // VER-19.
            _ => {
                if !self.climbs_down() {
                    self.fault(None, status_fault(status, body));
                }
                self.session.handle_no_discover(at);
            }
        }
    }

    /// `initialize` was refused over Streamable HTTP.
    pub(super) fn refuse_initialize(&mut self, job: Job, status: StatusCode, body: &Bytes) {
        if !self.session.awaits(job.key) {
            return;
        }
        let modern = rpc_error(body).is_some_and(|error| is_modern(status, &error));
        let sse = self.config.transport == Transport::Auto
            && !self.sse_tried
            && falls_back(self.config.session.protocol, status)
            && !(modern && self.climbs_down());
        let refused = Refused { job, status, body: body.clone() };
        if sse {
            self.refused = Some(refused);
            self.try_sse();
        } else {
            self.refuse_finally(refused);
        }
    }

    /// Nothing else is left to try.
    pub(super) fn refuse_finally(&mut self, Refused { job, status, body }: Refused) {
        let at = self.at();
        if !self.session.awaits(job.key) {
            return;
        }
        if let Some(error) = rpc_error(&body) {
            self.answer(&job, error);
        } else {
            self.fault(None, status_fault(status, &body));
            self.session.handle_lost(at, job.key);
        }
    }

    pub(super) fn try_sse(&mut self) {
        self.sse_tried = true;
        self.route = Route::Sse(Sse::default());
        self.start(Exchange::new(Purpose::Events(Thread::default()), self.url.clone()));
    }

    /// Whether the client speaks both eras, and so goes on to the legacy one.
    pub(super) const fn climbs_down(&self) -> bool {
        matches!(self.config.session.protocol, Protocol::Auto | Protocol::LegacyFirst)
    }
}

/// Whether only a server of the modern era says that (VER-25).
fn is_modern(status: StatusCode, error: &ErrorObject) -> bool {
    match error.code() {
        ErrorCode::HEADER_MISMATCH
        | ErrorCode::MISSING_CLIENT_CAPABILITY
        | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => status.is_client_error(),
        ErrorCode::METHOD_NOT_FOUND => status == StatusCode::NOT_FOUND,
        _ => false,
    }
}

/// Whether the refusal is about who asks, not about what.
const fn is_denied(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403)
}

/// Whether the refusal of an `initialize` can mean HTTP+SSE, by the revision that the client
/// goes by: any 4xx (SSE-10), since 2025-11-25 only 400, 404 and 405 (SSE-11, SSE-12).
fn falls_back(protocol: Protocol, status: StatusCode) -> bool {
    match protocol {
        Protocol::Legacy(revision) if revision <= Revision::V2025_06_18 => {
            status.is_client_error() && !is_denied(status)
        }
        _ => matches!(status.as_u16(), 400 | 404 | 405),
    }
}
