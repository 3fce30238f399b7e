//! Where credentials are kept.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use core::fmt;

use super::super::Secret;
use crate::time::UnixTime;

/// How a client proves who it is at a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// `none`: it does not; PKCE protects it.
    None,
    /// `client_secret_basic`.
    ClientSecretBasic,
    /// `client_secret_post`.
    ClientSecretPost,
    /// `private_key_jwt`.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// The name in OAuth metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method with a name, if a client that registers itself can use it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// What an authorization server registered the client as.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores write it down and make it again")]
pub struct RegisteredClient {
    /// The client's id there.
    pub client_id: String,
    /// Its secret, if it has one.
    pub client_secret: Option<Secret>,
    /// How it authenticates.
    pub auth_method: AuthMethod,
    /// Where it said the browser will bring the answer. With another one it registers again.
    pub redirect_uri: String,
    /// When the secret ends to be good.
    pub expires_at: Option<UnixTime>,
}

/// What a token endpoint issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores write it down and make it again")]
pub struct Tokens {
    /// What the MCP server is shown.
    pub access_token: Secret,
    /// What gets the next access token, if one was issued. Each may be good for one use only.
    pub refresh_token: Option<Secret>,
    /// When the access token ends to be good, if that is known.
    pub expires_at: Option<UnixTime>,
    /// What it allows, as far as is known.
    pub scopes: BTreeSet<String>,
    /// Whether it is bound to the client's DPoP key.
    pub is_bound: bool,
}

/// Where registrations and tokens are kept between flows, and between runs of a program if the
/// store writes them down: encrypted, and readable by nobody else (AUTH-C10).
///
/// Everything belongs to one authorization server, by its issuer: what one has issued is never
/// shown to another (AUTH-C30, AUTH-C31). `resource` is the URL of the MCP server.
pub trait CredentialStore: fmt::Debug + Send {
    /// The issuer of the tokens that were last set for a resource.
    fn issuer(&self, resource: &str) -> Option<String>;

    /// What the client is registered as.
    fn client(&self, issuer: &str) -> Option<RegisteredClient>;

    /// Keeps a registration, or forgets it.
    fn set_client(&mut self, issuer: &str, client: Option<RegisteredClient>);

    /// The tokens of an issuer for a resource.
    fn tokens(&self, issuer: &str, resource: &str) -> Option<Tokens>;

    /// Keeps tokens, or forgets them. The old ones may be worthless already: a store that writes
    /// does so before it returns.
    fn set_tokens(&mut self, issuer: &str, resource: &str, tokens: Option<Tokens>);
}

/// A store that ends with the program.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    issuers: BTreeMap<String, String>,
    clients: BTreeMap<String, RegisteredClient>,
    tokens: BTreeMap<(String, String), Tokens>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl CredentialStore for MemoryStore {
    fn issuer(&self, resource: &str) -> Option<String> {
        self.issuers.get(resource).cloned()
    }

    fn client(&self, issuer: &str) -> Option<RegisteredClient> {
        self.clients.get(issuer).cloned()
    }

    fn set_client(&mut self, issuer: &str, client: Option<RegisteredClient>) {
        match client {
            Some(client) => self.clients.insert(issuer.to_string(), client),
            None => self.clients.remove(issuer),
        };
    }

    fn tokens(&self, issuer: &str, resource: &str) -> Option<Tokens> {
        self.tokens.get(&(issuer.to_string(), resource.to_string())).cloned()
    }

    fn set_tokens(&mut self, issuer: &str, resource: &str, tokens: Option<Tokens>) {
        let key = (issuer.to_string(), resource.to_string());
        match tokens {
            Some(tokens) => {
                self.issuers.insert(resource.to_string(), issuer.to_string());
                self.tokens.insert(key, tokens);
            }
            None => {
                self.tokens.remove(&key);
            }
        }
    }
}
