//! Why a client has no answer.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use std::io;

use http::StatusCode;

use super::trouble::Trouble;
use crate::error::RequestError;
use crate::jsonrpc::ErrorObject;
use crate::session::{ClientCloseReason, PageError};

/// Why a client has no answer, or no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request ended without a result.
    #[error("{}", because(error, trouble.as_ref()))]
    Request {
        /// How it ended.
        error: RequestError,
        /// What went wrong below the protocol, where that is the cause.
        trouble: Option<Trouble>,
    },
    /// There is no session, or no longer.
    ///
    /// Requests that had left when it ended are not told so: they end as
    /// [`RequestError::Lost`].
    #[error("{}", because(reason, trouble.as_ref()))]
    Closed {
        /// Why it ended.
        reason: ClientCloseReason,
        /// What went wrong below the protocol, if anything did: a connection that was refused,
        /// the last words of a program.
        trouble: Option<Trouble>,
    },
    /// Too many requests wait for answers: try again when some have come.
    #[error("too many requests wait for answers")]
    Full,
    /// The caller's arguments cannot be sent.
    #[error("the arguments cannot be sent: {0}")]
    Arguments(String),
    /// The server's result is not of the shape the specification gives it.
    #[error("the server's result of `{method}` is malformed: {why}")]
    Malformed {
        /// What was asked.
        method: Cow<'static, str>,
        /// What is wrong with the result.
        why: String,
    },
    /// The pages of a list make no list.
    #[error("{0}")]
    Pages(#[from] PageError),
    /// The task that the server made of the request was cancelled, and not by us.
    #[error("the task was cancelled{}", message.as_deref().map_or_else(String::new, |it| alloc::format!(": {it}")))]
    TaskCancelled {
        /// What the server says of it.
        message: Option<String>,
    },
    /// The server does not offer what is asked for, so it was not asked.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// A skill, or a file of one, is not what its entry says: nothing of it may be used.
    #[cfg(feature = "skills")]
    #[error("{0}")]
    Skill(#[from] crate::skills::SkillFault),
    /// The client could not be started: a bad URL, a program that is not there.
    #[error("{0}")]
    Start(Arc<io::Error>),
}

/// What is said of an end: what the server did says more than how the session saw it.
fn because(end: &dyn fmt::Display, trouble: Option<&Trouble>) -> String {
    match trouble {
        Some(trouble) if trouble.status().is_some() => alloc::format!("{trouble}"),
        Some(trouble) => alloc::format!("{end}: {trouble}"),
        None => alloc::format!("{end}"),
    }
}

impl ClientError {
    pub(super) fn start(error: io::Error) -> Self {
        Self::Start(Arc::new(error))
    }

    /// What the server answered, if it answered with an error.
    #[must_use]
    pub const fn refusal(&self) -> Option<&ErrorObject> {
        match self {
            Self::Request { error: RequestError::Refused(error), .. }
            | Self::Closed { reason: ClientCloseReason::Refused(error), .. } => Some(error),
            _ => None,
        }
    }

    /// What went wrong below the protocol, where that is the cause.
    #[must_use]
    pub const fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Request { trouble, .. } | Self::Closed { trouble, .. } => trouble.as_ref(),
            _ => None,
        }
    }

    /// The HTTP status that the server refused with.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Request { error: RequestError::Status(status), .. } => {
                StatusCode::from_u16(*status).ok()
            }
            _ => self.trouble().and_then(Trouble::status),
        }
    }

    /// Whether the server wants other credentials, or any: HTTP status 401, or no authorization
    /// server gave us some. [`trouble`](Self::trouble) says why there are none.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// Whether the credentials do not allow it: HTTP status 403, a scope that is missing for
    /// example.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// Whether nobody listens where the server should be.
    #[must_use]
    pub fn is_connection_refused(&self) -> bool {
        matches!(self.trouble(), Some(Trouble::Connection(error))
            if error.kind() == io::ErrorKind::ConnectionRefused)
    }

    /// Whether the server has not worked on the request for sure: sending it again is safe.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::Request { error: RequestError::NotSent | RequestError::SessionGone, .. }
                | Self::Closed { .. }
                | Self::Full
                | Self::Arguments(_)
                | Self::NotOffered(_)
                | Self::Start(_)
        )
    }

    /// Whether nobody knows what became of the request: it left, and its answer cannot come.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Request { error: RequestError::Lost, .. })
    }

    /// Whether the answer did not come in time.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Request { error: RequestError::TimedOut, .. })
    }
}
