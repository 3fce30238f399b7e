//! HTTP+SSE: one stream for all that the server says, and an endpoint for all that we say
//! (`2024-11-05/basic/transports#http-with-sse`).

use alloc::collections::BTreeSet;

use bytes::Bytes;
use http::{StatusCode, Uri};

use super::exchange::{Job, Purpose, Thread};
use super::messages::{is_gone, rpc_error};
use super::{HttpClient, HttpFault, Route, Transport, url};
use crate::lifecycle::ClientPhase;
use crate::session::TransmitKey;
use crate::transport::http::head;
use crate::transport::sse::SseEvent;

/// Messages whose answers are waited for; more than a session has requests.
const POSTED: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Sse {
    /// Where to send messages; none while there is no stream.
    pub(super) endpoint: Option<Uri>,
    /// Whether there has ever been one.
    connected: bool,
    /// Requests that were sent over the stream there is.
    posted: BTreeSet<TransmitKey>,
}

impl HttpClient {
    /// Takes note that the answer to a frame comes on the stream.
    pub(super) fn note_posted(&mut self, key: TransmitKey) {
        if let Route::Sse(sse) = &mut self.route {
            if sse.posted.len() >= POSTED {
                let session = &self.session;
                sse.posted.retain(|key| session.awaits(*key));
            }
            sse.posted.insert(key);
        }
    }

    /// The server says where to send messages.
    pub(super) fn take_endpoint(&mut self, base: &Uri, event: &SseEvent) -> Result<(), HttpFault> {
        let at = self.at();
        let Route::Sse(sse) = &mut self.route else { return Ok(()) };
        let reference = alloc::string::String::from_utf8_lossy(event.data());
        let uri = url::resolve(base, &reference).map_err(HttpFault::Endpoint)?;
        if !url::same_origin(base, &uri) {
            return Err(HttpFault::EndpointOrigin(uri));
        }
        if sse.endpoint.as_ref() == Some(&uri) {
            return Ok(());
        }
        // A hint that the session is as it was.
        let restored = head::query(uri.query(), "init_required") == Some("false");
        let first = !core::mem::replace(&mut sse.connected, true);
        sse.endpoint = Some(uri);
        if first {
            if self.refused.take().is_some() {
                // On the new way, now.
                self.session.handle_no_discover(at);
            }
            return Ok(());
        }
        match self.session.phase() {
            ClientPhase::Operation if restored => {}
            // It is going to start over anyway; what was sent before is gone with the stream.
            ClientPhase::Initializing if self.session.has_transmit() => {
                for key in core::mem::take(&mut sse.posted) {
                    if self.session.awaits(key) {
                        self.session.handle_lost(at, key);
                    }
                }
            }
            _ => {
                sse.posted.clear();
                self.session.restart(at);
            }
        }
        Ok(())
    }

    /// The stream could not be opened, or has ended.
    pub(super) fn sse_failed(&mut self, mut thread: Thread, fault: HttpFault) {
        let Route::Sse(sse) = &mut self.route else { return };
        let had_endpoint = sse.endpoint.take().is_some();
        let connected = sse.connected;
        // That a stream is cut is the way of the world.
        if !had_endpoint || fault != HttpFault::NoEndpoint {
            self.fault(None, fault);
        }
        let at = self.at();
        if connected {
            let now = self.clock.now();
            match thread.budget.next(now, &self.config.reconnection, &mut self.jitter) {
                Some(next) => self.open_at(next, Purpose::Events(thread)),
                None => {
                    self.fault(None, HttpFault::GaveUp { attempts: thread.budget.attempts() });
                    self.session.handle_disconnect(at);
                }
            }
        } else if let Some(refused) = self.refused.take() {
            self.route = Route::Streamable;
            self.refuse_finally(refused);
        } else if self.config.transport == Transport::Auto {
            // What was known of the server is no longer true, or it serves 2024-11-05 over the
            // transport of its successors, which nothing forbids: from the top of the ladder.
            self.sse_tried = true;
            self.route = Route::Streamable;
        } else {
            self.session.handle_disconnect(at);
        }
    }

    /// A message was refused at the endpoint.
    pub(super) fn refuse_over_sse(&mut self, job: Job, status: StatusCode, body: &Bytes) {
        let error = rpc_error(body);
        if !is_gone(status, error.as_ref()) {
            self.refuse_with(job, status, error, body);
            return;
        }
        let at = self.at();
        self.session.handle_session_gone(at, job.key);
        self.reopen();
    }

    /// Opens another stream: the one there is leads nowhere any more.
    fn reopen(&mut self) {
        let is_it = |purpose: &Purpose| matches!(purpose, Purpose::Events(_));
        let found = self.exchanges.iter().find(|(_, it)| is_it(&it.purpose)).map(|(id, _)| *id);
        let Some(id) = found else { return };
        let Some(mut exchange) = self.exchanges.remove(&id) else { return };
        self.stop(id, &mut exchange);
        if let Purpose::Events(thread) = exchange.purpose {
            self.sse_failed(thread, HttpFault::NoEndpoint);
        }
    }
}
