//! What resources and authorization servers publish about themselves.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::AuthError;
use super::url::{UrlPolicy, WebUrl};
use super::www_authenticate::split_scopes;
use crate::revision::Revision;

/// The metadata of a protected resource (RFC 9728).
#[derive(Debug, Deserialize)]
pub(super) struct ResourceMetadata {
    pub(super) resource: String,
    #[serde(default)]
    pub(super) authorization_servers: Vec<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

impl ResourceMetadata {
    /// Whether it is about the server at a URL: the same origin, and its path or one above it.
    /// Otherwise tokens for somebody else would be asked for (AUTH-C17).
    pub(super) fn is_about(&self, server: &WebUrl) -> bool {
        let Some(resource) = WebUrl::parse(&self.resource) else {
            return false;
        };
        let below = server.path().strip_prefix(resource.path());
        resource.same_origin(server)
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            && (resource.uri().query().is_none() || resource.uri().query() == server.uri().query())
    }

    pub(super) fn scopes(&self) -> BTreeSet<String> {
        split_scopes(&self.scopes_supported.join(" "))
    }
}

/// The metadata of an authorization server (RFC 8414, OpenID Connect Discovery).
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ServerMetadata {
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) authorization_endpoint: Option<String>,
    #[serde(default)]
    pub(super) token_endpoint: Option<String>,
    #[serde(default)]
    pub(super) registration_endpoint: Option<String>,
    #[serde(default)]
    pub(super) scopes_supported: Vec<String>,
    #[serde(default)]
    pub(super) grant_types_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub(super) client_id_metadata_document_supported: bool,
    #[serde(default)]
    pub(super) dpop_signing_alg_values_supported: Vec<String>,
}

impl ServerMetadata {
    /// The endpoints of a server without metadata
    /// (`2025-03-26/basic/authorization#fallbacks-for-servers-without-metadata-discovery`).
    pub(super) fn by_default(base: &WebUrl) -> Self {
        let at = |path| Some(alloc::format!("{}{path}", base.origin()));
        Self {
            issuer: base.origin(),
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            registration_endpoint: at("/register"),
            ..Self::default()
        }
    }

    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scopes_supported.iter().any(|it| it == scope)
    }

    /// Whether a grant may be used: it is listed, or there is no list.
    pub(super) fn allows_grant(&self, grant: &str) -> bool {
        self.grant_types_supported.as_ref().is_none_or(|it| it.iter().any(|it| it == grant))
    }

    pub(super) fn allows_dpop(&self, algorithm: &str) -> bool {
        self.dpop_signing_alg_values_supported.iter().any(|it| it == algorithm)
    }

    /// Stops where codes could be stolen: from 2025-11-25 on the metadata says `S256`, and no
    /// metadata may say that there is none (AUTH-C05, AUTH-C06).
    pub(super) fn check_pkce(&self, must_be_advertised: bool) -> Result<(), AuthError> {
        match &self.code_challenge_methods_supported {
            Some(methods) if methods.iter().any(|it| it == "S256") => Ok(()),
            None if !must_be_advertised => Ok(()),
            _ => Err(AuthError::NoPkce),
        }
    }

    pub(super) fn endpoint(
        url: Option<&String>,
        name: &'static str,
        policy: UrlPolicy,
    ) -> Result<WebUrl, AuthError> {
        let url = url.ok_or(AuthError::NoEndpoint(name))?;
        policy.check(url).map_err(|fault| AuthError::Url { what: name, fault })
    }
}

/// Where the metadata of a server at a URL is, without a hint: below the path, then at the root
/// (AUTH-C16).
pub(super) fn resource_metadata_urls(server: &WebUrl) -> Vec<WebUrl> {
    const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
    let path = server.path();
    let mut paths = Vec::from([alloc::format!("{WELL_KNOWN}{path}")]);
    if !path.is_empty() {
        paths.push(WELL_KNOWN.to_string());
    }
    paths.iter().filter_map(|path| server.at(path)).collect()
}

