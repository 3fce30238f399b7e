//! The requests of the grants: to the browser, and to token endpoints.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};

use super::super::Secret;
use super::config::IdentityProvider;
use super::dpop::{self, DPOP, Nonces};
use super::entropy::{Entropy, Pkce};
use super::error::AuthError;
use super::form::{self, Form};
use super::jwt::{self, Proof, Signer};
use super::registration::{Client, ClientProof};
use super::token::ID_JAG;
use super::url::WebUrl;
use crate::time::UnixTime;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What is shown to a token endpoint for a token.
#[derive(Debug)]
pub(super) enum TokenRequest {
    Code {
        code: Secret,
        verifier: Secret,
        redirect_uri: String,
    },
    Refresh(Secret),
    ClientCredentials,
    /// A workload's own assertion, or one of an identity provider.
    Assertion(Secret),
    /// At the identity provider, for an assertion.
    Exchange(IdentityProvider),
}

/// What all token requests of a flow are about.
pub(super) struct About<'a> {
    pub(super) now: UnixTime,
    pub(super) endpoint: &'a WebUrl,
    pub(super) issuer: &'a str,
    pub(super) resource: &'a str,
    pub(super) scopes: &'a BTreeSet<String>,
    pub(super) client: &'a Client,
    pub(super) dpop: Option<&'a dyn Signer>,
    pub(super) nonces: &'a Nonces,
}

/// The URL to open for a person (AUTH-C04, AUTH-C05, AUTH-C09, AUTH-C33).
pub(super) fn authorization_url(
    endpoint: &WebUrl,
    client: &Client,
    redirect_uri: &str,
    resource: &str,
    scopes: &BTreeSet<String>,
    (state, pkce): (&Secret, &Pkce),
) -> Option<Uri> {
    let mut query = Form::new();
    query.push("response_type", "code");
    query.push("client_id", &client.id);
    query.push("redirect_uri", redirect_uri);
    query.push("state", state.expose());
    query.push("code_challenge", &pkce.challenge());
    query.push("code_challenge_method", "S256");
    query.push("resource", resource);
    push_scopes(&mut query, scopes);
    if scopes.contains("offline_access") {
        // OpenID Connect Core 11: without consent it would be ignored.
        query.push("prompt", "consent");
    }
    let joint = if endpoint.uri().query().is_some() { '&' } else { '?' };
    alloc::format!("{}{joint}{}", endpoint.as_str(), query.finish()).parse().ok()
}

fn push_scopes(form: &mut Form, scopes: &BTreeSet<String>) {
    if !scopes.is_empty() {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        form.push("scope", &scopes.join(" "));
    }
}

impl TokenRequest {
    pub(super) fn build(
        &self,
        about: &About<'_>,
        entropy: &mut Entropy,
    ) -> Result<Request<Bytes>, AuthError> {
        let mut form = Form::new();
        match self {
            Self::Code { code, verifier, redirect_uri } => {
                form.push("grant_type", "authorization_code");
                form.push("code", code.expose());
                form.push("code_verifier", verifier.expose());
                form.push("redirect_uri", redirect_uri);
            }
            Self::Refresh(token) => {
                form.push("grant_type", "refresh_token");
                form.push("refresh_token", token.expose());
            }
            Self::ClientCredentials => {
                form.push("grant_type", "client_credentials");
                push_scopes(&mut form, about.scopes);
            }
            Self::Assertion(assertion) => {
                form.push("grant_type", JWT_BEARER);
                form.push("assertion", assertion.expose());
                push_scopes(&mut form, about.scopes);
            }
            Self::Exchange(provider) => {
                form.push("grant_type", TOKEN_EXCHANGE);
                form.push("requested_token_type", ID_JAG);
                form.push("audience", about.issuer);
                form.push("subject_token", provider.id_token.expose());
                form.push("subject_token_type", "urn:ietf:params:oauth:token-type:id_token");
                push_scopes(&mut form, about.scopes);
            }
        }
        form.push("resource", about.resource);
        let audience = match self {
            Self::Exchange(_) => about.endpoint.as_str(),
            _ => about.issuer,
        };
        let authorization = authenticate(&mut form, about, audience, entropy)?;

        let mut request = Request::new(Bytes::from(form.finish()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = about.endpoint.uri().clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value);
        }
        if let (Some(signer), false) = (about.dpop, matches!(self, Self::Exchange(_))) {
            let proof = proof(signer, about, entropy)?;
            headers.insert(DPOP, proof);
        }
        Ok(request)
    }
}

/// Adds what proves that the client is the client (AUTH-C48, AUTH-X02, AUTH-X03).
fn authenticate(
    form: &mut Form,
    about: &About<'_>,
    audience: &str,
    entropy: &mut Entropy,
) -> Result<Option<HeaderValue>, AuthError> {
    let client = about.client;
    match &client.proof {
        ClientProof::None if client.id.is_empty() => {}
        ClientProof::None => form.push("client_id", &client.id),
        ClientProof::Post(secret) => {
            form.push("client_id", &client.id);
            form.push("client_secret", secret.expose());
        }
        ClientProof::Key(signer) => {
            let id = entropy.token();
            let assertion = jwt::client_assertion(&**signer, about.now, &client.id, audience, &id)?;
            form.push("client_id", &client.id);
            form.push(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            );
            form.push("client_assertion", &assertion);
        }
        ClientProof::Basic(secret) => {
            // Both are encoded before they are joined (RFC 6749, 2.3.1).
            let mut text = String::new();
            form::encode(&mut text, &client.id);
            text.push(':');
            form::encode(&mut text, secret.expose());
            return Ok(Some(sensitive("Basic", &STANDARD.encode(text))?));
        }
    }
    Ok(None)
}

fn proof(
    signer: &dyn Signer,
    about: &About<'_>,
    entropy: &mut Entropy,
) -> Result<HeaderValue, AuthError> {
    let (origin, url) = dpop::target(about.endpoint.uri()).unwrap_or_default();
    let id = entropy.token();
    let proof = Proof {
        id: &id,
        method: "POST",
        url: &url,
        nonce: about.nonces.of(&origin),
        token_hash: None,
    };
    let text = jwt::dpop_proof(signer, about.now, &proof)?;
    HeaderValue::from_str(&text).map_err(|_| AuthError::Sign(jwt::SignError))
}

/// A header value that is hidden in logs.
pub(super) fn sensitive(scheme: &str, credentials: &str) -> Result<HeaderValue, AuthError> {
    let mut value = HeaderValue::from_str(&alloc::format!("{scheme} {credentials}"))
        .map_err(|_| AuthError::BadResponse("token endpoint"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request for a document.
pub(super) fn get(url: &WebUrl, version: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.uri().clone();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    // AUTH-C12.
    request.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static(version));
    request
}

/// A request that posts JSON.
pub(super) fn post_json(url: &WebUrl, body: Vec<u8>) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.uri().clone();
    let json = || HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json());
    request.headers_mut().insert(ACCEPT, json());
    request
}

/// The canonical URI of an MCP server, for one that publishes none (AUTH-C34).
pub(super) fn canonical(server: &WebUrl) -> String {
    let mut uri = server.origin().to_ascii_lowercase();
    uri.push_str(server.path());
    if let Some(query) = server.uri().query() {
        uri.push('?');
        uri.push_str(query);
    }
    uri
}
