//! The rules of one protected resource.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use http::Uri;
use serde::Serialize;

use super::{AccessToken, Challenge, Reason};

/// A protected MCP server, as OAuth sees it: what it is called, who issues tokens for it, and
/// which scopes its operations need.
///
/// ```
/// use mcp_core::auth::{AccessToken, Principal, ResourceServer};
///
/// let resource = ResourceServer::new("https://mcp.example.com/mcp", ["https://as.example.com"])?
///     .with_scopes("mcp:basic")
///     .with_tool_scopes("delete", "mcp:write");
/// assert_eq!(resource.metadata_path(), "/.well-known/oauth-protected-resource/mcp");
///
/// let principal = Principal::new("https://as.example.com", "ada");
/// let token = AccessToken::new(principal, "https://mcp.example.com/mcp").with_scopes("mcp:basic");
/// assert!(resource.check(&token, Some("list")).is_ok());
/// assert!(resource.check(&token, Some("delete")).is_err());
/// # Ok::<(), mcp_core::auth::InvalidResource>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResourceServer {
    resource: Uri,
    metadata: Bytes,
    metadata_path: String,
    metadata_url: String,
    servers: Vec<String>,
    scopes: BTreeSet<String>,
    tool_scopes: BTreeMap<String, BTreeSet<String>>,
    implied: BTreeMap<String, BTreeSet<String>>,
}

/// The resource cannot be protected as it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResource {
    /// The resource is no absolute `http` or `https` URI without a fragment.
    #[error("`{0}` is no absolute http(s) URI of a resource")]
    Uri(String),
    /// Nobody issues tokens.
    #[error("a protected resource needs an authorization server")]
    NoAuthorizationServer,
}

impl ResourceServer {
    /// A resource with its canonical URI and the issuers of its tokens.
    ///
    /// # Errors
    /// [`InvalidResource`] when the URI is not absolute or there is no issuer.
    pub fn new<I: Into<String>>(
        resource: &str,
        authorization_servers: impl IntoIterator<Item = I>,
    ) -> Result<Self, InvalidResource> {
        let invalid = || InvalidResource::Uri(resource.to_string());
        let uri: Uri = resource.parse().map_err(|_| invalid())?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let (Some(scheme), Some(authority), true) = (uri.scheme_str(), uri.authority(), is_web)
        else {
            return Err(invalid());
        };
        if resource.contains(['#', '"', '\\']) {
            return Err(invalid());
        }
        let servers: Vec<String> = authorization_servers.into_iter().map(Into::into).collect();
        if servers.is_empty() {
            return Err(InvalidResource::NoAuthorizationServer);
        }
        // RFC 9728: the well-known part goes between the host and the path.
        let path = uri.path().trim_end_matches('/');
        let metadata_path = alloc::format!("/.well-known/oauth-protected-resource{path}");
        let metadata_url = alloc::format!("{scheme}://{authority}{metadata_path}");
        let mut server = Self {
            metadata: Bytes::new(),
            metadata_path,
            metadata_url,
            servers,
            scopes: BTreeSet::new(),
            tool_scopes: BTreeMap::new(),
            implied: BTreeMap::new(),
            resource: uri,
        };
        server.describe();
        Ok(server)
    }

    /// Adds scopes that every request needs, separated by spaces.
    #[must_use]
    pub fn with_scopes(mut self, scopes: &str) -> Self {
        self.scopes.extend(split(scopes));
        self.describe();
        self
    }

    /// Adds scopes that calling a tool needs besides.
    #[must_use]
    pub fn with_tool_scopes(mut self, tool: impl Into<String>, scopes: &str) -> Self {
        self.tool_scopes.entry(tool.into()).or_default().extend(split(scopes));
        self.describe();
        self
    }

    /// Says that whoever has a scope has others as well: `admin` implies `read write`
    /// (AUTH-RS13).
    #[must_use]
    pub fn with_implied_scopes(mut self, scope: impl Into<String>, implied: &str) -> Self {
        self.implied.entry(scope.into()).or_default().extend(split(implied));
        self
    }

