//! Signed texts: client assertions and DPoP proofs.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use super::entropy::base64url;
use crate::time::UnixTime;

/// A private key that signs, wherever it is kept: in memory, in a key store, in hardware.
///
/// Feature `es256` has `Es256`, a key in memory.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The algorithm's name in JOSE: `ES256`. Asymmetric ones only.
    fn algorithm(&self) -> &str;

    /// The public key as a JSON Web Key; without any private member.
    fn public_jwk(&self) -> String;

    /// Signs a message as JWS does (RFC 7518): for `ES256` the 64 bytes `r ‖ s`.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The `kid` that the authorization server knows the key by, if it needs one.
    fn key_id(&self) -> Option<&str> {
        None
    }
}

/// A key could not be read or used.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be used")]
#[non_exhaustive]
pub struct SignError;

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a RawValue>,
}

fn compact<C: Serialize>(
    signer: &dyn Signer,
    header: &Header<'_>,
    claims: &C,
) -> Result<String, SignError> {
    let part = |json: Result<Vec<u8>, _>| json.map(|json| base64url(&json)).map_err(|_| SignError);
    let header = part(serde_json::to_vec(header))?;
    let claims = part(serde_json::to_vec(claims))?;
    let mut text = alloc::format!("{header}.{claims}");
    let signature = signer.sign(text.as_bytes())?;
    text.push('.');
    text.push_str(&base64url(&signature));
    Ok(text)
}

/// How long an assertion is good for; it is used at once.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(300);

/// What authenticates a client at an authorization server (`private_key_jwt`, RFC 7523).
pub(super) fn client_assertion(
    signer: &dyn Signer,
    now: UnixTime,
    client_id: &str,
    issuer: &str,
    id: &str,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Claims<'a> {
        iss: &'a str,
        sub: &'a str,
        aud: &'a str,
        iat: u64,
        exp: u64,
        jti: &'a str,
    }
    let header = Header { typ: "JWT", alg: signer.algorithm(), kid: signer.key_id(), jwk: None };
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: issuer,
        iat: now.since_epoch().as_secs(),
        exp: (now + ASSERTION_LIFETIME).since_epoch().as_secs(),
        jti: id,
    };
    compact(signer, &header, &claims)
}

/// What a DPoP proof is about (RFC 9449, 4.2).
pub(super) struct Proof<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a str,
    /// Without query and fragment.
    pub(super) url: &'a str,
    pub(super) nonce: Option<&'a str>,
    /// The hash of the access token it goes with.
    pub(super) token_hash: Option<&'a str>,
}

pub(super) fn dpop_proof(
    signer: &dyn Signer,
    now: UnixTime,
    proof: &Proof<'_>,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Claims<'a> {
        jti: &'a str,
        htm: &'a str,
        htu: &'a str,
        iat: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ath: Option<&'a str>,
    }
    let jwk = RawValue::from_string(signer.public_jwk()).map_err(|_| SignError)?;
    let header = Header { typ: "dpop+jwt", alg: signer.algorithm(), kid: None, jwk: Some(&jwk) };
    let claims = Claims {
        jti: proof.id,
        htm: proof.method,
        htu: proof.url,
        iat: now.since_epoch().as_secs(),
        nonce: proof.nonce,
        ath: proof.token_hash,
    };
    compact(signer, &header, &claims)
}
