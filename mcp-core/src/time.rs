//! Time as the core sees it: a value the caller passes in, never a clock it reads.

use core::fmt;
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
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Enough for five centuries; seconds and a rest would be twice as large, and slower to add.
    nanos: u64,
}

impl Instant {
    /// The caller's epoch.
    pub const EPOCH: Self = Self { nanos: 0 };

    /// The instant `elapsed` after the caller's epoch; the end of time, if that is later than five
    /// centuries.
    #[must_use]
    pub const fn from_epoch(elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs().saturating_mul(1_000_000_000);
        Self { nanos: seconds.saturating_add(elapsed.subsec_nanos() as u64) }
    }

    /// How long after the caller's epoch this instant lies.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.since_epoch()).finish()
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
        Self { nanos: self.nanos.saturating_add(Self::from_epoch(rhs).nanos) }
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time since `rhs`, zero when `rhs` is later.
    fn sub(self, rhs: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(rhs.nanos))
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

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn an_instant_is_exact_for_five_centuries_and_then_stands_still() {
        let years = |years: u64| Duration::from_secs(years * 365 * 24 * 60 * 60);
        for elapsed in [Duration::ZERO, Duration::new(1, 999_999_999), years(500)] {
            let at = Instant::from_epoch(elapsed);
            assert_eq!((at.since_epoch(), at - Instant::EPOCH), (elapsed, elapsed));
            assert_eq!(format!("{at:?}"), format!("Instant({elapsed:?})"));
            let later = at + Duration::from_nanos(1);
            assert!(later > at && later - at == Duration::from_nanos(1));
        }
        let end = Instant::from_epoch(Duration::MAX);
        for long in [years(600), Duration::from_secs(u64::MAX / 1_000_000_000), Duration::MAX] {
            assert_eq!(Instant::from_epoch(years(1)) + long, end);
        }
        assert!(is_due(Some(end), end) && !is_due(Some(end), Instant::from_epoch(years(500))));
    }
}
