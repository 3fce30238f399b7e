//! Time as the core sees it: a value the caller passes in, never a clock it reads.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point on a monotonic clock that the caller owns, counted from an epoch the caller chose.
///
/// The core never reads a clock. Every method that needs the time takes `now` as its first
/// argument; runtimes convert from their own clock once, tests count from [`Instant::EPOCH`].
///
/// ```
/// use core::time::Duration;
/// use mcp_core::time::Instant;
///
/// let start = Instant::EPOCH;
/// let later = start + Duration::from_secs(2);
/// assert_eq!(later - start, Duration::from_secs(2));
/// assert_eq!(start - later, Duration::ZERO, "time that runs backwards counts as standing still");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The caller's epoch.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The instant `elapsed` after the caller's epoch.
    #[must_use]
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the caller's epoch this instant lies.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }
}

/// Whether a deadline has come, if there is one.
pub(crate) fn is_due(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time: a deadline of [`Duration::MAX`] never passes.
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time since `rhs`, zero when `rhs` is later.
    fn sub(self, rhs: Self) -> Duration {
        self.0.saturating_sub(rhs.0)
    }
}

/// A point in time on the world's clock, for what other processes and later ones must agree on.
///
/// The core never reads that clock either; see [`Instant`] for the one deadlines are on.
///
/// ```
/// use core::time::Duration;
/// use mcp_core::time::UnixTime;
///
/// let issued = UnixTime::from_epoch(Duration::from_secs(1_785_000_000));
/// assert!(issued + Duration::from_secs(1) > issued);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(Duration);

impl UnixTime {
    /// 1970-01-01 00:00 UTC.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The instant `elapsed` after 1970-01-01 00:00 UTC.
    #[must_use]
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after 1970-01-01 00:00 UTC this instant lies.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;

    /// Saturates at the end of time.
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}
