//! Messages of ours on their way, and what becomes of them.

use alloc::string::ToString;
use alloc::vec::Vec;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::exchange::{Body, Exchange, Job, Purpose, Stage};
use super::streams::Listening;
use super::timers::Timer;
use super::{Failure, FetchId, HttpClient, HttpFault, RedirectRefusal, Route, excerpt, redirect};
use crate::error::RequestError;
use crate::jsonrpc::{EnvelopeLimits, ErrorCode, ErrorObject, Incoming, Message, Response};
use crate::lifecycle::ClientPhase;
use crate::session::{ClientTransmit, Lane, TransmitKey, TransmitKind};
use crate::transport::http::head::Fields;
use crate::transport::sse::Decoder;

/// Challenges of one answer that are kept.
const CHALLENGES: usize = 16;

/// What an answer holds, by its head.
enum Content {
    Json,
    Events,
    Other(alloc::string::String),
}

impl HttpClient {
    pub(super) fn take_transmit(&mut self, transmit: ClientTransmit) {
        let modern = transmit
            .revision
            .is_some_and(|revision| revision.era() == crate::revision::Era::Modern);
        match transmit.kind {
            TransmitKind::Cancel(_) => {
                let heard = transmit.cancels.is_none_or(|key| self.stop_message(key));
                // SHTTP-M11: the end of the exchange has said it.
                if modern || !heard {
                    let at = self.at();
                    self.session.handle_sent(at, transmit.key);
                    return;
                }
            }
            TransmitKind::Probe => self.endpoint = self.url.clone(),
            TransmitKind::Initialize => {
                // A new session: nothing of the old one goes with it (SHTTP-L26).
                self.endpoint = self.url.clone();
                self.session_id = None;
                self.generation = self.generation.saturating_add(1);
                self.stop_listening();
            }
            TransmitKind::Initialized => self.announced = Some(transmit.key),
            _ => {}
        }
        let in_session = !modern && self.session_id.is_some();
        let (uri, over_sse) = match &self.route {
            Route::Streamable => (self.endpoint.clone(), false),
            Route::Sse(sse) => (sse.endpoint.clone().unwrap_or_else(|| self.url.clone()), true),
        };
        let job = Job::new(transmit, self.generation, (in_session, over_sse));
        self.start(Exchange::new(Purpose::Message(job.into()), uri));
    }

    pub(super) fn take_head(&mut self, id: FetchId, mut exchange: Exchange, head: &Parts) {
        let status = head.status;
        if !matches!(exchange.stage, Stage::Head) || !exchange.left || status.is_informational() {
            self.exchanges.insert(id, exchange);
            return;
        }
        if redirect::is_redirect(status) {
            self.redirect(id, exchange, head);
            return;
        }
        if !status.is_success() {
            let challenges = head.headers.get_all(WWW_AUTHENTICATE).iter().take(CHALLENGES);
            let challenges: Vec<HeaderValue> = challenges.cloned().collect();
            exchange.stage = Stage::Refused(status, challenges, Body::default());
            self.linger(id, &mut exchange);
            self.exchanges.insert(id, exchange);
            return;
        }
        if exchange.purpose.connects() {
            self.endpoint = exchange.uri.clone();
        }
        self.accepted(id, exchange, head);
    }

