use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use sha2::{Digest, Sha256};

/// How many a session's name has.
const DIGITS: usize = 32;

/// The name of a session: 128 bits that nobody can guess, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    high: u64,
    low: u64,
}

impl SessionId {
    /// Reads the 32 digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; DIGITS] = text.as_bytes().try_into().ok()?;
        let (high, low) = digits.split_at(DIGITS / 2);
        Some(Self { high: read(high)?, low: read(low)? })
    }

    /// The 32 digits as the value of a header.
    pub(super) fn to_header(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.digits()).expect("digits are fit for a header")
    }

    fn digits(self) -> [u8; DIGITS] {
        let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
        let mut digits = [0; DIGITS];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.bytes()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        digits
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        [self.high, self.low].into_iter().flat_map(u64::to_be_bytes)
    }

    pub(super) const fn shard(self, shards: usize) -> usize {
        (self.low % shards as u64) as usize
    }
}

/// What no digit stands for.
const NONE: u8 = 16;

/// What each byte stands for as a hexadecimal digit.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < NONE {
        let digits = if value < 10 { [b'0', b'0'] } else { [b'a' - 10, b'A' - 10] };
        values[(digits[0] + value) as usize] = value;
        values[(digits[1] + value) as usize] = value;
        value += 1;
    }
    values
};

/// Reads sixteen digits; `None` if one of them is none.
fn read(digits: &[u8]) -> Option<u64> {
    let (mut number, mut seen) = (0, 0);
    for digit in digits {
        let value = VALUES.get(usize::from(*digit)).copied().unwrap_or(NONE);
        seen |= value;
        number = number << 4 | u64::from(value);
    }
    (seen < NONE).then_some(number)
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for SessionId {
    /// Hides it: whoever knows the id can speak in the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// Makes session ids from a secret seed: half of SHA-256 of the seed and a counter.
///
/// Seeing any number of ids tells nothing of the next without the seed. What HMAC does beyond
/// that is for messages that can be made longer: these all have one length, and fill one block.
pub(super) struct SessionIds {
    seed: [u8; 32],
    next: AtomicU64,
}

impl SessionIds {
    pub(super) const fn new(seed: &[u8; 32]) -> Self {
        Self { seed: *seed, next: AtomicU64::new(0) }
    }

    pub(super) fn generate(&self) -> SessionId {
        let counter = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.seed).chain_update(counter.to_be_bytes());
        let digest = digest.finalize();
        let mut halves = digest
            .chunks_exact(8)
            .map(|half| half.iter().fold(0, |half, byte| half << 8 | u64::from(*byte)));
        let mut half = || halves.next().unwrap_or_default();
        SessionId { high: half(), low: half() }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn ids_differ_by_seed_and_by_turn_and_read_back() {
        let (one, two) = (SessionIds::new(&[1; 32]), SessionIds::new(&[2; 32]));
        let ids = [one.generate(), one.generate(), two.generate()];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        for id in ids {
            assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        }
        let upper = ids[0].to_string().to_uppercase();
        assert_eq!(SessionId::parse(&upper), Some(ids[0]));
        for strange in ['+', 'g', '/', ':', '`', '@', 'G'] {
            for place in [0, 15, 16, 31] {
                let mut digits = ['7'; 32];
                digits[place] = strange;
                assert_eq!(SessionId::parse(&String::from_iter(digits)), None);
            }
        }
        assert_eq!(SessionId::parse(&"7".repeat(31)), None);
        assert_eq!(SessionId::parse("x"), None);
    }
}
