//! Why a client has no answer.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use crate::error::RequestError;
use crate::jsonrpc::ErrorObject;
use crate::session::{ClientCloseReason, PageError};

/// Why a client has no answer, or no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request ended without a result.
    #[error("{error}{}", because(trouble.as_deref()))]
    Request {
        /// How it ended.
        error: RequestError,
        /// What went wrong below the protocol, where that is the cause.
        trouble: Option<Arc<str>>,
    },
    /// There is no session, or no longer.
    #[error("{reason}{}", because(trouble.as_deref()))]
    Closed {
        /// Why it ended.
        reason: ClientCloseReason,
        /// What went wrong below the protocol, if anything did: a connection that was refused,
        /// the last words of a program.
        trouble: Option<Arc<str>>,
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
    /// The task that the server made of the request did not succeed.
    #[error("the task was {status}{}", because(message.as_deref()))]
    Task {
        /// `failed` or `cancelled`.
        status: String,
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
    Start(Arc<std::io::Error>),
}

fn because(trouble: Option<&str>) -> String {
    trouble.map_or_else(String::new, |trouble| format!(": {trouble}"))
}

impl ClientError {
    pub(super) fn start(error: std::io::Error) -> Self {
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
