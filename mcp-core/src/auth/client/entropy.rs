//! Random texts out of one seed, and PKCE.

use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use super::super::Secret;

/// What is derived from a seed: each value once.
pub(super) struct Entropy {
    seed: [u8; 32],
    drawn: u64,
}

impl Entropy {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// 43 characters that nobody can guess.
    pub(super) fn token(&mut self) -> String {
        self.drawn += 1;
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.seed).expect("any key length will do");
        mac.update(b"mcp oauth");
        mac.update(&self.drawn.to_be_bytes());
        base64url(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `BASE64URL(SHA256(text))`: the challenge of a PKCE verifier, the `ath` of a token.
pub(super) fn hash(text: &str) -> String {
    base64url(&Sha256::digest(text.as_bytes()))
}

/// The secret whose hash opens the flow (RFC 7636): `S256`, no other method (AUTH-C05).
#[derive(Debug)]
pub(super) struct Pkce {
    pub(super) verifier: Secret,
}

impl Pkce {
    pub(super) fn new(entropy: &mut Entropy) -> Self {
        Self { verifier: Secret::new(entropy.token()) }
    }

    pub(super) fn challenge(&self) -> String {
        hash(self.verifier.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-C04, AUTH-C05: the example of RFC 7636, appendix B.
    #[test]
    fn a_challenge_is_the_hash_of_its_verifier() {
        let pkce = Pkce { verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") };
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_token_is_drawn_twice() {
        let mut entropy = Entropy::new([7; 32]);
        let (one, two) = (entropy.token(), entropy.token());
        assert_ne!(one, two);
        assert_eq!(one.len(), 43);
        assert_ne!(Entropy::new([8; 32]).token(), one);
    }
}
