//! Streams of events: what comes on them, and how they go on when they are cut.

use bytes::Bytes;
use http::StatusCode;

use super::exchange::{Exchange, Job, Purpose, Stage, Thread};
use super::messages::{is_gone, rpc_error, status_fault};
use super::timers::Timer;
use super::{FetchId, HttpClient, HttpFault, Route};
use crate::lifecycle::ClientPhase;
use crate::session::{Lane, TransmitKind};
use crate::transport::sse::{Decoder, SseEvent};

/// Whether there is a stream for what the server sends unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listening {
    /// Not yet, or not any more.
    Idle,
    /// There is one, or one is to be opened.
    Open,
    /// The server has none, or it was given up.
    Off,
}

impl Purpose {
    pub(super) fn thread(&self) -> Option<&Thread> {
        match self {
            Self::Message(job) | Self::Resume(job) => Some(&job.thread),
            Self::Listen(thread) | Self::Events(thread) => Some(thread),
            _ => None,
        }
    }

    fn thread_mut(&mut self) -> Option<&mut Thread> {
        match self {
            Self::Message(job) | Self::Resume(job) => Some(&mut job.thread),
            Self::Listen(thread) | Self::Events(thread) => Some(thread),
            _ => None,
        }
    }
}

impl HttpClient {
    /// Takes the events that have come in.
    pub(super) fn read_events(&mut self, id: FetchId, mut exchange: Exchange) {
        let Stage::Events(mut decoder) = core::mem::replace(&mut exchange.stage, Stage::Head)
        else {
            return;
        };
        while let Some(event) = decoder.poll_event() {
            let ready = self.session.is_ready();
            if let Some(thread) = exchange.purpose.thread_mut() {
                note(thread, &decoder, event.as_ref().ok(), ready);
            }
            let Ok(event) = event else {
                let request = exchange.purpose.job().and_then(Job::handle);
                let limit = decoder.max_event_bytes();
                let at = self.at();
                self.session.handle_oversized_frame(at);
                self.fault(request, HttpFault::TooLarge { limit });
                continue;
            };
            if let Purpose::Events(_) = exchange.purpose
                && event.event_type() == "endpoint"
            {
                if let Err(fault) = self.take_endpoint(&exchange.uri, &event) {
                    self.stop(id, &mut exchange);
                    self.fail(exchange.purpose, fault);
                    return;
                }
                continue;
            }
            if event.event_type() != "message" || event.is_empty() {
                continue;
            }
            match &mut exchange.purpose {
                Purpose::Message(job) | Purpose::Resume(job) => {
                    self.take_frame(job.key.lane(), event.into_data(), Some(job));
                }
                Purpose::Refresh(_) => {
                    // Notifications may come before the list.
                    if rpc_error(event.data()).is_none() && !is_result(event.data()) {
                        continue;
                    }
                    let purpose = core::mem::replace(&mut exchange.purpose, Purpose::Nothing);
                    self.drain(id, exchange);
                    if let Purpose::Refresh(refresh) = purpose {
                        self.take_refreshed(*refresh, event.data());
                    }
                    return;
                }
                _ => self.take_frame(Lane::Standing, event.into_data(), None),
            }
        }
        let over = match &exchange.purpose {
            Purpose::Message(job) | Purpose::Resume(job) => !self.session.awaits(job.key),
            _ => false,
        };
        if over {
            self.drain(id, exchange);
        } else {
            exchange.stage = Stage::Events(decoder);
            self.exchanges.insert(id, exchange);
        }
    }

