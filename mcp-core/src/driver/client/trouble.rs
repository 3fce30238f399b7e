//! What goes wrong below the protocol.

use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use core::fmt;
use std::io;

use http::StatusCode;

use super::link::Noise;
use super::pool::FetchError;
use crate::transport::http::HttpFault;

/// What went wrong below the protocol: a connection, a program, the server's HTTP.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The server wants credentials that we do not have, or more than ours allow.
    Unauthorized {
        /// 401, or 403 for credentials that do not allow it.
        status: StatusCode,
        /// Why there are no others: how the authorization went, for example.
        reason: Arc<str>,
    },
    /// The server refused with an HTTP status, and not in JSON-RPC.
    Status {
        /// The status.
        status: StatusCode,
        /// The beginning of what it said.
        text: Arc<str>,
    },
    /// There is no connection, or it broke.
    Connection(Arc<io::Error>),
    /// What the server sent is not what it should be.
    Fault(Arc<HttpFault>),
    /// The server's program has ended: how, and its last words.
    Program(Arc<str>),
    /// Nothing the server wrote was a message.
    Noise(Noise),
}

impl Trouble {
    /// The HTTP status that the server refused with.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Unauthorized { status, .. } | Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(super) fn io(error: io::Error) -> Self {
        Self::Connection(Arc::new(error))
    }

    pub(super) fn fetch(error: FetchError) -> Self {
        match error {
            FetchError::NotSent(error) | FetchError::Broken(error) => Self::io(error),
            FetchError::Unauthorized(reason) => {
                Self::Unauthorized { status: StatusCode::UNAUTHORIZED, reason: reason.into() }
            }
        }
    }

    /// What to keep of this and what was put down before: how an authorization went is followed by
    /// the status that it was about.
    pub(super) fn after(self, before: Option<&Self>) -> Self {
        match (before, self) {
            (Some(Self::Unauthorized { status, reason }), Self::Status { status: new, text })
                if *status == new =>
            {
                let reason = match &*text {
                    "" => Arc::clone(reason),
                    text => format!("{reason}; the server said: {text}").into(),
                };
                Self::Unauthorized { status: new, reason }
            }
            (_, trouble) => trouble,
        }
    }
}

impl From<HttpFault> for Trouble {
    fn from(fault: HttpFault) -> Self {
        match fault {
            HttpFault::Unauthorized { status, reason } => {
                Self::Unauthorized { status, reason: reason.into() }
            }
            HttpFault::Status { status, text } => Self::Status { status, text: text.into() },
            fault => Self::Fault(Arc::new(fault)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized { status: StatusCode::FORBIDDEN, reason } => {
                write!(f, "forbidden: {reason}")
            }
            Self::Unauthorized { reason, .. } => write!(f, "not authorized: {reason}"),
            Self::Status { status, text } => {
                let text = text.to_string();
                write!(f, "{}", HttpFault::Status { status: *status, text })
            }
            Self::Connection(error) => write!(f, "{}", Chain(error)),
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::Program(words) => f.write_str(words),
            Self::Noise(noise) => {
                let last = noise.last.as_deref().unwrap_or_default();
                write!(f, "what it writes is no message: `{last}`")
            }
        }
    }
}

/// An error with its sources, to which hyper keeps the point of its errors.
pub(super) struct Chain<'a>(pub(super) &'a io::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.get_ref().and_then(|error| error.source());
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
