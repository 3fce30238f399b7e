//! The answer to one request of the modern era.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::modern::Stateless;
use super::refusal::json_in;
use crate::error::SendError;
use crate::id::RequestId;
use crate::jsonrpc::{ErrorCode, ErrorObject, Frame, Reply};
use crate::modern::{belongs, listen_result};
use crate::session::Outgoing;
use crate::time::{Instant, is_due};
use crate::transport::sse;

const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Pieces of a frame above this many bytes leave as they are, smaller ones are gathered.
const GATHER: usize = 16 * 1024;

/// The answer to one request: a single JSON object, or a stream of events that ends with the
/// response. What comes first decides: a notification, or the response itself.
///
/// A stream is also opened for a request that takes so long that a proxy might give up on it. The
/// status of an answer that comes later is 200 whatever it says (SHTTP-M20).
#[derive(Debug)]
pub struct ModernAnswer {
    id: RequestId,
    /// It is a `subscriptions/listen`: a stream by nature, for as long as its client likes.
    listens: bool,
    state: State,
    /// What waits to be read of a stream. Most answers are none, and are moved around a bit.
    waiting: Option<Box<Waiting>>,
    limits: (usize, usize),
    keep_alive: Duration,
    keep_alive_at: Instant,
    deadline: Option<Instant>,
}

#[derive(Debug, Default)]
struct Waiting {
    ready: VecDeque<Bytes>,
    open: BytesMut,
    bytes: usize,
    /// The frames since there was last nothing to read.
    frames: usize,
}

#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    Waiting,
    /// The response came first: it is the body.
    Answered(Frame, StatusCode),
    /// A stream: its head has not been polled yet.
    Opening { answered: bool },
    /// A stream: the response has been queued, or not yet.
    Streaming { answered: bool },
    /// Over: a head that was not polled by now is nobody's.
    Closed,
}

/// What to send for a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "an answer has one of these two forms")]
pub enum Payload {
    /// All of it.
    Whole(Frame),
    /// A stream: poll the exchange for its pieces.
    Stream,
}

impl ModernAnswer {
    pub(super) fn new(now: Instant, id: RequestId, listens: bool, settings: &Stateless) -> Self {
        Self {
            id,
            listens,
            state: State::Waiting,
            waiting: None,
            limits: (settings.bytes, settings.frames),
            keep_alive: settings.keep_alive,
            keep_alive_at: now + settings.keep_alive,
            deadline: (!listens).then(|| now + settings.timeout),
        }
    }

    // Commands.

    /// Sends a notification about the request.
    ///
    /// # Errors
    /// [`SendError`] hands it back: [`Ended`](SendError::Ended) if the notification does not belong
    /// on this stream, [`Closed`](SendError::Closed) after the response.
    pub fn notify(&mut self, item: Outgoing) -> Result<(), SendError<Outgoing>> {
        if self.is_answered() {
            return Err(SendError::Closed(item));
        }
        if !belongs(&item.method, self.listens) {
            return Err(SendError::Ended(item));
        }
        let (bytes, frames) = self.limits;
        if self.waiting.as_ref().is_some_and(|it| it.bytes >= bytes || it.frames >= frames) {
            return Err(SendError::Full(item));
        }
        self.start_stream();
        self.push(Frame::notification(&item.method, item.params.as_ref()));
        Ok(())
    }

    /// Answers the request. A second answer is dropped.
    pub fn respond(&mut self, reply: &Reply) {
        if self.is_answered() {
            return;
        }
        let frame = Frame::response(&self.id, reply);
        // SUB-14: a subscription is a stream, unless there is none.
        let is_whole = !self.listens || reply.is_err();
        if is_whole && matches!(self.state, State::Waiting) {
            self.state = State::Answered(frame, status(reply));
            return;
        }
        self.start_stream();
        self.push(frame);
        if let State::Opening { answered } | State::Streaming { answered } = &mut self.state {
            *answered = true;
        }
    }

    /// Ends a subscription gracefully, with its result (SUB-11, SUB-12). Other requests go on
    /// until they are answered.
    pub fn drain(&mut self) {
        if self.listens {
            self.respond(&Ok(listen_result(&self.id)));
        }
    }

    // Inputs.

    /// Takes note that the client is gone, which is how it cancels the request (SHTTP-M09):
    /// nothing more is sent.
    pub fn handle_disconnect(&mut self) {
        self.state = State::Closed;
        self.waiting = None;
    }