    /// Judges a verified token: is it for this resource, and does it allow the call?
    ///
    /// # Errors
    /// The [`Reason`] for a [`challenge`](Self::challenge). All scopes that the operation needs
    /// are named at once, so that one more round with the user is enough (AUTH-RS12).
    pub fn check(&self, token: &AccessToken, tool: Option<&str>) -> Result<(), Reason> {
        if !token.audiences.iter().any(|audience| self.is_me(audience)) {
            return Err(Reason::InvalidToken);
        }
        let needed = self.needed(tool);
        if needed.iter().all(|scope| self.allows(token, scope)) {
            Ok(())
        } else {
            Err(Reason::InsufficientScope(needed))
        }
    }

    /// What to answer a request that is not served.
    #[must_use]
    pub fn challenge(&self, reason: &Reason) -> Challenge {
        Challenge::new(reason, &self.metadata_url, &self.scopes)
    }

    /// Whether there is a tool that needs scopes of its own.
    #[must_use]
    pub fn has_tool_scopes(&self) -> bool {
        !self.tool_scopes.is_empty()
    }

    /// Where the metadata is published: this path, and `/.well-known/oauth-protected-resource`.
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        &self.metadata_path
    }

    /// Whether a path is one of those where the metadata is published.
    #[must_use]
    pub fn publishes_at(&self, path: &str) -> bool {
        path == self.metadata_path || path == "/.well-known/oauth-protected-resource"
    }

    /// The protected resource metadata (RFC 9728), as JSON.
    #[must_use]
    pub fn metadata(&self) -> Bytes {
        self.metadata.clone()
    }

    fn needed(&self, tool: Option<&str>) -> BTreeSet<String> {
        let of_tool = tool.and_then(|tool| self.tool_scopes.get(tool));
        self.scopes.iter().chain(of_tool.into_iter().flatten()).cloned().collect()
    }

    fn allows(&self, token: &AccessToken, scope: &str) -> bool {
        token.scopes.contains(scope)
            || token
                .scopes
                .iter()
                .filter_map(|granted| self.implied.get(granted))
                .any(|implied| implied.contains(scope))
    }

    /// Scheme and host are compared without regard to case, a slash at the end does not count
    /// (AUTH-RS15).
    fn is_me(&self, audience: &str) -> bool {
        let Ok(audience) = audience.parse::<Uri>() else {
            return false;
        };
        audience.scheme() == self.resource.scheme()
            && audience.authority() == self.resource.authority()
            && audience.path().trim_end_matches('/') == self.resource.path().trim_end_matches('/')
            && audience.query() == self.resource.query()
    }

    fn describe(&mut self) {
        #[derive(Serialize)]
        struct Metadata<'a> {
            resource: String,
            authorization_servers: &'a [String],
            #[serde(skip_serializing_if = "BTreeSet::is_empty")]
            scopes_supported: BTreeSet<&'a String>,
            bearer_methods_supported: [&'static str; 1],
        }
        let metadata = Metadata {
            resource: self.resource.to_string(),
            authorization_servers: &self.servers,
            scopes_supported: self
                .scopes
                .iter()
                .chain(self.tool_scopes.values().flatten())
                .filter(|scope| *scope != "offline_access")
                .collect(),
            bearer_methods_supported: ["header"],
        };
        self.metadata = serde_json::to_vec(&metadata).unwrap_or_default().into();
    }
}

