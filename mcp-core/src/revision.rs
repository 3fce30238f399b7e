//! The five revisions of the specification and the two eras they fall into.

use core::fmt;
use core::str::FromStr;

/// A revision of the Model Context Protocol specification, ordered by age.
///
/// ```
/// use mcp_core::revision::{Era, Revision};
///
/// let revision: Revision = "2025-06-18".parse()?;
/// assert!(revision < Revision::LATEST_LEGACY);
/// assert_eq!(revision.era(), Era::Legacy);
/// # Ok::<(), mcp_core::revision::UnknownRevision>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Revision {
    /// 2024-11-05: HTTP+SSE and stdio.
    V2024_11_05,
    /// 2025-03-26: Streamable HTTP, JSON-RPC batches, audio, tool annotations.
    V2025_03_26,
    /// 2025-06-18: elicitation, structured tool output, no batches.
    V2025_06_18,
    /// 2025-11-25: icons, URL elicitation, experimental tasks, resumable polling.
    V2025_11_25,
    /// 2026-07-28: stateless requests, `server/discover`, multi round-trip requests.
    V2026_07_28,
}

/// How a connection is set up: by a handshake, or by every request on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the revisions fall into exactly these two")]
pub enum Era {
    /// Revisions up to 2025-11-25: `initialize` opens a session.
    Legacy,
    /// From 2026-07-28: every request carries what it needs in `_meta`.
    Modern,
}

impl Revision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The revisions that start with the `initialize` handshake, oldest first.
    pub const LEGACY: [Self; 4] =
        [Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25];

    /// The newest revision that starts with the `initialize` handshake.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// The name of the revision as it stands on the wire, for example `2025-11-25`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era the revision belongs to.
    #[must_use]
    pub const fn era(self) -> Era {
        match self {
            Self::V2026_07_28 => Era::Modern,
            _ => Era::Legacy,
        }
    }

    /// Whether a top-level array of messages is legal: in 2025-03-26 only
    /// (`2025-03-26/basic/index#batching`).
    #[must_use]
    pub const fn allows_batches(self) -> bool {
        matches!(self, Self::V2025_03_26)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no revision this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol revision")]
pub struct UnknownRevision;

impl FromStr for Revision {
    type Err = UnknownRevision;

    fn from_str(text: &str) -> Result<Self, UnknownRevision> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == text).ok_or(UnknownRevision)
    }
}