    /// Does what is due: a keep-alive comment, or an answer for a handler that has none.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_answered() {
            return;
        }
        if is_due(self.deadline, now) {
            let error = "Internal error: the request was not answered in time";
            self.respond(&Err(ErrorObject::internal(error)));
            return;
        }
        if now < self.keep_alive_at {
            return;
        }
        self.keep_alive_at = now + self.keep_alive;
        self.start_stream();
        // What waits to be read breaks the silence as well as a comment would.
        if !self.has_data() {
            let waiting = self.waiting.get_or_insert_default();
            waiting.open.extend_from_slice(KEEP_ALIVE);
            waiting.bytes += KEEP_ALIVE.len();
        }
    }

    // Outputs.

    /// The head of the answer and the form of its body, once that is decided, and once.
    #[must_use = "an answer that is not sent is lost"]
    pub fn poll_response(&mut self) -> Option<Response<Payload>> {
        self.poll_response_in(&mut HeaderMap::new())
    }

    /// The same, with the headers of an answer of JSON in the room of others that are not needed any
    /// more and have been cleared, such as those of the request: it allocates nothing for them.
    #[must_use = "an answer that is not sent is lost"]
    pub fn poll_response_in(&mut self, room: &mut HeaderMap) -> Option<Response<Payload>> {
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Answered(frame, status) => {
                let mut response = json_in(room, Payload::Whole(frame));
                *response.status_mut() = status;
                Some(response)
            }
            State::Opening { answered } => {
                self.state = State::Streaming { answered };
                let mut response = Response::new(Payload::Stream);
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                let unbuffered = HeaderName::from_static("x-accel-buffering");
                headers.insert(unbuffered, HeaderValue::from_static("no"));
                Some(response)
            }
            state => {
                self.state = state;
                None
            }
        }
    }

    /// The next piece of a stream, if there is one now.
    #[must_use = "a piece that is not written is lost"]
    pub fn poll_data(&mut self, now: Instant) -> Option<Bytes> {
        let data = self.waiting.as_mut()?.pop()?;
        self.keep_alive_at = now + self.keep_alive;
        Some(data)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_answered() {
            return None;
        }
        [Some(self.keep_alive_at), self.deadline].into_iter().flatten().min()
    }

    // Getters.

    /// Whether the response has been given, or nobody waits for it any more: there is no use in
    /// working on.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        match self.state {
            State::Waiting => false,
            State::Opening { answered } | State::Streaming { answered } => answered,
            State::Answered(..) | State::Closed => true,
        }
    }

    /// Whether everything has been polled.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match self.state {
            State::Streaming { answered } => answered && !self.has_data(),
            State::Closed => true,
            _ => false,
        }
    }

    fn has_data(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.is_empty())
    }

    fn start_stream(&mut self) {
        if matches!(self.state, State::Waiting) {
            self.state = State::Opening { answered: false };
        }
    }

    fn push(&mut self, frame: Frame) {
        self.waiting.get_or_insert_default().push(frame);
    }
}

impl Waiting {
    fn push(&mut self, frame: Frame) {
        self.bytes += sse::MESSAGE_PREFIX.len() + frame.len() + sse::SUFFIX.len();
        self.frames += 1;
        self.open.extend_from_slice(sse::MESSAGE_PREFIX);
        for chunk in frame.into_chunks() {
            if chunk.len() > GATHER {
                self.ready.push_back(self.open.split().freeze());
                self.ready.push_back(chunk);
            } else {
                self.open.extend_from_slice(&chunk);
            }
        }
        self.open.extend_from_slice(sse::SUFFIX);
    }

    fn pop(&mut self) -> Option<Bytes> {
        let data = match self.ready.pop_front() {
            Some(data) => data,
            None if self.open.is_empty() => return None,
            None => self.open.split().freeze(),
        };
        self.bytes -= data.len();
        if self.is_empty() {
            self.frames = 0;
        }
        Some(data)
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.open.is_empty()
    }
}

/// The statuses that the specification sets (ERR-08). Everything else is 200: a client that tries
/// which era a server has takes any other 4xx for one of the legacy era (VER-19).
fn status(reply: &Reply) -> StatusCode {
    match reply.as_ref().map_err(ErrorObject::code) {
        Err(ErrorCode::METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Err(
            ErrorCode::HEADER_MISMATCH
            | ErrorCode::MISSING_CLIENT_CAPABILITY
            | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
        ) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
