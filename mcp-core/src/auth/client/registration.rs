//! Who the client is at an authorization server.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::super::Secret;
use super::config::{ClientCredentials, ClientMetadata, Grant, OAuthConfig};
use super::error::{AuthError, OAuthError};
use super::jwt::Signer;
use super::metadata::ServerMetadata;
use super::store::{AuthMethod, CredentialStore, RegisteredClient};
use super::token::oauth_error;
use crate::time::UnixTime;

/// A client as one authorization server knows it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) proof: ClientProof,
    /// It registered itself: if the server has forgotten it, it can do so again.
    pub(super) is_dynamic: bool,
}

/// How it proves that.
#[derive(Clone, Debug)]
pub(super) enum ClientProof {
    None,
    Basic(Secret),
    Post(Secret),
    Key(Arc<dyn Signer>),
}

/// What to do for a client id.
pub(super) enum Choice {
    Known(Client),
    Register,
}

/// Chooses by the order of `2026-07-28/basic/authorization/client-registration`: registered by
/// hand, metadata document, registered by itself (AUTH-C22).
pub(super) fn choose(
    config: &OAuthConfig,
    store: &dyn CredentialStore,
    metadata: &ServerMetadata,
    issuer: &str,
    now: UnixTime,
) -> Result<Choice, AuthError> {
    if !config.clients.is_empty() {
        let bound = store.issuer(config.server.as_str());
        let fits = |it: &&ClientCredentials| match &it.issuer {
            Some(own) => own == issuer,
            None => bound.as_ref().is_none_or(|bound| bound == issuer),
        };
        if let Some(client) = config.clients.iter().find(fits) {
            return Client::by_hand(client, metadata).map(Choice::Known);
        }
    }
    if let Grant::JwtBearer(_) = config.grant {
        // The assertion says who it is.
        return Ok(Choice::Known(Client::public(String::new())));
    }
    let is_interactive = matches!(config.grant, Grant::AuthorizationCode);
    let document = config.document.as_ref().filter(|_| is_interactive);
    if let Some(url) = document.filter(|_| metadata.client_id_metadata_document_supported) {
        return Ok(Choice::Known(Client::public(url.as_str().to_string())));
    }
    if is_interactive && let Some(known) = registered(config, store, issuer, now) {
        return Ok(Choice::Known(known));
    }
    if is_interactive && metadata.registration_endpoint.is_some() {
        return Ok(Choice::Register);
    }
    // AUTH-C32: there were credentials, and they must not go there.
    Err(if config.clients.is_empty() {
        AuthError::NoRegistration
    } else {
        AuthError::CredentialsOfAnotherIssuer
    })
}

/// The registration that is kept, if it is still good and for this redirect URI.
fn registered(
    config: &OAuthConfig,
    store: &dyn CredentialStore,
    issuer: &str,
    now: UnixTime,
) -> Option<Client> {
    let known = store.client(issuer)?;
    let redirect = config.redirect_uri.as_ref()?.as_str();
    let is_good = known.expires_at.is_none_or(|end| now < end) && known.redirect_uri == redirect;
    is_good.then(|| Client::from(known))
}

impl Client {
    fn public(id: String) -> Self {
        Self { id, proof: ClientProof::None, is_dynamic: false }
    }

    /// With the method that the server takes and the credentials allow (AUTH-C48).
    pub(super) fn by_hand(
        client: &ClientCredentials,
        metadata: &ServerMetadata,
    ) -> Result<Self, AuthError> {
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        // Without a list it is Basic (RFC 8414); servers take keys without saying so.
        let takes = |method: AuthMethod| {
            methods.is_none_or(|list| list.iter().any(|it| it == method.as_str()))
        };
        let key = client.key.as_ref().filter(|_| takes(AuthMethod::PrivateKeyJwt));
        let proof = match (key, &client.secret) {
            (Some(key), _) => ClientProof::Key(Arc::clone(key)),
            (None, Some(secret)) if takes(AuthMethod::ClientSecretBasic) => {
                ClientProof::Basic(secret.clone())
            }
            (None, Some(secret)) if takes(AuthMethod::ClientSecretPost) => {
                ClientProof::Post(secret.clone())
            }
            // Not every server lists it, and there is nothing else to try.
            (None, None) if client.key.is_none() => ClientProof::None,
            _ => return Err(AuthError::NoAuthMethod),
        };
        Ok(Self { id: client.id.clone(), proof, is_dynamic: false })
    }
}