    /// Takes a head that says that all is well so far.
    fn accepted(&mut self, id: FetchId, mut exchange: Exchange, head: &Parts) {
        let at = self.at();
        if let Purpose::Message(job) = &mut exchange.purpose {
            self.session.handle_sent(at, job.key);
            if job.over_sse && job.is_request() {
                self.note_posted(job.key);
            }
            if job.over_sse || !job.is_request() {
                self.drain(id, exchange);
                return;
            }
            if job.kind == TransmitKind::Initialize {
                job.offered = self.offered_session(&head.headers);
            }
        }
        let takes_json = match &exchange.purpose {
            Purpose::Message(_) | Purpose::Refresh(_) => true,
            Purpose::Resume(_) | Purpose::Listen(_) | Purpose::Events(_) => false,
            Purpose::End(_) | Purpose::Nothing => {
                self.drain(id, exchange);
                return;
            }
        };
        exchange.stage = match content(&head.headers) {
            Content::Json if takes_json => Stage::Json(Body::default()),
            Content::Events => {
                let limit = self.config.limits.event_bytes;
                let mut decoder = Decoder::new().with_max_event_bytes(limit);
                if let Some(last) =
                    exchange.purpose.thread().and_then(|it| it.last_event_id.as_ref())
                {
                    decoder = decoder.with_last_event_id(last);
                }
                Stage::Events(decoder.into())
            }
            content => {
                let found = match content {
                    Content::Other(found) => found,
                    _ => "application/json".to_string(),
                };
                let purpose = core::mem::replace(&mut exchange.purpose, Purpose::Nothing);
                self.drain(id, exchange);
                self.fail(purpose, HttpFault::ContentType { found });
                return;
            }
        };
        self.exchanges.insert(id, exchange);
    }

    pub(super) fn take_data(&mut self, id: FetchId, mut exchange: Exchange, data: Bytes) {
        let limits = self.config.limits;
        match &mut exchange.stage {
            Stage::Head => {}
            Stage::Json(body) => {
                if body.len().saturating_add(data.len()) > limits.body_bytes {
                    self.stop(id, &mut exchange);
                    let fault = HttpFault::TooLarge { limit: limits.body_bytes };
                    self.fail(exchange.purpose, fault);
                    return;
                }
                body.push(data);
            }
            Stage::Refused(_, _, body) => {
                let room = limits.error_bytes.saturating_sub(body.len());
                let full = data.len() >= room;
                body.push(data.slice(..data.len().min(room)));
                if full {
                    self.stop(id, &mut exchange);
                    self.conclude(exchange);
                    return;
                }
            }
            Stage::Events(decoder) => {
                decoder.handle_bytes(data);
                self.read_events(id, exchange);
                return;
            }
            Stage::Drain(bytes) => {
                *bytes = bytes.saturating_add(data.len());
                if *bytes > limits.error_bytes {
                    self.stop(id, &mut exchange);
                    return;
                }
            }
        }
        self.exchanges.insert(id, exchange);
    }

    /// Takes the end of an exchange, good or bad.
    pub(super) fn take_end(
        &mut self,
        id: FetchId,
        mut exchange: Exchange,
        failure: Option<Failure>,
    ) {
        if !exchange.left {
            // Nobody can know how it ended.
            self.exchanges.insert(id, exchange);
            return;
        }
        self.forget_timer(&mut exchange);
        match (exchange.stage, failure) {
            (Stage::Head, failure) => {
                self.no_answer(exchange.purpose, failure.unwrap_or(Failure::Broken));
            }
            (Stage::Json(_), Some(failure)) => {
                self.fail(exchange.purpose, HttpFault::Connection(failure));
            }
            (Stage::Json(body), None) => self.take_body(exchange.purpose, body.finish()),
            (Stage::Events(_), _) => self.stream_ended(exchange.purpose),
            (stage @ Stage::Refused(..), _) => self.conclude(Exchange { stage, ..exchange }),
            (Stage::Drain(_), _) => {}
        }
    }

    fn conclude(&mut self, mut exchange: Exchange) {
        let stage = core::mem::replace(&mut exchange.stage, Stage::Head);
        if let Stage::Refused(status, challenges, body) = stage {
            self.take_refusal(exchange, status, challenges, body.finish());
        }
    }

    /// Takes a JSON answer.
    fn take_body(&mut self, purpose: Purpose, body: Bytes) {
        match purpose {
            Purpose::Message(mut job) => {
                self.take_frame(job.key.lane(), body, Some(&mut job));
                self.lose(*job, HttpFault::NoResponse);
            }
            Purpose::Refresh(refresh) => self.take_refreshed(*refresh, &body),
            _ => {}
        }
    }