/// The scopes in a text; what could not stand in a header is no scope (RFC 6749, 3.3).
fn split(scopes: &str) -> impl Iterator<Item = String> {
    let is_scope = |scope: &&str| {
        scope.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\')
    };
    scopes.split_ascii_whitespace().filter(is_scope).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::super::Principal;
    use super::*;

    fn resource() -> ResourceServer {
        ResourceServer::new("https://MCP.example.com/mcp", ["https://as.example.com"])
            .unwrap()
            .with_scopes("mcp:basic")
            .with_tool_scopes("delete", "mcp:write")
            .with_implied_scopes("mcp:admin", "mcp:basic mcp:write")
    }

    fn token(audience: &str, scopes: &str) -> AccessToken {
        AccessToken::new(Principal::new("https://as.example.com", "ada"), audience)
            .with_scopes(scopes)
    }

    /// AUTH-RS04, AUTH-RS15: for this resource, in any spelling of its name, and for no other.
    #[test]
    fn a_token_must_be_for_this_resource() {
        for audience in ["https://mcp.example.com/mcp", "HTTPS://mcp.EXAMPLE.com/mcp/"] {
            assert_eq!(resource().check(&token(audience, "mcp:basic"), None), Ok(()), "{audience}");
        }
        for audience in [
            "https://mcp.example.com",
            "https://mcp.example.com/MCP",
            "http://mcp.example.com/mcp",
            "x",
            "",
        ] {
            let judged = resource().check(&token(audience, "mcp:basic"), None);
            assert_eq!(judged, Err(Reason::InvalidToken), "{audience}");
        }
    }

    /// AUTH-RS10, AUTH-RS12, AUTH-RS13.
    #[test]
    fn scopes_are_asked_for_all_at_once_and_imply_others() {
        let audience = "https://mcp.example.com/mcp";
        let needed = BTreeSet::from(["mcp:basic".into(), "mcp:write".into()]);
        let judged = resource().check(&token(audience, "mcp:basic"), Some("delete"));
        assert_eq!(judged, Err(Reason::InsufficientScope(needed)));
        assert_eq!(resource().check(&token(audience, "mcp:basic"), Some("list")), Ok(()));
        assert_eq!(resource().check(&token(audience, "mcp:admin"), Some("delete")), Ok(()));
    }

    /// AUTH-RS01, AUTH-RS02, AUTH-RS07..RS10, AUTH-RS14.
    #[test]
    fn a_challenge_says_how_to_do_better() {
        let resource = resource().with_scopes("offline_access");
        let metadata = "resource_metadata=\"https://MCP.example.com/.well-known/oauth-protected-resource/mcp\"";
        for (reason, status, expected) in [
            (Reason::NoToken, 401, "Bearer scope=\"mcp:basic\", "),
            (Reason::InvalidToken, 401, "Bearer error=\"invalid_token\", scope=\"mcp:basic\", "),
            (
                Reason::MalformedRequest,
                400,
                "Bearer error=\"invalid_request\", scope=\"mcp:basic\", ",
            ),
            (
                Reason::InsufficientScope(BTreeSet::from(["a".into(), "b".into()])),
                403,
                "Bearer error=\"insufficient_scope\", scope=\"a b\", ",
            ),
        ] {
            let challenge = resource.challenge(&reason);
            assert_eq!(challenge.status.as_u16(), status);
            let expected = alloc::format!("{expected}{metadata}");
            assert_eq!(challenge.www_authenticate, expected.as_str());
        }
    }

    /// AUTH-RS06, AUTH-RS08.
    #[test]
    fn the_metadata_names_the_issuers() {
        let resource = resource().with_scopes("offline_access");
        let metadata: serde_json::Value = serde_json::from_slice(&resource.metadata()).unwrap();
        assert_eq!(metadata["authorization_servers"][0], "https://as.example.com");
        assert_eq!(metadata["scopes_supported"], serde_json::json!(["mcp:basic", "mcp:write"]));
        assert!(resource.publishes_at("/.well-known/oauth-protected-resource/mcp"));
        assert!(resource.publishes_at("/.well-known/oauth-protected-resource"));
        assert!(!resource.publishes_at("/mcp"));
    }

    #[test]
    fn a_resource_has_an_absolute_uri_and_an_issuer() {
        for bad in ["/mcp", "ftp://x/", "https://x/#a", "", "https://x/\""] {
            assert!(ResourceServer::new(bad, ["https://as"]).is_err(), "{bad}");
        }
        let nobody = ResourceServer::new("https://x/", [""; 0]);
        assert_eq!(nobody.unwrap_err(), InvalidResource::NoAuthorizationServer);
    }
}