impl From<RegisteredClient> for Client {
    fn from(known: RegisteredClient) -> Self {
        let proof = match (known.auth_method, known.client_secret) {
            (AuthMethod::ClientSecretBasic, Some(secret)) => ClientProof::Basic(secret),
            (AuthMethod::ClientSecretPost, Some(secret)) => ClientProof::Post(secret),
            _ => ClientProof::None,
        };
        Self { id: known.client_id, proof, is_dynamic: true }
    }
}

/// How a client that registers itself wants to authenticate: not at all if that will do, for what
/// it keeps on a person's machine is no secret.
fn wanted_method(metadata: &ServerMetadata) -> Result<AuthMethod, AuthError> {
    let Some(methods) = &metadata.token_endpoint_auth_methods_supported else {
        return Ok(AuthMethod::ClientSecretBasic);
    };
    [AuthMethod::None, AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost]
        .into_iter()
        .find(|method| methods.iter().any(|it| it == method.as_str()))
        .ok_or(AuthError::NoAuthMethod)
}

/// The body of a registration (RFC 7591; AUTH-C26..C28, AUTH-C47).
pub(super) fn request(
    config: &OAuthConfig,
    metadata: &ServerMetadata,
) -> Result<Vec<u8>, AuthError> {
    let method = wanted_method(metadata)?;
    let refreshes = metadata.allows_grant("refresh_token");
    let document = ClientMetadata::new(config, method.as_str(), refreshes);
    serde_json::to_vec(&document).map_err(|_| AuthError::BadResponse(ENDPOINT))
}

const ENDPOINT: &str = "registration endpoint";

/// Reads what a registration endpoint answers.
pub(super) fn read(
    config: &OAuthConfig,
    metadata: &ServerMetadata,
    status: StatusCode,
    body: &[u8],
) -> Result<RegisteredClient, AuthError> {
    #[derive(Deserialize)]
    struct Response {
        client_id: String,
        client_secret: Option<String>,
        token_endpoint_auth_method: Option<String>,
        #[serde(default)]
        client_secret_expires_at: u64,
    }
    if !status.is_success() {
        // AUTH-C29: what is wrong with the redirect URI, say, is for a person to read.
        return Err(match oauth_error(body) {
            Some(error) => AuthError::RegistrationRefused(error),
            None if status.is_server_error() => AuthError::Unavailable(ENDPOINT),
            None => AuthError::RegistrationRefused(OAuthError::new(status.as_str(), None)),
        });
    }
    let read: Response =
        serde_json::from_slice(body).map_err(|_| AuthError::BadResponse(ENDPOINT))?;
    let named = read.token_endpoint_auth_method.as_deref().map(AuthMethod::named);
    let auth_method = match named {
        Some(method) => method.ok_or(AuthError::NoAuthMethod)?,
        None => wanted_method(metadata)?,
    };
    if auth_method != AuthMethod::None && read.client_secret.is_none() {
        return Err(AuthError::BadResponse(ENDPOINT));
    }
    let end = Some(read.client_secret_expires_at).filter(|it| *it > 0);
    Ok(RegisteredClient {
        client_id: read.client_id,
        client_secret: read.client_secret.map(Secret::new),
        auth_method,
        redirect_uri: config
            .redirect_uri
            .as_ref()
            .map_or_else(String::new, |it| it.as_str().to_string()),
        expires_at: end.map(|it| UnixTime::from_epoch(Duration::from_secs(it))),
    })
}