    /// A stream has ended, or was cut: which of them is not told apart (SHTTP-L11).
    pub(super) fn stream_ended(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Message(job) | Purpose::Resume(job) => {
                self.resume(*job, HttpFault::NoResponse);
            }
            Purpose::Listen(thread) => self.listen_again(thread, HttpFault::NoResponse),
            Purpose::Events(thread) => self.sse_failed(thread, HttpFault::NoEndpoint),
            purpose => self.fail(purpose, HttpFault::NoResponse),
        }
    }

    /// Goes on with the stream of an answer, if that is possible (SHTTP-L16, SHTTP-L17).
    pub(super) fn resume(&mut self, mut job: Job, fault: HttpFault) {
        // SHTTP-M07, SHTTP-M08: in the modern era it never is.
        let possible = !job.is_modern()
            && job.thread.last_event_id.is_some()
            && job.generation == self.generation;
        if !self.session.awaits(job.key) {
            return;
        }
        if !possible {
            self.lose(job, fault);
            return;
        }
        let now = self.clock.now();
        match job.thread.budget.next(now, &self.config.reconnection, &mut self.jitter) {
            Some(at) => self.open_at(at, Purpose::Resume(job.into())),
            None => {
                let attempts = job.thread.budget.attempts();
                self.lose(job, HttpFault::GaveUp { attempts });
            }
        }
    }

    pub(super) fn listen_again(&mut self, mut thread: Thread, fault: HttpFault) {
        if self.session.phase() != ClientPhase::Operation {
            self.listening = Listening::Idle;
            return;
        }
        let now = self.clock.now();
        match thread.budget.next(now, &self.config.reconnection, &mut self.jitter) {
            Some(at) => self.open_at(at, Purpose::Listen(thread)),
            None => {
                self.listening = Listening::Off;
                let attempts = thread.budget.attempts();
                let gave_up = HttpFault::GaveUp { attempts };
                let fault = if attempts == 0 { fault } else { gave_up };
                self.fault(None, fault);
            }
        }
    }

    pub(super) fn refuse_resume(&mut self, job: Job, status: StatusCode, body: &Bytes) {
        let gone = job.generation == self.generation
            && self.session_id.is_some()
            && is_gone(status, rpc_error(body).as_ref());
        if gone {
            // What was asked may have been done: it is lost, and the session with it.
            self.session_gone();
            self.lose(job, status_fault(status, body));
        } else if may_pass(status) {
            self.resume(job, status_fault(status, body));
        } else {
            self.lose(job, status_fault(status, body));
        }
    }

    pub(super) fn refuse_listen(&mut self, thread: Thread, status: StatusCode, body: &Bytes) {
        if self.session_id.is_some() && is_gone(status, rpc_error(body).as_ref()) {
            self.listening = Listening::Idle;
            self.session_gone();
        } else if may_pass(status) {
            self.listen_again(thread, status_fault(status, body));
        } else {
            self.listening = Listening::Off;
            // case_33: a server need not have such a stream (SHTTP-L03).
            if !matches!(status.as_u16(), 404 | 405) {
                self.fault(None, status_fault(status, body));
            }
        }
    }

    /// The server has forgotten the session, as something that is no message of ours tells.
    fn session_gone(&mut self) {
        let at = self.at();
        if let Some(key) = self.announced {
            self.session.handle_session_gone(at, key);
        }
    }

    /// Opens a stream again, or sends a message again, when its time has come.
    pub(super) fn open(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Message(job) => {
                let waits = match job.kind {
                    TransmitKind::Initialized => self.session.phase() == ClientPhase::Announcing,
                    _ => self.session.awaits(job.key),
                };
                let uri = match &self.route {
                    Route::Sse(sse) => sse.endpoint.clone(),
                    Route::Streamable => Some(self.endpoint.clone()),
                };
                if let Some(uri) = uri.filter(|_| waits) {
                    self.start(Exchange::new(Purpose::Message(job), uri));
                }
            }
            Purpose::Resume(job) => {
                if job.generation != self.generation {
                    self.lose(*job, HttpFault::NoResponse);
                } else if self.session.awaits(job.key) {
                    self.start(Exchange::new(Purpose::Resume(job), self.endpoint.clone()));
                }
            }
            Purpose::Listen(thread) => {
                if self.session.phase() == ClientPhase::Operation {
                    self.start(Exchange::new(Purpose::Listen(thread), self.endpoint.clone()));
                }
            }
            Purpose::Events(thread) => {
                self.start(Exchange::new(Purpose::Events(thread), self.url.clone()));
            }
            Purpose::End(_) | Purpose::Refresh(_) | Purpose::Nothing => {}
        }
    }

    /// Stops the stream for what the server sends unasked: it is one of a session that is gone.
    pub(super) fn stop_listening(&mut self) {
        self.listening = Listening::Idle;
        let is_it = |exchange: &Exchange| matches!(exchange.purpose, Purpose::Listen(_));
        let found = self.exchanges.iter().find(|(_, it)| is_it(it)).map(|(id, _)| *id);
        if let Some(id) = found
            && let Some(mut exchange) = self.exchanges.remove(&id)
        {
            self.stop(id, &mut exchange);
        }
        self.timers.retain(|_, timer| !matches!(timer, Timer::Open(Purpose::Listen(_))));
    }

    /// Does what the phase of the session asks for.
    pub(super) fn note_phase(&mut self) {
        if self.session.is_closed() {
            self.wind_up();
            return;
        }
        if self.session.is_ready() {
            self.was_ready = true;
            self.recovery.progress();
        }
        if self.session.phase() == ClientPhase::Operation
            && matches!(self.route, Route::Streamable)
            && self.config.listen
            && self.listening == Listening::Idle
        {
            self.listening = Listening::Open;
            let purpose = Purpose::Listen(Thread::default());
            self.start(Exchange::new(purpose, self.endpoint.clone()));
        }
    }

    /// The session is over: what is left is to say so to the server (SHTTP-L27).
    fn wind_up(&mut self) {
        if self.closing {
            return;
        }
        self.closing = true;
        self.challenged = None;
        self.clock.go_on();
        self.parked.clear();
        self.timers.clear();
        self.refused = None;
        let goes_on = |purpose: &Purpose| match purpose {
            Purpose::Message(job) => !job.is_request(),
            purpose => matches!(purpose, Purpose::Nothing | Purpose::End(_)),
        };
        let ids: alloc::vec::Vec<FetchId> = self.exchanges.keys().copied().collect();
        for id in ids {
            let Some(mut exchange) = self.exchanges.remove(&id) else { continue };
            if goes_on(&exchange.purpose) {
                self.linger(id, &mut exchange);
                self.exchanges.insert(id, exchange);
            } else {
                self.stop(id, &mut exchange);
            }
        }
        if let Some(session) = self.session_id.take() {
            self.start(Exchange::new(Purpose::End(session), self.endpoint.clone()));
        }
    }
}

/// Takes note of what an event says of its stream.
fn note(thread: &mut Thread, decoder: &Decoder, event: Option<&SseEvent>, ready: bool) {
    let last = decoder.last_event_id();
    if last != thread.last_event_id.as_deref() {
        thread.last_event_id = last.map(Into::into);
        thread.budget.progress();
    }
    let Some(event) = event else { return };
    if let Some(retry) = event.retry() {
        thread.budget.ask(retry);
    }
    // On a stream without ids. The handshake is no progress: it is there every time.
    if last.is_none() && ready && !event.is_empty() && event.event_type() == "message" {
        thread.budget.progress();
    }
}

/// Whether the same may succeed later.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 409 | 425 | 429)
}

fn is_result(frame: &Bytes) -> bool {
    use crate::jsonrpc::{EnvelopeLimits, Incoming, Message};
    matches!(
        Incoming::parse(frame, &EnvelopeLimits::default()),
        Ok(Incoming::Message(Message::Response(_)))
    )
}
