//! Points in time as ISO 8601 writes them.

use alloc::format;
use alloc::string::String;

use crate::time::UnixTime;

/// The time in UTC, to the millisecond: `2026-07-28T12:00:00.000Z`.
pub(super) fn iso_8601(time: UnixTime) -> String {
    let elapsed = time.since_epoch();
    let secs = elapsed.as_secs();
    let (year, month, day) = civil(secs / 86_400);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    let millis = elapsed.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The date so many days after 1970-01-01, in the Gregorian calendar.
///
/// Counted in years that start in March, the leap day is the last of its year and the lengths of
/// the months before it are regular.
const fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    /// TASK-13
    #[test]
    fn dates_are_written_in_utc() {
        for (secs, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799, "2000-02-29T23:59:59.000Z"),
            (1_785_240_001, "2026-07-28T12:00:01.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(UnixTime::from_epoch(Duration::from_secs(secs))), expected);
        }
        let millis = UnixTime::from_epoch(Duration::from_millis(1_767_225_599_999));
        assert_eq!(iso_8601(millis), "2025-12-31T23:59:59.999Z");
    }
}
