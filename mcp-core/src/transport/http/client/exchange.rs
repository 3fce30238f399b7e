//! One HTTP exchange: what it is for, and how far it is.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, Uri};

use super::backoff::Budget;
use crate::id::RequestHandle;
use crate::jsonrpc::{ErrorObject, RawJson};
use crate::revision::{Era, Revision};
use crate::session::{ClientTransmit, TransmitKey, TransmitKind};
use crate::time::Instant;
use crate::transport::sse::Decoder;

/// An exchange from the time it is wanted.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) purpose: Purpose,
    pub(super) stage: Stage,
    pub(super) uri: Uri,
    pub(super) redirects: usize,
    /// Whether it has been handed out.
    pub(super) left: bool,
    /// How often there had been new credentials when it left.
    pub(super) authorization: u32,
    /// How often it was refused for want of them.
    pub(super) challenges: u32,
    /// The timer that stops it, if there is one.
    pub(super) linger: Option<(Instant, u64)>,
}

/// What an exchange is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// `POST` of a message.
    Message(Box<Job>),
    /// `GET` that goes on with the stream of a message's answer.
    Resume(Box<Job>),
    /// `GET` of what the server sends unasked, over Streamable HTTP.
    Listen(Thread),
    /// `GET` of the one stream of HTTP+SSE.
    Events(Thread),
    /// `DELETE` of the session.
    End(HeaderValue),
    /// `POST` of a `tools/list` of our own, for a call whose headers were wrong.
    Refresh(Box<Refresh>),
    /// Nothing any more; what is left of the answer is read so that the connection can be used
    /// again.
    Nothing,
}

/// How far an exchange is.
#[derive(Debug)]
pub(super) enum Stage {
    /// No head yet.
    Head,
    /// A JSON answer.
    Json(Body),
    /// A stream of events.
    Events(Box<Decoder>),
    /// An answer that is an error.
    Refused(StatusCode, Vec<HeaderValue>, Body),
    /// An answer nobody needs; how many bytes of it have come.
    Drain(usize),
}

/// A message on its way, with what it takes to send it again.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) key: TransmitKey,
    pub(super) kind: TransmitKind,
    pub(super) revision: Option<Revision>,
    pub(super) method: Option<Cow<'static, str>>,
    pub(super) params: Option<RawJson>,
    pub(super) body: Bytes,
    /// The session it was sent in, of those there have been.
    pub(super) generation: u32,
    /// Whether it was sent with a session id.
    pub(super) in_session: bool,
    /// The session id that came with the answer to `initialize`.
    pub(super) offered: Option<HeaderValue>,
    /// Whether it goes to the endpoint of HTTP+SSE, and the answer comes on the one stream.
    pub(super) over_sse: bool,
    /// Whether its headers were made anew (HDR-32).
    pub(super) refreshed: bool,
    pub(super) thread: Thread,
}

/// A stream of events over all exchanges it takes.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) last_event_id: Option<Box<str>>,
    pub(super) budget: Budget,
}

/// A call that waits until it is known which headers it needs.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) call: Box<Job>,
    /// What the server said to it.
    pub(super) error: ErrorObject,
    /// What the list is asked for with.
    pub(super) body: Bytes,
    pub(super) cursor: Option<String>,
    pub(super) pages: u32,
}

impl Exchange {
    pub(super) fn new(purpose: Purpose, uri: Uri) -> Self {
        Self {
            purpose,
            stage: Stage::Head,
            uri,
            redirects: 0,
            left: false,
            authorization: 0,
            challenges: 0,
            linger: None,
        }
    }
}

impl Purpose {
    /// The message it is about.
    pub(super) fn job(&self) -> Option<&Job> {
        match self {
            Self::Message(job) | Self::Resume(job) => Some(job),
            Self::Refresh(refresh) => Some(&refresh.call),
            _ => None,
        }
    }

    /// Whether it is how a connection begins: where it ends up is where the server is.
    pub(super) fn connects(&self) -> bool {
        matches!(self, Self::Events(_)) || matches!(self, Self::Message(job) if job.is_handshake())
    }
}

impl Job {
    pub(super) fn new(
        transmit: ClientTransmit,
        generation: u32,
        (in_session, over_sse): (bool, bool),
    ) -> Self {
        Self {
            key: transmit.key,
            kind: transmit.kind,
            revision: transmit.revision,
            method: transmit.method,
            params: transmit.params,
            body: transmit.frame.into_bytes(),
            generation,
            in_session,
            offered: None,
            over_sse,
            refreshed: false,
            thread: Thread::default(),
        }
    }

    pub(super) fn is_modern(&self) -> bool {
        self.revision.is_some_and(|revision| revision.era() == Era::Modern)
    }

    /// Whether it is a request that the handshake consists of.
    pub(super) const fn is_handshake(&self) -> bool {
        matches!(self.kind, TransmitKind::Probe | TransmitKind::Initialize)
    }

    /// Whether it wants a response.
    pub(super) const fn is_request(&self) -> bool {
        self.is_handshake() || matches!(self.kind, TransmitKind::Request(_))
    }

    /// The application's name for it.
    pub(super) const fn handle(&self) -> Option<RequestHandle> {
        match self.kind {
            TransmitKind::Request(handle) => Some(handle),
            _ => None,
        }
    }
}

/// A body as it comes in: shared with the input while it is one chunk.
#[derive(Debug, Default)]
pub(super) enum Body {
    #[default]
    Empty,
    One(Bytes),
    Joined(BytesMut),
}

impl Body {
    pub(super) fn push(&mut self, chunk: Bytes) {
        *self = match core::mem::take(self) {
            Self::Empty => Self::One(chunk),
            Self::One(first) => {
                let mut joined = BytesMut::from(&first[..]);
                joined.extend_from_slice(&chunk);
                Self::Joined(joined)
            }
            Self::Joined(mut joined) => {
                joined.extend_from_slice(&chunk);
                Self::Joined(joined)
            }
        };
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(chunk) => chunk.len(),
            Self::Joined(joined) => joined.len(),
        }
    }

    pub(super) fn finish(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(chunk) => chunk,
            Self::Joined(joined) => joined.freeze(),
        }
    }
}
