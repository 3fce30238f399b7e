//! What the client is and what it may do.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::Serialize;

use super::super::Secret;
use super::jwt::Signer;
use super::url::{LocalHosts, WebUrl, is_loopback};
use super::www_authenticate::split_scopes;
use crate::revision::Revision;

/// How the client gets its tokens.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Grant {
    /// A person agrees in a browser (`authorization_code` with PKCE).
    #[default]
    AuthorizationCode,
    /// The client speaks for itself (`io.modelcontextprotocol/oauth-client-credentials`). It is
    /// configured with [`ClientCredentials`] and registers nowhere.
    ClientCredentials,
    /// A workload shows what its platform says about it (workload identity federation): the JWT
    /// is the assertion of a `jwt-bearer` grant (RFC 7523). It is tried once, and nothing else is.
    JwtBearer(Secret),
    /// The identity provider of an enterprise decides
    /// (`io.modelcontextprotocol/enterprise-managed-authorization`).
    EnterpriseManaged(IdentityProvider),
}

/// An enterprise's identity provider, and who signed in there.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    pub(super) token_endpoint: WebUrl,
    pub(super) client: ClientCredentials,
    pub(super) id_token: Secret,
}

impl IdentityProvider {
    /// A provider by its token endpoint, what the client is called there, and the ID token of the
    /// user's sign-in. [`Authorizer::set_grant`](super::Authorizer::set_grant) brings a newer one.
    ///
    /// # Errors
    /// [`InvalidOAuth::Url`] when the endpoint is no `https` URL, or `http` on this machine.
    pub fn new(
        token_endpoint: &str,
        client: ClientCredentials,
        id_token: Secret,
    ) -> Result<Self, InvalidOAuth> {
        Ok(Self { token_endpoint: own_url(token_endpoint)?, client, id_token })
    }
}

/// What the client is called at an authorization server, and how it proves that.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub(super) issuer: Option<String>,
    pub(super) id: String,
    pub(super) secret: Option<Secret>,
    pub(super) key: Option<Arc<dyn Signer>>,
}

impl ClientCredentials {
    /// A client without a secret.
    ///
    /// Without [`for_issuer`](Self::for_issuer) the credentials go to the authorization server
    /// that the MCP server names first, and to no other after that (AUTH-C31, AUTH-C32).
    pub fn new(id: impl Into<String>) -> Self {
        Self { issuer: None, id: id.into(), secret: None, key: None }
    }

    /// Binds the credentials to an authorization server: no other ever sees them (AUTH-C30).
    #[must_use]
    pub fn for_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the secret, for `client_secret_basic` or `client_secret_post`, as the server likes.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets the key, for `private_key_jwt`.
    #[must_use]
    pub fn with_key(mut self, key: Arc<dyn Signer>) -> Self {
        self.key = Some(key);
        self
    }
}

/// The configuration is not one to run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOAuth {
    /// No `https` URL, nor `http` on this machine, or one with a user or a fragment.
    #[error("`{0}` is no https URL, nor http on this machine")]
    Url(String),
    /// The id of a client metadata document is an `https` URL with a path (AUTH-C24).
    #[error("`{0}` is no https URL with a path: it cannot be the id of a client metadata document")]
    MetadataDocument(String),
}

/// The client side of authorization for one MCP server: who the client is, and its bounds.
///
/// ```
/// use mcp_core::auth::OAuthConfig;
///
/// let config = OAuthConfig::new("https://mcp.example.com/mcp")?
///     .with_client_name("My editor")
///     .with_redirect_uri("http://127.0.0.1:8765/callback")?
///     .with_metadata_document("https://editor.example.com/oauth/client.json")?;
/// assert!(config.metadata_document().is_some());
/// # Ok::<(), mcp_core::auth::InvalidOAuth>(())
/// ```
#[derive(Clone, Debug)]
pub struct OAuthConfig {
    pub(super) server: WebUrl,
    pub(super) grant: Grant,
    pub(super) revision: Option<Revision>,
    pub(super) name: String,
    pub(super) redirect_uri: Option<WebUrl>,
    pub(super) document: Option<WebUrl>,
    pub(super) clients: Vec<ClientCredentials>,
    pub(super) scopes: BTreeSet<String>,
    pub(super) offline: bool,
    pub(super) dpop: Option<Arc<dyn Signer>>,
    pub(super) local_hosts: LocalHosts,
    pub(super) max_step_ups: u32,
    pub(super) max_response_bytes: usize,
}

/// Metadata has a few KiB; tokens that are JWTs with many claims have some more.
const MAX_RESPONSE_BYTES: usize = 256 << 10;

/// With the first authorization this makes three, and a person asked three times has had enough.
const MAX_STEP_UPS: u32 = 2;

impl OAuthConfig {
    /// Authorization for the MCP server at a URL, by a person in a browser.
    ///
    /// # Errors
    /// [`InvalidOAuth::Url`] for what is no absolute `http` or `https` URL.
    pub fn new(server: &str) -> Result<Self, InvalidOAuth> {
        let server = WebUrl::parse(server).ok_or_else(|| InvalidOAuth::Url(server.to_string()))?;
        Ok(Self {
            server,
            grant: Grant::default(),
            revision: None,
            name: "MCP client".to_string(),
            redirect_uri: None,
            document: None,
            clients: Vec::new(),
            scopes: BTreeSet::new(),
            offline: true,
            dpop: None,
            local_hosts: LocalHosts::default(),
            max_step_ups: MAX_STEP_UPS,
            max_response_bytes: MAX_RESPONSE_BYTES,
        })
    }