    /// Hands a message of the server to the session.
    pub(super) fn take_frame(&mut self, lane: Lane, frame: Bytes, job: Option<&mut Job>) {
        let at = self.at();
        if let Err(error) = self.session.handle_frame(at, lane, frame)
            && !self.session.is_closed()
        {
            let request = job.as_ref().and_then(|job| job.handle());
            self.fault(request, HttpFault::Malformed(error.to_string()));
        }
        // SHTTP-L20, case_14: nothing but a result of `initialize` makes a session.
        if let Some(job) = job
            && job.kind == TransmitKind::Initialize
            && job.generation == self.generation
            && self.session.phase() == ClientPhase::Announcing
            && let Some(id) = job.offered.take()
        {
            self.session_id = Some(id);
        }
    }

    /// Ends a request that can get no answer any more; nothing if it has one.
    pub(super) fn lose(&mut self, job: Job, fault: HttpFault) {
        let at = self.at();
        if job.is_request() && !self.session.awaits(job.key) {
            return;
        }
        if job.kind == TransmitKind::Probe && self.climbs_down() {
            // That is no way for a server of the modern era to answer.
            self.session.handle_no_discover(at);
            return;
        }
        self.fault(job.handle(), fault);
        self.session.handle_lost(at, job.key);
    }

    /// Ends what an exchange was for, which failed before it had brought anything.
    pub(super) fn fail(&mut self, purpose: Purpose, fault: HttpFault) {
        match purpose {
            Purpose::Message(job) | Purpose::Resume(job) => self.lose(*job, fault),
            Purpose::Listen(_) => {
                self.listening = Listening::Off;
                self.fault(None, fault);
            }
            Purpose::Events(thread) => self.sse_failed(thread, fault),
            Purpose::Refresh(refresh) => self.refresh_failed(*refresh),
            Purpose::End(_) | Purpose::Nothing => {}
        }
    }

    /// The server said nothing at all.
    fn no_answer(&mut self, purpose: Purpose, failure: Failure) {
        let fault = HttpFault::Connection(failure);
        let at = self.at();
        match purpose {
            Purpose::Message(job) => match (job.kind, failure) {
                (TransmitKind::Probe | TransmitKind::Initialize, Failure::NotSent)
                | (TransmitKind::Initialized, _) => self.recover(*job, fault),
                (TransmitKind::Initialize, Failure::Broken) if self.was_ready => {
                    self.recover(*job, fault);
                }
                (_, Failure::NotSent) => {
                    if !job.is_request() || self.session.awaits(job.key) {
                        self.fault(job.handle(), fault);
                        self.session.handle_not_sent(at, job.key);
                    }
                }
                // It may have come through: then the answer comes on the stream.
                (_, Failure::Broken) if job.over_sse && job.is_request() => {
                    self.session.handle_sent(at, job.key);
                    self.note_posted(job.key);
                }
                (_, Failure::Broken) => self.lose(*job, fault),
            },
            Purpose::Resume(job) => self.resume(*job, fault),
            Purpose::Listen(thread) => self.listen_again(thread, fault),
            purpose => self.fail(purpose, fault),
        }
    }

    /// Sends a part of the handshake again, later: a server that has been there before may come
    /// back.
    fn recover(&mut self, job: Job, fault: HttpFault) {
        let waits = match job.kind {
            TransmitKind::Initialized => self.session.phase() == ClientPhase::Announcing,
            _ => self.session.awaits(job.key),
        };
        if !waits {
            return;
        }
        self.fault(None, fault);
        let again = self.was_ready || job.kind == TransmitKind::Initialized;
        let now = self.clock.now();
        let next = self.recovery.next(now, &self.config.reconnection, &mut self.jitter);
        match next.filter(|_| again) {
            Some(next) => self.open_at(next, Purpose::Message(job.into())),
            None => {
                let at = self.at();
                self.session.handle_disconnect(at);
            }
        }
    }