/// Where the metadata of an issuer is (AUTH-C18..C20).
pub(super) fn server_metadata_urls(issuer: &WebUrl, revision: Option<Revision>) -> Vec<WebUrl> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let path = issuer.path();
    let mut paths = Vec::from([alloc::format!("{OAUTH}{path}")]);
    if revision != Some(Revision::V2025_06_18) {
        paths.push(alloc::format!("{OPENID}{path}"));
        if !path.is_empty() {
            paths.push(alloc::format!("{path}{OPENID}"));
        }
    }
    paths.iter().filter_map(|path| issuer.at(path)).collect()
}

/// Where a server of 2025-03-26 has its metadata: at the root, whatever its path (AUTH-C11).
pub(super) fn legacy_metadata_url(server: &WebUrl) -> Option<WebUrl> {
    server.at("/.well-known/oauth-authorization-server")
}

/// Reads a document; `None` for what is none of this kind: a page for people, say, that a server
/// shows at any path.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    fn texts(urls: Vec<WebUrl>) -> Vec<String> {
        urls.iter().map(|it| it.as_str().to_string()).collect()
    }

    /// AUTH-C16, AUTH-C18..C20, AUTH-C11.
    #[test]
    fn well_known_places_come_in_order() {
        assert_eq!(
            texts(resource_metadata_urls(&url("https://h:1/a/b/?q"))),
            [
                "https://h:1/.well-known/oauth-protected-resource/a/b",
                "https://h:1/.well-known/oauth-protected-resource"
            ]
        );
        assert_eq!(resource_metadata_urls(&url("https://h")).len(), 1);
        assert_eq!(
            texts(server_metadata_urls(&url("https://h/t"), None)),
            [
                "https://h/.well-known/oauth-authorization-server/t",
                "https://h/.well-known/openid-configuration/t",
                "https://h/t/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            texts(server_metadata_urls(&url("https://h/"), Some(Revision::V2026_07_28))),
            [
                "https://h/.well-known/oauth-authorization-server",
                "https://h/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            texts(server_metadata_urls(&url("https://h/t"), Some(Revision::V2025_06_18))),
            ["https://h/.well-known/oauth-authorization-server/t"]
        );
        assert_eq!(
            legacy_metadata_url(&url("https://h/a/b")).unwrap().as_str(),
            "https://h/.well-known/oauth-authorization-server"
        );
    }

    /// AUTH-C17, GHSA-33f5-2c5q-wgwj: the metadata of another resource is refused.
    #[test]
    fn metadata_is_about_the_server_or_what_contains_it() {
        let is_about = |resource: &str, server: &str| {
            let document = ResourceMetadata {
                resource: resource.to_string(),
                authorization_servers: Vec::new(),
                scopes_supported: Vec::new(),
            };
            document.is_about(&url(server))
        };
        for (resource, server) in [
            ("https://h/mcp", "https://h/mcp"),
            ("https://h/mcp/", "https://h/mcp"),
            ("https://H:443/mcp", "https://h/mcp"),
            ("https://h", "https://h/mcp"),
            ("https://h/", "https://h/mcp/x"),
            ("https://h/mcp", "https://h/mcp?tenant=1"),
        ] {
            assert!(is_about(resource, server), "{resource} {server}");
        }
        for (resource, server) in [
            ("https://evil.example.com/mcp", "https://h/mcp"),
            ("http://h/mcp", "https://h/mcp"),
            ("https://h:8443/mcp", "https://h/mcp"),
            ("https://h/mc", "https://h/mcp"),
            ("https://h/mcp/x", "https://h/mcp"),
            ("https://h/mcp?tenant=2", "https://h/mcp?tenant=1"),
            ("https://h/mcp#x", "https://h/mcp"),
            ("mcp", "https://h/mcp"),
        ] {
            assert!(!is_about(resource, server), "{resource} {server}");
        }
    }
}