    /// Sets how tokens are got.
    #[must_use]
    pub fn with_grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// Sets the revision whose rules hold, if it is known beforehand.
    ///
    /// Without it the newest rules hold for a server with protected resource metadata, and those
    /// of 2025-03-26 for one without. With 2025-03-26 that metadata is not looked for, with newer
    /// ones it must be there.
    #[must_use]
    pub fn with_revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Sets the name that people see when they are asked. Default: `MCP client`.
    #[must_use]
    pub fn with_client_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets where the browser brings the answer: `https`, or `http` on this machine (AUTH-C07).
    ///
    /// # Errors
    /// [`InvalidOAuth::Url`] for any other.
    pub fn with_redirect_uri(mut self, uri: &str) -> Result<Self, InvalidOAuth> {
        self.redirect_uri = Some(own_url(uri)?);
        Ok(self)
    }

    /// Sets the URL where the client's metadata document is published; it is the client's id at
    /// authorization servers that support this (`2026-07-28/basic/authorization/client-registration`).
    ///
    /// # Errors
    /// [`InvalidOAuth::MetadataDocument`] for what is no `https` URL with a path.
    pub fn with_metadata_document(mut self, url: &str) -> Result<Self, InvalidOAuth> {
        let good = WebUrl::parse(url).filter(|it| it.is_https() && !it.path().is_empty());
        self.document = Some(good.ok_or_else(|| InvalidOAuth::MetadataDocument(url.to_string()))?);
        Ok(self)
    }

    /// Adds what the client is called at an authorization server where it was registered by hand.
    #[must_use]
    pub fn with_client(mut self, client: ClientCredentials) -> Self {
        self.clients.push(client);
        self
    }

    /// Sets the scopes to ask for when the MCP server's challenge names none, separated by spaces.
    /// Default: all that its metadata lists.
    #[must_use]
    pub fn with_scopes(mut self, scopes: &str) -> Self {
        self.scopes = split_scopes(scopes);
        self
    }

    /// Does not ask for `offline_access` where the authorization server has it: the person is
    /// asked again when the access token expires.
    #[must_use]
    pub fn without_offline_access(mut self) -> Self {
        self.offline = false;
        self
    }

    /// Sets the key that tokens are bound to where the authorization server supports DPoP
    /// (RFC 9449).
    #[must_use]
    pub fn with_dpop(mut self, key: Arc<dyn Signer>) -> Self {
        self.dpop = Some(key);
        self
    }

    /// Sets which hosts metadata may send the client to. Default: [`LocalHosts::LikeServer`].
    #[must_use]
    pub fn with_local_hosts(mut self, hosts: LocalHosts) -> Self {
        self.local_hosts = hosts;
        self
    }

    /// Sets how often one operation may ask for more scopes until it has them. Default: 2.
    #[must_use]
    pub fn with_max_step_ups(mut self, max: u32) -> Self {
        self.max_step_ups = max;
        self
    }

    /// Sets the largest response that is read. Default: 256 KiB.
    #[must_use]
    pub fn with_max_response_bytes(mut self, max: usize) -> Self {
        self.max_response_bytes = max;
        self
    }

    /// The URL of the MCP server, in the form in which a
    /// [`CredentialStore`](super::CredentialStore) knows it.
    #[must_use]
    pub fn server(&self) -> &str {
        self.server.as_str()
    }

    /// The document to publish at the URL of
    /// [`with_metadata_document`](Self::with_metadata_document), as JSON (AUTH-C25).
    #[must_use]
    pub fn metadata_document(&self) -> Option<String> {
        let id = self.document.as_ref()?;
        let metadata = ClientMetadata {
            client_id: Some(id.as_str()),
            ..ClientMetadata::new(self, "none", true)
        };
        serde_json::to_string(&metadata).ok()
    }
}

/// What a client says of itself when it is registered (RFC 7591).
#[derive(Serialize)]
pub(super) struct ClientMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    client_name: &'a str,
    redirect_uris: Vec<&'a str>,
    grant_types: Vec<&'static str>,
    response_types: [&'static str; 1],
    token_endpoint_auth_method: &'a str,
    /// `native` for redirects to this machine, otherwise `web` (AUTH-C28).
    application_type: &'static str,
}

impl<'a> ClientMetadata<'a> {
    pub(super) fn new(config: &'a OAuthConfig, auth_method: &'a str, refreshes: bool) -> Self {
        let redirect = config.redirect_uri.as_ref();
        let is_native = redirect.is_none_or(|it| is_loopback(it.host()));
        let mut grant_types = Vec::from(["authorization_code"]);
        if refreshes {
            // AUTH-C47.
            grant_types.push("refresh_token");
        }
        Self {
            client_id: None,
            client_name: &config.name,
            redirect_uris: redirect.iter().map(|it| it.as_str()).collect(),
            grant_types,
            response_types: ["code"],
            token_endpoint_auth_method: auth_method,
            application_type: if is_native { "native" } else { "web" },
        }
    }
}

/// A URL that whoever configures the client vouches for.
pub(super) fn own_url(url: &str) -> Result<WebUrl, InvalidOAuth> {
    WebUrl::parse(url)
        .filter(|it| it.is_https() || is_loopback(it.host()))
        .ok_or_else(|| InvalidOAuth::Url(url.to_string()))
}
