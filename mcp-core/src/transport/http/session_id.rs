use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
        Self::read(text.as_bytes())
    }

    /// The same for the value of a header.
    pub(super) fn read(digits: &[u8]) -> Option<Self> {
        let digits: &[u8; DIGITS] = digits.try_into().ok()?;
        // Judged together: a look at each in between would keep them from being read many at a time.
        let (mut values, mut seen) = ([0; DIGITS], 0);
        for (value, digit) in values.iter_mut().zip(digits) {
            *value = value_of(*digit);
            seen |= *value;
        }
        let (high, low) = values.split_at(DIGITS / 2);
        let number =
            |values: &[u8]| values.iter().fold(0, |number, value| number << 4 | u64::from(*value));
        (seen < NONE).then(|| Self { high: number(high), low: number(low) })
    }

    /// The 32 digits as the value of a header.
    pub(super) fn to_header(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.digits()).expect("digits are fit for a header")
    }

    fn digits(self) -> [u8; DIGITS] {
        let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
        let (mut digits, bytes) = ([0; DIGITS], self.bytes());
        for (place, byte) in bytes.into_iter().enumerate() {
            digits[2 * place] = digit(byte >> 4);
            digits[2 * place + 1] = digit(byte & 15);
        }
        digits
    }

    fn bytes(self) -> [u8; DIGITS / 2] {
        (u128::from(self.high) << 64 | u128::from(self.low)).to_be_bytes()
    }

    pub(super) const fn shard(self, shards: usize) -> usize {
        (self.low % shards as u64) as usize
    }
}

/// What no digit stands for.
const NONE: u8 = 16;

/// What a hexadecimal digit stands for.
const fn value_of(digit: u8) -> u8 {
    let (number, letter) = (digit.wrapping_sub(b'0'), (digit | 0x20).wrapping_sub(b'a'));
    if number < 10 {
        number
    } else if letter < 6 {
        letter + 10
    } else {
        NONE
    }
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

/// Makes session ids from a secret seed: SHA-256 of the seed and a counter is two of them.
///
/// Seeing any number of ids tells nothing of the others without the seed, and one half of a hash
/// nothing of the other half. What HMAC does beyond that is for messages that can be made longer:
/// these all have one length, and fill one block.
pub(super) struct SessionIds {
    seed: [u8; 32],
    next: AtomicU64,
    /// The other half of a hash of which one has been given out.
    other: Mutex<Option<SessionId>>,
}

impl SessionIds {
    pub(super) const fn new(seed: &[u8; 32]) -> Self {
        Self { seed: *seed, next: AtomicU64::new(0), other: Mutex::new(None) }
    }

    pub(super) fn generate(&self) -> SessionId {
        if let Some(other) = self.other().take() {
            return other;
        }
        let counter = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.seed).chain_update(counter.to_be_bytes());
        let digest = digest.finalize();
        let mut halves = digest
            .chunks_exact(8)
            .map(|half| half.iter().fold(0, |half, byte| half << 8 | u64::from(*byte)));
        let mut half = || halves.next().unwrap_or_default();
        let mut id = || SessionId { high: half(), low: half() };
        let (one, other) = (id(), id());
        *self.other() = Some(other);
        one
    }

    fn other(&self) -> MutexGuard<'_, Option<SessionId>> {
        self.other.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn a_hash_is_two_ids_and_none_comes_twice() {
        let ids = SessionIds::new(&[1; 32]);
        let hash = Sha256::new().chain_update([1; 32]).chain_update(0_u64.to_be_bytes()).finalize();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let first = [ids.generate(), ids.generate()];
        assert_eq!(first.map(|id| id.to_string()).concat(), hash);
        let all: BTreeSet<_> = (0..1000).map(|_| ids.generate()).chain(first).collect();
        assert_eq!(all.len(), 1002);
    }

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
