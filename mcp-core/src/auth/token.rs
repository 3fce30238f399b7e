//! What is known of a caller once its token has been verified.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::{Reason, Secret};

/// Who a verified token speaks for.
///
/// Sessions and tasks are bound to it: whoever comes with another one is told that they do not
/// exist. Two tokens speak for the same principal if issuer and subject are the same, or, for
/// tokens without a subject, issuer and client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// The principal of an issuer's subject.
    #[must_use]
    pub fn new(issuer: &str, subject: &str) -> Self {
        // With the length in front no two pairs look the same.
        Self(alloc::format!("{}:{issuer}{subject}", issuer.len()).into())
    }

    /// The principal that has this [text](Self::as_str).
    #[must_use]
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The principal as one text, to key by.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Principal> for Arc<str> {
    fn from(principal: Principal) -> Self {
        principal.0
    }
}

impl fmt::Debug for Principal {
    /// Hides it: subjects are often names or addresses of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Principal(..)")
    }
}

/// What the verification of a token found out. It does not hold the token: a server that had it
/// could pass it on (AUTH-RS05).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    /// Who it speaks for.
    pub principal: Principal,
    /// Whom it was issued for: the `aud` claim, or what introspection says.
    pub audiences: BTreeSet<String>,
    /// What it allows.
    pub scopes: BTreeSet<String>,
}

impl AccessToken {
    /// A token for a principal and an audience.
    #[must_use]
    pub fn new(principal: Principal, audience: impl Into<String>) -> Self {
        Self { principal, audiences: BTreeSet::from([audience.into()]), scopes: BTreeSet::new() }
    }

    /// Adds scopes, separated by spaces as in the `scope` claim.
    #[must_use]
    pub fn with_scopes(mut self, scopes: &str) -> Self {
        self.scopes.extend(scopes.split_ascii_whitespace().map(String::from));
        self
    }
}

/// Why nothing is known of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is not one of the issuer's, or has expired or been revoked. The client hears 401.
    #[error("the token is not valid")]
    Invalid,
    /// Whoever has to be asked did not answer. The client hears 503, and may try again.
    #[error("the token cannot be verified now")]
    Unavailable,
}

/// The bearer token of a request.
///
/// Tokens in the query are not read: they end up in logs
/// (`2025-11-25/basic/authorization#token-requirements`).
///
/// # Errors
/// [`Reason::NoToken`] without an `Authorization` header, [`Reason::MalformedRequest`] with one
/// that holds no bearer token, or with several.
pub fn bearer(headers: &HeaderMap) -> Result<Secret, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Reason::NoToken)?;
    if values.next().is_some() {
        return Err(Reason::MalformedRequest);
    }
    let text = value.to_str().map_err(|_| Reason::MalformedRequest)?;
    let (scheme, token) = text.split_once(' ').ok_or(Reason::MalformedRequest)?;
    let token = token.trim();
    let is_token = !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    if scheme.eq_ignore_ascii_case("bearer") && is_token {
        Ok(Secret::new(token))
    } else {
        Err(Reason::MalformedRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_bearer_token_is_read_from_the_header_alone() {
        assert_eq!(
            bearer(&headers(&["Bearer abc.DEF-1~2+/="])).unwrap().expose(),
            "abc.DEF-1~2+/="
        );
        assert_eq!(bearer(&headers(&["bearer  x"])).unwrap().expose(), "x");
        assert_eq!(bearer(&headers(&[])), Err(Reason::NoToken));
        for bad in [
            &["Basic abc"][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a b"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(bearer(&headers(bad)), Err(Reason::MalformedRequest), "{bad:?}");
        }
    }
}
