use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The name of a session: 128 bits that nobody can guess, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u128);

impl SessionId {
    /// Reads the 32 digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        well_formed.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }

    pub(super) const fn shard(self, shards: usize) -> usize {
        (self.0 % shards as u128) as usize
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    /// Hides it: whoever knows the id can speak in the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// Makes session ids from a secret seed: HMAC-SHA-256 of a counter.
///
/// Seeing any number of ids tells nothing of the next without the seed.
pub(super) struct SessionIds {
    seed: Hmac<Sha256>,
    next: AtomicU64,
}

impl SessionIds {
    pub(super) fn new(seed: &[u8; 32]) -> Self {
        let seed = Hmac::new_from_slice(seed).expect("HMAC takes keys of any length");
        Self { seed, next: AtomicU64::new(0) }
    }

    pub(super) fn generate(&self) -> SessionId {
        let counter = self.next.fetch_add(1, Ordering::Relaxed);
        let mut mac = self.seed.clone();
        mac.update(&counter.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        SessionId(digest.iter().take(16).fold(0, |id, byte| (id << 8) | u128::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn ids_differ_by_seed_and_by_turn_and_read_back() {
        let (one, two) = (SessionIds::new(&[1; 32]), SessionIds::new(&[2; 32]));
        let ids = [one.generate(), one.generate(), two.generate()];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        for id in ids {
            assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        }
        assert_eq!(SessionId::parse("+0000000000000000000000000000001"), None);
        assert_eq!(SessionId::parse("x"), None);
    }
}
