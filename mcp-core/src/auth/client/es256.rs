//! A key for ES256 in memory.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;

use super::entropy::base64url;
use super::jwt::{SignError, Signer};

/// A private key on the curve P-256 that signs with `ES256`.
///
/// ```
/// use mcp_core::auth::{Es256, Signer};
///
/// let key = Es256::from_bytes(&[7; 32])?;      // 32 random bytes: a key for DPoP
/// assert_eq!(key.sign(b"message")?.len(), 64);
/// # Ok::<(), mcp_core::auth::SignError>(())
/// ```
#[derive(Clone)]
pub struct Es256 {
    key: SigningKey,
    key_id: Option<String>,
}

impl Es256 {
    /// The key that is these 32 bytes. Random bytes make a new key.
    ///
    /// # Errors
    /// [`SignError`] for the one in 2³² texts of 32 bytes that is no key: draw again.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignError> {
        let key = SigningKey::from_slice(bytes).map_err(|_| SignError)?;
        Ok(Self { key, key_id: None })
    }

    /// Reads a private key as PEM: `-----BEGIN PRIVATE KEY-----` (PKCS#8), not encrypted.
    ///
    /// # Errors
    /// [`SignError`] for what is no such key, or one for another algorithm.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        let key = SigningKey::from_pkcs8_pem(pem.trim()).map_err(|_| SignError)?;
        Ok(Self { key, key_id: None })
    }

    /// Sets the `kid` that the authorization server knows the key by.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }
}

impl Signer for Es256 {
    fn algorithm(&self) -> &str {
        "ES256"
    }

    fn public_jwk(&self) -> String {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinate = |it: Option<_>| {
            it.map_or_else(String::new, |it: &_| base64url(AsRef::<[u8]>::as_ref(it)))
        };
        let (x, y) = (coordinate(point.x()), coordinate(point.y()));
        alloc::format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature: Signature = self.key.try_sign(message).map_err(|_| SignError)?;
        Ok(signature.to_bytes().to_vec())
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

impl fmt::Debug for Es256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Es256").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;
    use p256::pkcs8::{EncodePrivateKey, LineEnding};
    use p256::{PublicKey, SecretKey};

    use super::*;

    /// AUTH-X02: what is signed verifies with the public key that is shown, and nothing else.
    #[test]
    fn a_signature_verifies() {
        let key = Es256::from_bytes(&[9; 32]).unwrap();
        let signature = Signature::from_slice(&key.sign(b"message").unwrap()).unwrap();
        let public = key.key.verifying_key();
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());

        let jwk: serde_json::Value = serde_json::from_str(&key.public_jwk()).unwrap();
        let point: Vec<u8> = ["x", "y"]
            .iter()
            .flat_map(|it| {
                use base64::Engine as _;
                let text = jwk[*it].as_str().unwrap();
                base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
            })
            .collect();
        let point = [&[4], point.as_slice()].concat();
        let shown = VerifyingKey::from(PublicKey::from_sec1_bytes(&point).unwrap());
        assert_eq!(shown, *public);
    }

    #[test]
    fn a_key_is_read_as_pem() {
        let key = Es256::from_bytes(&[9; 32]).unwrap();
        let secret = SecretKey::from_slice(&[9; 32]).unwrap();
        let pem = secret.to_pkcs8_pem(LineEnding::LF).unwrap();
        let read = Es256::from_pem(&pem).unwrap();
        assert_eq!(read.public_jwk(), key.public_jwk());
        assert_eq!(Es256::from_bytes(&[0; 32]).err(), Some(SignError));
        assert_eq!(alloc::format!("{read:?}"), "Es256 { key_id: None, .. }");
    }
}
