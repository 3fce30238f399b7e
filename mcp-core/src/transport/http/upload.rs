//! A message being posted.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use bytes::{Bytes, BytesMut};
use http::Response;

use super::admit::Grant;
use super::budget::Share;
use super::head::Claims;
use super::modern::{ModernCall, ModernNotice};
use super::refusal::{Refusal, accepted};
use super::sessions::Slot;
use super::{Exchange, mcp};
use crate::jsonrpc::{EnvelopeError, EnvelopeLimits, Incoming, Message};
use crate::lifecycle::Phase;
use crate::revision::Revision;
use crate::session::{Lane, ServerSession};
use crate::time::{Instant, is_due};

/// The body of a POST, counted as it comes in.
pub struct Upload<A> {
    target: Target<A>,
    /// What its head says of it.
    claims: Claims,
    grant: Grant,
    /// What it takes of all that the server may be receiving at a time.
    share: Share<A>,
    body: Body,
}

/// What a message is posted to.
pub(super) enum Target<A> {
    /// An HTTP+SSE session.
    Messages(Arc<Slot<A>>),
    /// The endpoint of Streamable HTTP.
    Mcp,
}

/// A body in one piece is kept as it came; most are.
enum Body {
    Empty,
    Whole(Bytes),
    Gathered(BytesMut),
}

/// What came of a message that was posted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Posted<A> {
    /// Nobody takes it.
    Refused(Response<Bytes>),
    /// It was for a session, whether that took it or not: poll it for events.
    Session(Response<Bytes>, Arc<Slot<A>>),
    /// It holds requests of a session, whose answer is to come: poll the session for events, then
    /// the exchange for the answer.
    Exchange(Exchange<A>),
    /// It is a request of the modern era, ready to be worked on.
    Modern(Box<ModernCall>),
    /// It is a notification of the modern era, which the application may want to hear of.
    Notified(Response<Bytes>, Box<ModernNotice>),
}

impl<A: Default> Upload<A> {
    pub(super) const fn new(
        target: Target<A>,
        claims: Claims,
        grant: Grant,
        share: Share<A>,
    ) -> Self {
        Self { target, claims, grant, share, body: Body::Empty }
    }

    /// Takes a piece of the body.
    ///
    /// # Errors
    /// The response to send: 413 when the body is larger than a message may be, 503 when the server
    /// receives too much already. The rest of it need not be read.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer, moved once")]
    pub fn handle_data(&mut self, data: Bytes) -> Result<(), Response<Bytes>> {
        let limit = limits(&self.share).bytes;
        if self.len().saturating_add(data.len()) > limit {
            return Err(Refusal::TooLarge { limit }.into_response());
        }
        if !self.share.grow(data.len()) {
            return Err(Refusal::UploadsFull.into_response());
        }
        self.body = match core::mem::replace(&mut self.body, Body::Empty) {
            Body::Empty => Body::Whole(data),
            Body::Whole(first) => {
                let mut gathered = BytesMut::with_capacity(first.len() + data.len());
                gathered.extend_from_slice(&first);
                gathered.extend_from_slice(&data);
                Body::Gathered(gathered)
            }
            Body::Gathered(mut gathered) => {
                gathered.extend_from_slice(&data);
                Body::Gathered(gathered)
            }
        };
        Ok(())
    }

    /// Takes the end of the body: the message goes to its session, and its sender is told so at
    /// once, with 202. The answer, if there is to be one, leaves on the event stream (SSE-08).
    ///
    /// A message that is not taken is refused here: with 400 and a JSON-RPC error when it is
    /// malformed, with 403 when it calls a tool that the sender's token does not allow, with 404 when
    /// the session has ended, with 503 when it can take no more for now.
    #[must_use]
    pub fn handle_end(self, now: Instant) -> Posted<A> {
        let Self { target, claims, grant, share, body } = self;
        let frame = match body {
            Body::Empty => Bytes::new(),
            Body::Whole(whole) => whole,
            Body::Gathered(gathered) => gathered.freeze(),
        };
        // Off the lock: parsing is the long part.
        let incoming = match Incoming::parse(&frame, limits(&share)) {
            Ok(incoming) => incoming,
            Err(error) => return Posted::Refused(Refusal::Malformed(error).into_response()),
        };
        if let Err(refusal) = grant.check(&incoming) {
            return Posted::Refused(refusal.into_response_to(mcp::id_of(&incoming)));
        }
        match target {
            Target::Messages(slot) => {
                let mut session = slot.lock();
                let delivered = deliver(now, &mut session, Lane::Standing, incoming, frame.len());
                drop(session);
                let response = delivered.map_or_else(Refusal::into_response, |()| accepted());
                Posted::Session(response, slot)
            }
            Target::Mcp => {
                mcp::accept(now, &share.server, (&claims, &grant), incoming, frame.len())
            }
        }
    }

    /// Whether it comes from a page: then [`HttpServer::add_cors_headers`] looks at its head again.
    ///
    /// [`HttpServer::add_cors_headers`]: super::HttpServer::add_cors_headers
    #[must_use]
    pub const fn is_from_page(&self) -> bool {
        self.claims.has_origin
    }

    fn len(&self) -> usize {
        self.body.len()
    }
}

fn limits<A>(share: &Share<A>) -> &EnvelopeLimits {
    &share.server.config.session.limits.envelope
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Whole(whole) => whole.len(),
            Self::Gathered(gathered) => gathered.len(),
        }
    }
}

/// Gives a message to its session, if the session can take it.
pub(super) fn deliver(
    now: Instant,
    session: &mut ServerSession,
    lane: Lane,
    incoming: Incoming,
    bytes: usize,
) -> Result<(), Refusal> {
    // Nobody polls a stream whose connection is stuck: then this is what keeps the time.
    if is_due(session.poll_timeout(), now) {
        session.handle_timeout(now);
    }
    if session.phase() == Phase::Closed {
        return Err(Refusal::UnknownSession);
    }
    // A response or a cancellation may be just what the session waits for.
    let takes = match &incoming {
        Incoming::Message(Message::Request(request)) if request.method == *"ping" => {
            !session.is_outbox_full()
        }
        Incoming::Message(Message::Request(_)) | Incoming::Batch(_) if session.is_draining() => {
            return Err(Refusal::ShuttingDown);
        }
        Incoming::Message(Message::Request(_)) | Incoming::Batch(_) => session.wants_input(),
        Incoming::Message(_) => true,
    };
    if !takes {
        return Err(Refusal::Busy);
    }
    let batches = session.revision().is_some_and(Revision::allows_batches);
    if matches!(incoming, Incoming::Batch(_)) && !batches {
        return Err(Refusal::Malformed(EnvelopeError::batch_not_allowed()));
    }
    // Members of a batch that are no messages are answered on the stream, like the others.
    let _ = session.handle_incoming(now, lane, incoming, bytes);
    Ok(())
}

impl<A> fmt::Debug for Upload<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.body.len())
    }
}
