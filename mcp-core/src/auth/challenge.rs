//! What those hear who may not call.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It has no token.
    NoToken,
    /// Its `Authorization` header makes no sense.
    MalformedRequest,
    /// Its token is unknown, expired, revoked or for somebody else.
    InvalidToken,
    /// Its token does not allow what it asks for; these scopes would.
    InsufficientScope(BTreeSet<String>),
}

/// A refusal with the `WWW-Authenticate` header that says how to do better
/// (`2026-07-28/basic/authorization`, RFC 6750, RFC 9728).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// 401, 403, or 400 for a request that makes no sense.
    pub status: StatusCode,
    /// The value of `WWW-Authenticate`.
    pub www_authenticate: HeaderValue,
}

impl Challenge {
    /// The challenge for a reason. `scopes` are what the operation needs.
    pub(super) fn new(reason: &Reason, metadata_url: &str, scopes: &BTreeSet<String>) -> Self {
        let (status, error, scopes) = match reason {
            Reason::NoToken => (StatusCode::UNAUTHORIZED, None, scopes),
            Reason::MalformedRequest => (StatusCode::BAD_REQUEST, Some("invalid_request"), scopes),
            Reason::InvalidToken => (StatusCode::UNAUTHORIZED, Some("invalid_token"), scopes),
            Reason::InsufficientScope(needed) => {
                (StatusCode::FORBIDDEN, Some("insufficient_scope"), needed)
            }
        };
        let mut parameters = Vec::new();
        if let Some(error) = error {
            parameters.push(alloc::format!("error=\"{error}\""));
        }
        // AUTH-RS14: what keeps a session alive offline is no business of a resource.
        let scopes: Vec<&str> =
            scopes.iter().map(String::as_str).filter(|it| *it != "offline_access").collect();
        if !scopes.is_empty() {
            parameters.push(alloc::format!("scope=\"{}\"", scopes.join(" ")));
        }
        parameters.push(alloc::format!("resource_metadata=\"{metadata_url}\""));
        let value = alloc::format!("Bearer {}", parameters.join(", "));
        // Scopes and URLs were checked when the resource server was made.
        let www_authenticate =
            HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("Bearer"));
        Self { status, www_authenticate }
    }

    /// The header's name and value.
    #[must_use]
    pub fn header(&self) -> (http::HeaderName, HeaderValue) {
        (WWW_AUTHENTICATE, self.www_authenticate.clone())
    }
}
