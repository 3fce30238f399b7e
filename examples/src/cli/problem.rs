//! What went wrong, whose fault it is, and what to try.

use std::fmt;

use mcp_core::driver::client::ClientError;
use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::session::ClientCloseReason;
use serde_json::{Value, json};

use super::command::Wrong;

/// Why a command has no result.
#[derive(Debug)]
pub(super) struct Problem {
    kind: Kind,
    text: String,
    hint: Option<String>,
    refusal: Option<Box<ErrorObject>>,
}

/// Whose fault a problem is, or what its user can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Usage,
    Connection,
    NotSent,
    Lost,
    TimedOut,
    Cancelled,
    Refused,
    Protocol,
    Unauthorized,
    Interrupted,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Connection => "no_connection",
            Self::NotSent => "not_sent",
            Self::Lost => "lost",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
            Self::Unauthorized => "unauthorized",
            Self::Interrupted => "interrupted",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Connection | Self::NotSent | Self::Lost | Self::TimedOut => 3,
            Self::Refused | Self::Protocol | Self::Cancelled => 4,
            Self::Unauthorized => 5,
            Self::Interrupted => 130,
        }
    }
}

impl Problem {
    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None, refusal: None }
    }

    pub(super) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    pub(super) fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "the call was cancelled")
    }

    /// Adds what to try.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the server refused the parameters, which a name that does not exist is one of.
    pub(super) fn is_invalid_params(&self) -> bool {
        self.refusal.as_ref().is_some_and(|error| error.code() == ErrorCode::INVALID_PARAMS)
    }

    /// Says where there is no server.
    pub(super) fn without_connection_to(mut self, place: &str) -> Self {
        if self.kind == Kind::Connection {
            self.text = format!("no connection to {place}: {}", self.text);
        }
        self
    }

    /// Says of which program there was hope that it is a server.
    pub(super) fn of_a_program(mut self) -> Self {
        if self.kind == Kind::Connection {
            self.hint = Some("Is it an MCP server? `--trace` shows what was said so far.".into());
        }
        self
    }

    pub(super) const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({"kind": self.kind.name(), "message": self.text});
        if let Some(refusal) = &self.refusal {
            error["code"] = json!(refusal.code().get());
            if let Some(data) = refusal.data() {
                error["data"] = serde_json::from_str(data.as_str()).unwrap_or_default();
            }
        }
        error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mcp: {}", self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "\n{hint}"),
            None => Ok(()),
        }
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        Self::new(Kind::Usage, wrong.to_string()).with_hint("`mcp --help` lists what there is.")
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        let kind = kind(&error);
        let text = match &error {
            // What happened says it all.
            ClientError::Closed {
                reason: ClientCloseReason::Disconnected,
                trouble: Some(trouble),
            } => trouble.to_string(),
            error => error.to_string(),
        };
        let mut problem = Self::new(kind, text);
        problem.refusal = error.refusal().cloned().map(Box::new);
        if let (Kind::Refused, Some(refusal)) = (kind, &problem.refusal) {
            problem.text =
                format!("the server refused: {} ({})", refusal.message(), refusal.code().get());
        }
        let refused_with = |code| problem.refusal.as_ref().is_some_and(|it| it.code() == code);
        problem.hint = match error.status().map(|status| status.as_u16()) {
            Some(404 | 405) => {
                Some("Is the path right? Most servers are at `/mcp`, those of HTTP+SSE at `/sse`.")
            }
            _ if refused_with(ErrorCode::MISSING_CLIENT_CAPABILITY) => {
                Some("`--sample TEXT` and `--root URI` say what servers may ask for.")
            }
            _ => hint(kind),
        }
        .map(str::to_owned);
        problem
    }
}

fn kind(error: &ClientError) -> Kind {
    if error.is_unauthorized() || error.is_forbidden() {
        return Kind::Unauthorized;
    }
    if error.refusal().is_some() {
        return Kind::Refused;
    }
    match error {
        ClientError::Start(_) => Kind::Connection,
        ClientError::Closed { reason, .. } => match reason {
            ClientCloseReason::UnsupportedVersion(_) | ClientCloseReason::InvalidHandshake(_) => {
                Kind::Protocol
            }
            _ => Kind::Connection,
        },
        ClientError::Request { error, .. } => match error {
            RequestError::NotSent | RequestError::SessionGone => Kind::NotSent,
            RequestError::Lost => Kind::Lost,
            RequestError::TimedOut => Kind::TimedOut,
            RequestError::Cancelled => Kind::Cancelled,
            _ => Kind::Protocol,
        },
        ClientError::Full | ClientError::Arguments(_) => Kind::Usage,
        _ => Kind::Protocol,
    }
}

const fn hint(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Connection => Some(
            "Is the server running, and is this its address? `--trace` shows what was said so far.",
        ),
        Kind::NotSent => Some("Nothing was done: it is safe to try again."),
        Kind::Lost => {
            Some("It was sent, and nobody knows what became of it: look before you try it again.")
        }
        Kind::TimedOut => Some("`--timeout SECONDS` gives it longer."),
        Kind::Protocol => Some("That is the server's mistake; `--trace` shows what it said."),
        Kind::Unauthorized => Some(
            "`mcp login URL` asks again who you are; a token of your own goes into \
             `--header 'Authorization: Bearer ...'`.",
        ),
        _ => None,
    }
}