    /// Takes an error status, with all that was said.
    pub(super) fn refuse(&mut self, purpose: Purpose, status: StatusCode, body: &Bytes) {
        match purpose {
            Purpose::Message(job) if job.over_sse => self.refuse_over_sse(*job, status, body),
            Purpose::Message(job) => match job.kind {
                TransmitKind::Probe => self.refuse_probe(&job, status, body),
                TransmitKind::Initialize => self.refuse_initialize(*job, status, body),
                _ => self.refuse_message(*job, status, body),
            },
            Purpose::Resume(job) => self.refuse_resume(*job, status, body),
            Purpose::Listen(thread) => self.refuse_listen(thread, status, body),
            Purpose::Events(thread) => self.sse_failed(thread, status_fault(status, body)),
            Purpose::Refresh(refresh) => self.refresh_failed(*refresh),
            Purpose::End(_) | Purpose::Nothing => {}
        }
    }

    fn refuse_message(&mut self, job: Job, status: StatusCode, body: &Bytes) {
        let at = self.at();
        let error = rpc_error(body);
        if job.in_session && is_gone(status, error.as_ref()) {
            self.session.handle_session_gone(at, job.key);
            return;
        }
        self.refuse_with(job, status, error, body);
    }

    /// Ends a message that the server refused.
    pub(super) fn refuse_with(
        &mut self,
        job: Job,
        status: StatusCode,
        error: Option<ErrorObject>,
        body: &Bytes,
    ) {
        let at = self.at();
        if job.is_request() && !self.session.awaits(job.key) {
            return;
        }
        match error {
            Some(error) if job.is_request() => {
                if error.code() == ErrorCode::HEADER_MISMATCH && may_refresh(&job) {
                    self.refresh(job, error);
                } else {
                    self.answer(&job, error);
                }
            }
            _ => {
                self.fault(job.handle(), status_fault(status, body));
                if job.is_request() {
                    let error = RequestError::Status(status.as_u16());
                    self.session.handle_failed(at, job.key, error);
                } else {
                    self.session.handle_lost(at, job.key);
                }
            }
        }
    }

    /// Hands an error to the session as the answer to a request, whatever id it came with: the
    /// exchange says which one it is.
    pub(super) fn answer(&mut self, job: &Job, error: ErrorObject) {
        let request = Incoming::parse(&job.body, &own_limits());
        let Ok(Incoming::Message(Message::Request(request))) = request else { return };
        let response = Response { id: Some(request.id), outcome: Err(error) };
        let incoming = Incoming::Message(Message::Response(response));
        let at = self.at();
        // A single response is never refused.
        let _ = self.session.handle_incoming(at, job.key.lane(), incoming);
    }

    fn redirect(&mut self, id: FetchId, mut exchange: Exchange, head: &Parts) {
        let limit = self.config.limits.redirects;
        let method = match exchange.purpose {
            Purpose::Message(_) | Purpose::Refresh(_) => Method::POST,
            Purpose::End(_) => Method::DELETE,
            _ => Method::GET,
        };
        let to = if exchange.redirects >= limit {
            Err(RedirectRefusal::TooMany { limit })
        } else {
            redirect::target(&exchange.uri, &method, head)
        };
        let purpose = core::mem::replace(&mut exchange.purpose, Purpose::Nothing);
        let (redirects, challenges) = (exchange.redirects + 1, exchange.challenges);
        self.drain(id, exchange);
        match to {
            Ok(uri) => {
                self.start(Exchange { redirects, challenges, ..Exchange::new(purpose, uri) });
            }
            Err(refusal) => self.refuse_redirect(purpose, head.status, refusal),
        }
    }

