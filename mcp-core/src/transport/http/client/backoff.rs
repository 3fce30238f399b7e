//! How long to wait before a stream is opened again, and when to give up.

use core::time::Duration;

use crate::time::Instant;

/// How streams that were cut are opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnection {
    /// How often a stream is opened again without bringing anything new. Default 5. Only a new
    /// event id counts as new, or on a stream without ids a message: a server that accepts and
    /// hangs up, again and again, is given up (`case_35`).
    pub attempts: u32,
    /// The wait before the first attempt, unless the server has named one with `retry`. Default
    /// 1 s. It doubles with every attempt.
    pub delay: Duration,
    /// The longest wait this comes to. Default 30 s. A longer one that the server names is kept
    /// to (SHTTP-L10).
    pub delay_max: Duration,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self { attempts: 5, delay: Duration::from_secs(1), delay_max: Duration::from_secs(30) }
    }
}

/// The attempts to open one stream again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    /// Since the stream last brought something new.
    attempts: u32,
    /// What the server asked for.
    retry: Option<Duration>,
}

impl Budget {
    /// Takes note of the wait the server asks for.
    pub(super) const fn ask(&mut self, retry: Duration) {
        self.retry = Some(retry);
    }

    /// The stream has brought something new.
    pub(super) const fn progress(&mut self) {
        self.attempts = 0;
    }

    /// When to try next; `None` if the stream is given up.
    ///
    /// A server that names a wait means to be called again after it: the first attempt is then
    /// exact. Otherwise up to a half is added, so that clients do not all come back at once.
    pub(super) fn next(
        &mut self,
        now: Instant,
        config: &Reconnection,
        jitter: &mut Jitter,
    ) -> Option<Instant> {
        if self.attempts >= config.attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(self.attempts);
        let delay = config.delay.saturating_mul(doubled).min(config.delay_max);
        let first = self.attempts == 0;
        self.attempts = self.attempts.saturating_add(1);
        let wait = match self.retry {
            Some(retry) if first => retry,
            retry => delay.saturating_add(jitter.up_to(delay / 2)).max(retry.unwrap_or_default()),
        };
        Some(now + wait)
    }

    pub(super) const fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// Numbers that differ from client to client; nothing depends on their being secret (`SplitMix64`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let parts = u32::try_from(mixed & 0xff).unwrap_or_default();
        (most / 256).saturating_mul(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(budget: &mut Budget, config: &Reconnection) -> alloc::vec::Vec<Duration> {
        let mut jitter = Jitter::new(7);
        core::iter::from_fn(|| budget.next(Instant::EPOCH, config, &mut jitter))
            .map(Instant::since_epoch)
            .take(100)
            .collect()
    }

    /// case_39: no wait overflows, however many attempts there are.
    #[test]
    fn case_39_waits_double_up_to_a_bound() {
        let config = Reconnection { attempts: u32::MAX, ..Reconnection::default() };
        let mut budget = Budget::default();
        let times = waits(&mut budget, &config);
        for (attempt, wait) in (0..).zip(&times) {
            let least = Duration::from_secs(2_u64.pow(attempt.min(5))).min(config.delay_max);
            assert!(*wait >= least && *wait <= least + least / 2, "{attempt}: {wait:?}");
        }
        budget.attempts = u32::MAX - 1;
        assert_eq!(waits(&mut budget, &config).len(), 1);
        let huge = Reconnection { delay: Duration::MAX, delay_max: Duration::MAX, ..config };
        assert_eq!(waits(&mut Budget::default(), &huge).len(), 100);
    }

    /// case_35: only progress brings attempts back. SHTTP-L10: never before `retry`.
    #[test]
    fn case_35_attempts_are_counted_until_there_is_progress() {
        let config = Reconnection::default();
        let mut budget = Budget::default();
        assert_eq!(waits(&mut budget, &config).len(), 5);
        assert_eq!(waits(&mut budget, &config).len(), 0);
        budget.progress();
        budget.ask(Duration::from_secs(2));
        let times = waits(&mut budget, &config);
        assert_eq!((times.len(), times[0]), (5, Duration::from_secs(2)));
        assert!(times.iter().all(|wait| *wait >= Duration::from_secs(2)));
    }
}
