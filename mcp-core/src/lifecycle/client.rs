//! How a client finds out which era its server is of, and the handshake of the legacy one.

use core::fmt;

use super::Refusal;

/// Where a client's session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handshake has these phases")]
pub enum ClientPhase {
    /// `server/discover` waits for its answer.
    Probing,
    /// `initialize` waits for its answer.
    Initializing,
    /// `initialize` has its answer, `notifications/initialized` is on its way.
    Announcing,
    /// Legacy: both sides are done with the handshake.
    Operation,
    /// The server is of the modern era, which has no handshake.
    Modern,
    /// The session is over.
    Closed,
}

impl ClientPhase {
    /// The name of the phase.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probing => "probing",
            Self::Initializing => "initializing",
            Self::Announcing => "announcing",
            Self::Operation => "operation",
            Self::Modern => "modern",
            Self::Closed => "closed",
        }
    }

    /// Whether requests may leave.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Operation | Self::Modern)
    }
}

impl fmt::Display for ClientPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can move a client's session from one phase to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handshake has these steps")]
pub enum ClientStep {
    /// The server has shown to be of the modern era.
    Discovered,
    /// The server is of the legacy era, as far as one can tell.
    NoDiscover,
    /// `server/discover` is worth a try, or another one.
    Probe,
    /// The server has accepted `initialize`.
    Accepted,
    /// `notifications/initialized` has reached the server.
    Announced,
    /// The server has forgotten the session.
    Restart,
    /// The session ended.
    Close,
}

/// One cell of the table: from here, this step leads there.
pub type ClientRow = (ClientPhase, ClientStep, Result<ClientPhase, Refusal>);

use ClientPhase::{Announcing, Closed, Initializing, Modern, Operation, Probing};
use ClientStep::{Accepted, Announced, Close, Discovered, NoDiscover, Probe, Restart};
use Refusal::{AlreadyInitialized, Unexpected};

/// Every phase with every step.
///
/// A server that answers `server/discover` only after `initialize` has been sent is of the modern
/// era if it refuses the latter: that is why `Discovered` leads on from `Initializing`.
pub const CLIENT_HANDSHAKE: [ClientRow; 42] = [
    (Probing, Discovered, Ok(Modern)),
    (Probing, NoDiscover, Ok(Initializing)),
    (Probing, Probe, Ok(Probing)),
    (Probing, Accepted, Err(Unexpected)),
    (Probing, Announced, Err(Unexpected)),
    (Probing, Restart, Ok(Probing)),
    (Probing, Close, Ok(Closed)),
    (Initializing, Discovered, Ok(Modern)),
    (Initializing, NoDiscover, Ok(Initializing)),
    (Initializing, Probe, Ok(Probing)),
    (Initializing, Accepted, Ok(Announcing)),
    (Initializing, Announced, Err(Unexpected)),
    (Initializing, Restart, Ok(Initializing)),
    (Initializing, Close, Ok(Closed)),
    (Announcing, Discovered, Err(AlreadyInitialized)),
    (Announcing, NoDiscover, Err(AlreadyInitialized)),
    (Announcing, Probe, Err(AlreadyInitialized)),
    (Announcing, Accepted, Err(AlreadyInitialized)),
    (Announcing, Announced, Ok(Operation)),
    (Announcing, Restart, Ok(Initializing)),
    (Announcing, Close, Ok(Closed)),
    (Operation, Discovered, Err(AlreadyInitialized)),
    (Operation, NoDiscover, Err(AlreadyInitialized)),
    (Operation, Probe, Err(AlreadyInitialized)),
    (Operation, Accepted, Err(AlreadyInitialized)),
    (Operation, Announced, Err(AlreadyInitialized)),
    (Operation, Restart, Ok(Initializing)),
    (Operation, Close, Ok(Closed)),
    (Modern, Discovered, Err(AlreadyInitialized)),
    (Modern, NoDiscover, Err(AlreadyInitialized)),
    (Modern, Probe, Err(AlreadyInitialized)),
    (Modern, Accepted, Err(Unexpected)),
    (Modern, Announced, Err(Unexpected)),
    (Modern, Restart, Ok(Probing)),
    (Modern, Close, Ok(Closed)),
    (Closed, Discovered, Err(Unexpected)),
    (Closed, NoDiscover, Err(Unexpected)),
    (Closed, Probe, Err(Unexpected)),
    (Closed, Accepted, Err(Unexpected)),
    (Closed, Announced, Err(Unexpected)),
    (Closed, Restart, Err(Unexpected)),
    (Closed, Close, Err(Unexpected)),
];

/// Looks up where a step leads.
///
/// # Errors
/// [`Refusal`] when it leads nowhere; the session stays where it is.
pub fn client_step(phase: ClientPhase, step: ClientStep) -> Result<ClientPhase, Refusal> {
    CLIENT_HANDSHAKE
        .iter()
        .find(|(from, by, _)| *from == phase && *by == step)
        .map_or(Err(Unexpected), |(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_every_step_once() {
        for (from, by, to) in CLIENT_HANDSHAKE {
            assert_eq!(client_step(from, by), to);
            let same = CLIENT_HANDSHAKE.iter().filter(|row| (row.0, row.1) == (from, by)).count();
            assert_eq!(same, 1, "{from:?} {by:?}");
        }
    }

    /// LIFE-04, case_07: operation is reached over `initialized` alone.
    #[test]
    fn life_04_only_initialized_leads_into_operation() {
        for (from, by, to) in CLIENT_HANDSHAKE {
            if to == Ok(Operation) {
                assert_eq!((from, by), (Announcing, Announced));
            }
            if to == Ok(Announcing) {
                assert_eq!((from, by), (Initializing, Accepted));
            }
            assert!(from != Closed || to.is_err());
        }
    }
}
