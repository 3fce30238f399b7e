//! The handshake of the legacy era, as a server goes through it.

use core::fmt;

/// Where a legacy session stands (`2025-11-25/basic/lifecycle`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handshake has these phases")]
pub enum Phase {
    /// No `initialize` yet, or it was refused.
    New,
    /// `initialize` is being answered.
    Initializing,
    /// `InitializeResult` is on its way, `notifications/initialized` is outstanding.
    Responded,
    /// Both sides are done with the handshake.
    Operation,
    /// The session is over.
    Closed,
}

impl Phase {
    /// The name of the phase as it stands in the `data.state` of a refusal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Initializing => "initializing",
            Self::Responded => "responded",
            Self::Operation => "operation",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can move a session from one phase to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handshake has these steps")]
pub enum Step {
    /// The client's `initialize` arrived.
    Initialize,
    /// The application accepted it.
    Accept,
    /// The application refused it.
    Refuse,
    /// The client's `notifications/initialized` arrived.
    Initialized,
    /// Either side ended the session.
    Close,
}

/// Why a step leads nowhere from where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "every cell of the table says one of these")]
pub enum Refusal {
    /// There is an `initialize` already; a second one changes nothing and is told so.
    #[error("already initialized")]
    AlreadyInitialized,
    /// The step says nothing at this point and is ignored.
    #[error("not expected in this phase")]
    Unexpected,
}

/// One cell of the table: from here, this step leads there.
pub type Row = (Phase, Step, Result<Phase, Refusal>);

use Phase::{Closed, Initializing, New, Operation, Responded};
use Refusal::{AlreadyInitialized, Unexpected};
use Step::{Accept, Close, Initialize, Initialized, Refuse};

/// Every phase with every step.
///
/// `initialized` while `initialize` is still being answered is no step of its own: the session
/// remembers it and takes it after [`Step::Accept`], so a client that sends both at once is
/// served and a refused one is not let in.
pub const HANDSHAKE: [Row; 25] = [
    (New, Initialize, Ok(Initializing)),
    (New, Accept, Err(Unexpected)),
    (New, Refuse, Err(Unexpected)),
    (New, Initialized, Err(Unexpected)),
    (New, Close, Ok(Closed)),
    (Initializing, Initialize, Err(AlreadyInitialized)),
    (Initializing, Accept, Ok(Responded)),
    (Initializing, Refuse, Ok(New)),
    (Initializing, Initialized, Err(Unexpected)),
    (Initializing, Close, Ok(Closed)),
    (Responded, Initialize, Err(AlreadyInitialized)),
    (Responded, Accept, Err(Unexpected)),
    (Responded, Refuse, Err(Unexpected)),
    (Responded, Initialized, Ok(Operation)),
    (Responded, Close, Ok(Closed)),
    (Operation, Initialize, Err(AlreadyInitialized)),
    (Operation, Accept, Err(Unexpected)),
    (Operation, Refuse, Err(Unexpected)),
    (Operation, Initialized, Err(Unexpected)),
    (Operation, Close, Ok(Closed)),
    (Closed, Initialize, Err(Unexpected)),
    (Closed, Accept, Err(Unexpected)),
    (Closed, Refuse, Err(Unexpected)),
    (Closed, Initialized, Err(Unexpected)),
    (Closed, Close, Err(Unexpected)),
];

/// Looks up where a step leads.
///
/// # Errors
/// [`Refusal`] when it leads nowhere; the session stays where it is.
pub fn step(phase: Phase, step: Step) -> Result<Phase, Refusal> {
    HANDSHAKE
        .iter()
        .find(|(from, by, _)| *from == phase && *by == step)
        .map_or(Err(Unexpected), |(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_every_step_once() {
        for (from, by, to) in HANDSHAKE {
            assert_eq!(step(from, by), to);
            let same = HANDSHAKE.iter().filter(|row| (row.0, row.1) == (from, by)).count();
            assert_eq!(same, 1, "{from:?} {by:?}");
        }
    }

    /// case_11: nothing but a refusal leads back, and nothing leads out of the end.
    #[test]
    fn case_11_only_a_refused_initialize_goes_back() {
        for (from, by, to) in HANDSHAKE {
            match to {
                Ok(to) if to < from => assert_eq!((from, by, to), (Initializing, Refuse, New)),
                Ok(_) => assert_ne!(from, Closed),
                Err(_) => {}
            }
        }
    }
}
