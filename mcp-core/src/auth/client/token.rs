//! What a token endpoint answers.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::time::Duration;

use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer};

use super::super::Secret;
use super::error::{AuthError, OAuthError};
use super::store::Tokens;
use super::www_authenticate::split_scopes;
use crate::time::UnixTime;

const ENDPOINT: &str = "token endpoint";

#[derive(Deserialize)]
pub(super) struct TokenResponse {
    access_token: String,
    /// Some servers forget it; then it is one that bears.
    token_type: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    scope: Option<String>,
    issued_token_type: Option<String>,
}

/// Some servers write the number as text; what is neither says nothing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
    error_description: Option<String>,
}

impl TokenResponse {
    /// Reads a response. Some servers send errors with 200.
    ///
    /// # Errors
    /// What the server says, or that it makes no sense.
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Self, AuthError> {
        if let Some(error) = oauth_error(body) {
            return Err(AuthError::TokenRefused(error));
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(AuthError::Unavailable(ENDPOINT));
        }
        let read = serde_json::from_slice(body).ok().filter(|_| status.is_success());
        read.ok_or(AuthError::BadResponse(ENDPOINT))
    }

    /// The tokens. What is not said is as it was asked for: the scopes, and with a refresh the
    /// refresh token.
    pub(super) fn into_tokens(
        self,
        now: UnixTime,
        asked: &BTreeSet<String>,
        must_be_bound: bool,
        refreshed: Option<Secret>,
    ) -> Result<Tokens, AuthError> {
        let kind = self.token_type.as_deref().unwrap_or("bearer");
        let is_bound = kind.eq_ignore_ascii_case("dpop");
        if !is_bound && !kind.eq_ignore_ascii_case("bearer") {
            return Err(AuthError::BadResponse(ENDPOINT));
        }
        if is_bound != must_be_bound {
            return Err(AuthError::NotBound);
        }
        // It must fit into a header.
        let is_token = !self.access_token.is_empty()
            && !self.access_token.contains([' ', '\t'])
            && HeaderValue::from_str(&self.access_token).is_ok();
        if !is_token {
            return Err(AuthError::BadResponse(ENDPOINT));
        }
        // No time at all makes no sense, and says nothing.
        let lifetime = self.expires_in.filter(|it| *it > 0).map(Duration::from_secs);
        Ok(Tokens {
            access_token: Secret::new(self.access_token),
            refresh_token: self.refresh_token.map(Secret::new).or(refreshed),
            expires_at: lifetime.map(|it| now + it),
            scopes: self.scope.map_or_else(|| asked.clone(), |it| split_scopes(&it)),
            is_bound,
        })
    }

    /// The assertion that an identity provider issued for an authorization server (AUTH-X05).
    pub(super) fn into_id_jag(self) -> Result<Secret, AuthError> {
        if self.issued_token_type.as_deref() == Some(ID_JAG) {
            Ok(Secret::new(self.access_token))
        } else {
            Err(AuthError::BadResponse("identity provider"))
        }
    }
}

/// The type of an identity assertion for another authorization server.
pub(super) const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

pub(super) fn oauth_error(body: &[u8]) -> Option<OAuthError> {
    let error: ErrorResponse = serde_json::from_slice(body).ok()?;
    Some(OAuthError::new(&error.error, error.error_description.as_deref()))
}