    fn refuse_redirect(&mut self, purpose: Purpose, status: StatusCode, refusal: RedirectRefusal) {
        let at = self.at();
        match purpose {
            Purpose::Message(job) if job.is_request() => {
                if !self.session.awaits(job.key) {
                    return;
                }
                self.fault(job.handle(), refusal);
                if job.kind == TransmitKind::Probe {
                    // It would send `initialize` to the same place.
                    self.session.handle_disconnect(at);
                } else {
                    let error = RequestError::Status(status.as_u16());
                    self.session.handle_failed(at, job.key, error);
                }
            }
            purpose => self.fail(purpose, refusal.into()),
        }
    }

    /// Stops the exchange of a message; whether the server may have heard of it.
    fn stop_message(&mut self, key: TransmitKey) -> bool {
        let is_it = |purpose: &Purpose| purpose.job().is_some_and(|job| job.key == key);
        let found = self.exchanges.iter().find(|(_, it)| is_it(&it.purpose)).map(|(id, _)| *id);
        if let Some(id) = found
            && let Some(mut exchange) = self.exchanges.remove(&id)
        {
            let heard = self.stop(id, &mut exchange);
            return heard || !matches!(exchange.purpose, Purpose::Message(_));
        }
        let parked = self.parked.len();
        self.parked.retain(|it| !is_it(&it.exchange.purpose));
        if self.parked.len() < parked {
            return false;
        }
        self.timers.retain(|_, timer| !matches!(timer, Timer::Open(purpose) if is_it(purpose)));
        true
    }

    /// The session id a server offers, if it is one.
    fn offered_session(&mut self, headers: &HeaderMap) -> Option<HeaderValue> {
        let visible = |id: &HeaderValue| id.as_bytes().iter().all(u8::is_ascii_graphic);
        match Fields::of(headers).session_id.single() {
            Ok(None) => None,
            Ok(Some(id)) if visible(id) && !id.is_empty() => {
                let mut id = id.clone();
                id.set_sensitive(true);
                Some(id)
            }
            _ => {
                self.fault(None, HttpFault::SessionId);
                None
            }
        }
    }
}

/// Whether a refusal says that the session is over. Some servers say 400 where the specification
/// wants 404 (`case_16`).
pub(super) fn is_gone(status: StatusCode, error: Option<&ErrorObject>) -> bool {
    if status == StatusCode::NOT_FOUND {
        return true;
    }
    status == StatusCode::BAD_REQUEST
        && error.is_some_and(|error| {
            let message = error.message().to_ascii_lowercase();
            let words = ["no valid", "not found", "invalid", "missing", "expired", "unknown"];
            message.contains("session") && words.iter().any(|word| message.contains(word))
        })
}

/// The error a body holds, if it is a JSON-RPC response with one.
pub(super) fn rpc_error(body: &Bytes) -> Option<ErrorObject> {
    match Incoming::parse(body, &EnvelopeLimits::default()) {
        Ok(Incoming::Message(Message::Response(response))) => response.outcome.err(),
        _ => None,
    }
}

pub(super) fn status_fault(status: StatusCode, body: &[u8]) -> HttpFault {
    HttpFault::Status { status, text: excerpt(body) }
}

fn may_refresh(job: &Job) -> bool {
    job.is_modern() && !job.refreshed && job.method.as_deref() == Some("tools/call")
}

/// What we have written ourselves is read whatever its size.
fn own_limits() -> EnvelopeLimits {
    EnvelopeLimits { bytes: usize::MAX, ..EnvelopeLimits::default() }
}

/// What an answer holds. One that does not say so is taken for JSON: it is parsed anyway.
fn content(headers: &HeaderMap) -> Content {
    if Fields::of(headers).is_json() || !headers.contains_key(CONTENT_TYPE) {
        return Content::Json;
    }
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = excerpt(kind);
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        Content::Events
    } else {
        Content::Other(kind)
    }
}
