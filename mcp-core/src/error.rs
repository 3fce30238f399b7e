//! What can go wrong, and whose fault it is.

use alloc::borrow::Cow;

use crate::jsonrpc::{EnvelopeError, ErrorObject};
use crate::revision::Revision;

/// The peer sent something the protocol does not allow.
///
/// The session has already queued whatever answer the peer is owed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The frame is no message. The session lives on; the peer hears
    /// [`EnvelopeError::to_error`] unless the frame was meant as a response.
    #[error("the peer sent a malformed message: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The session is over; nothing is answered any more.
    #[error("the session is closed")]
    Closed,
}

/// What we wanted to send was not taken; it comes back with the error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError<T> {
    /// A bound is reached; the same item can be sent later.
    #[error("the queue of outgoing messages is full")]
    Full(T),
    /// The request it belongs to is answered or cancelled; it can never be sent.
    #[error("the request it belongs to is no longer in flight")]
    Ended(T),
    /// The session is over.
    #[error("the session is closed")]
    Closed(T),
}

impl<T> SendError<T> {
    /// The item that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Ended(item) | Self::Closed(item) => item,
        }
    }
}

/// Why a request of ours has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The peer answered with an error.
    #[error("the peer answered with an error: {0}")]
    Refused(ErrorObject),
    /// The request never left: sending it again is safe.
    #[error("the request was not sent")]
    NotSent,
    /// The request left and its answer can never come: what became of it is unknown.
    #[error("the connection was lost before the answer came")]
    Lost,
    /// The server did not know the session, and did not after it had been opened anew: the request
    /// was not worked on.
    #[error("the server does not know the session")]
    SessionGone,
    /// The server answered with this HTTP status, and not in JSON-RPC. Below 500 it did not work on
    /// the request; from 500 on nobody knows.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// No answer came in time; the peer has been told to stop.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// We cancelled it; the peer has been told to stop.
    #[error("the request was cancelled")]
    Cancelled,
    /// The peer's answer is none that the protocol allows here; the peer has done its work.
    #[error("the answer is invalid: {0}")]
    Invalid(Cow<'static, str>),
    /// The revision that was agreed on has no such method: it was not sent.
    #[error("the method does not exist in revision {0}")]
    NotInRevision(Revision),
    /// The peer asked for input that it did not get. The error is the application's, or says why
    /// the application was not asked (`2026-07-28/basic/patterns/mrtr`).
    #[error("the peer asked for input that was refused: {0}")]
    InputRefused(ErrorObject),
    /// The peer asked for input more often than
    /// [`ClientLimits::rounds`](crate::config::ClientLimits::rounds) allows.
    #[error("the peer asks for input again and again")]
    TooManyRounds,
}
