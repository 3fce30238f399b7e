//! Why there is no token.

use alloc::string::{String, ToString};

use super::jwt::SignError;
use super::url::UrlFault;

/// Whose turn it is to put something right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFault {
    /// The MCP server's operator: its metadata or its challenges make no sense.
    Server,
    /// The authorization server's operator.
    AuthorizationServer,
    /// The user, who said no, or whose account may not do this.
    User,
    /// Whoever configured this client.
    Configuration,
    /// Nobody, perhaps: the other end could not be reached. Trying again later may help.
    Network,
}

/// Why there is no token. Nothing secret is in it.
///
/// Texts of an authorization server are in it only where they are what a person needs to read,
/// cut to 200 printable ASCII characters, and never from a response whose `iss` was wrong
/// (AUTH-C45).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The MCP server publishes no metadata that says who issues its tokens.
    #[error("the MCP server asks for authorization, but publishes no protected resource metadata")]
    NoResourceMetadata,
    /// Its metadata is about another resource: tokens would be asked for somebody else.
    #[error("the protected resource metadata of the MCP server is about another resource")]
    ResourceMismatch,
    /// Its metadata names no authorization server.
    #[error("the protected resource metadata of the MCP server names no authorization server")]
    NoAuthorizationServer,
    /// The authorization server publishes no metadata.
    #[error("the authorization server publishes no metadata")]
    NoServerMetadata,
    /// The metadata names another issuer than the one it was looked up for.
    #[error("the authorization server's metadata names another issuer than the one asked for")]
    IssuerMismatch,
    /// A URL in metadata or in a challenge must not be used.
    #[error("the {what} {fault}")]
    Url {
        /// What the URL is for.
        what: &'static str,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// The authorization server has no such endpoint.
    #[error("the authorization server has no {0}")]
    NoEndpoint(&'static str),
    /// The authorization server does not say that it protects codes with `S256`.
    #[error("the authorization server does not advertise PKCE with S256: codes could be stolen")]
    NoPkce,
    /// The authorization server knows this client by no means that this client has.
    #[error(
        "the authorization server takes neither registrations nor this client's metadata document: \
         register the client there and configure its id"
    )]
    NoRegistration,
    /// The configured credentials are for another issuer than the MCP server names now.
    #[error(
        "the configured client credentials belong to another authorization server than the one \
         the MCP server names now: register with the new one"
    )]
    CredentialsOfAnotherIssuer,
    /// The authorization server refused to register this client.
    #[error("the authorization server refused to register this client: {0}")]
    RegistrationRefused(OAuthError),
    /// The client has no redirect URI to bring the browser's answer to.
    #[error("the client has no redirect URI: configure where the browser brings the answer")]
    NoRedirectUri,
    /// The client cannot authenticate by any method the token endpoint takes.
    #[error("the token endpoint takes none of the authentication methods this client has")]
    NoAuthMethod,
    /// The user or the authorization server said no.
    #[error("authorization was refused: {0}")]
    Denied(OAuthError),
    /// The response of the authorization endpoint came from another issuer, or does not say from
    /// whom though it must: a mix-up attack looks like this.
    #[error("the authorization response is not from the authorization server that was asked")]
    WrongIssuer,
    /// The token endpoint refused.
    #[error("the token endpoint refused: {0}")]
    TokenRefused(OAuthError),
    /// A response makes no sense.
    #[error("the response of the {0} makes no sense")]
    BadResponse(&'static str),
    /// The token is of a kind that was not asked for.
    #[error("the token endpoint issued a token that is not bound to this client's DPoP key")]
    NotBound,
    /// The MCP server wants tokens that are bound to a key, and the client has none.
    #[error("the MCP server wants DPoP: configure a key that signs proofs")]
    NeedsDpop,
    /// A server keeps asking for another nonce.
    #[error("the server refused each DPoP nonce it had given")]
    NonceLoop,
    /// The token's scopes are not enough, and asking again will not change that.
    #[error("the MCP server wants scopes that authorizing again will not give: {0}")]
    InsufficientScope(String),
    /// The MCP server refuses a token that was just issued.
    #[error("the MCP server refuses a token that was just issued for it")]
    TokenRejected,
    /// The private key cannot be used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A response is larger than [`OAuthConfig`](super::OAuthConfig) allows.
    #[error("the response of the {0} is too large")]
    TooLarge(&'static str),
    /// The other end could not be reached, or had a failure of its own.
    #[error("the {0} could not be reached or failed")]
    Unavailable(&'static str),
    /// The flow was abandoned.
    #[error("the authorization was abandoned")]
    Abandoned,
}

impl AuthError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> AuthFault {
        match self {
            Self::NoResourceMetadata
            | Self::ResourceMismatch
            | Self::NoAuthorizationServer
            | Self::TokenRejected
            | Self::Url { what: RESOURCE_METADATA_URL | ISSUER, .. } => AuthFault::Server,
            Self::NoRegistration
            | Self::CredentialsOfAnotherIssuer
            | Self::NoAuthMethod
            | Self::NoRedirectUri
            | Self::NeedsDpop
            | Self::Sign(_) => AuthFault::Configuration,
            Self::Denied(_) | Self::InsufficientScope(_) | Self::Abandoned => AuthFault::User,
            Self::Unavailable(_) => AuthFault::Network,
            _ => AuthFault::AuthorizationServer,
        }
    }
}

pub(super) const RESOURCE_METADATA_URL: &str = "URL of the protected resource metadata";
pub(super) const ISSUER: &str = "authorization server's identifier";

/// The error of an OAuth endpoint (RFC 6749, 5.2), made safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthError {
    /// The code: `access_denied`, `invalid_grant`.
    pub code: String,
    /// What it says to people, if it does.
    pub description: Option<String>,
}

impl OAuthError {
    pub(super) fn new(code: &str, description: Option<&str>) -> Self {
        Self { code: printable(code), description: description.map(printable) }
    }
}

impl core::fmt::Display for OAuthError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.code)?;
        self.description.as_ref().map_or(Ok(()), |it| write!(f, " ({it})"))
    }
}

/// At most 200 characters that do nothing to a terminal.
fn printable(text: &str) -> String {
    let text: String = text.chars().filter(|it| matches!(it, ' '..='~')).take(200).collect();
    if text.is_empty() { "unknown_error".to_string() } else { text }
}
