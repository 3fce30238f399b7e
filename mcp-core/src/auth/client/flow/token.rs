//! What does it take for a token?

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::mem;

use bytes::Bytes;
use http::Response;

use super::super::super::Secret;
use super::super::config::{Grant, OAuthConfig};
use super::super::dpop;
use super::super::entropy::Pkce;
use super::super::error::AuthError;
use super::super::grant::{self, About, TokenRequest};
use super::super::jwt::Signer;
use super::super::metadata::ServerMetadata;
use super::super::redirect::Redirect;
use super::super::registration::Client;
use super::super::token::TokenResponse;
use super::super::url::WebUrl;
use super::super::www_authenticate::split_scopes;
use super::{Authority, Flow, Grown, Next, Phase, Step, Tools};

/// A fresh nonce for each: more than one is a race, more than a few is a loop.
const MAX_NONCES: u8 = 2;

const OFFLINE_ACCESS: &str = "offline_access";

impl Flow {
    pub(super) fn on_redirect(
        &mut self,
        tools: &mut Tools<'_>,
        redirect: Redirect,
        pkce: Pkce,
        client: Client,
        redirect_uri: String,
    ) -> Step {
        let metadata = &self.authority()?.metadata;
        // AUTH-C41..C45: as strings, before anything else of the response is looked at.
        let is_right = match &redirect.issuer {
            Some(issuer) => *issuer == metadata.issuer,
            None => !metadata.authorization_response_iss_parameter_supported,
        };
        if !is_right {
            return Err(AuthError::WrongIssuer);
        }
        if let Some(error) = redirect.error() {
            return Err(AuthError::Denied(error));
        }
        let code = redirect.code.ok_or(AuthError::BadResponse("authorization endpoint"))?;
        let request = TokenRequest::Code { code, verifier: pkce.verifier, redirect_uri };
        self.ask(tools, request, client, 0)
    }

    // What does it take for a token?

    pub(super) fn obtain(&mut self, tools: &mut Tools<'_>, client: Client) -> Step {
        self.asked = self.scopes(tools)?;
        let request = match &tools.config.grant {
            Grant::AuthorizationCode => return self.open(tools, client),
            Grant::ClientCredentials => TokenRequest::ClientCredentials,
            Grant::JwtBearer(assertion) => TokenRequest::Assertion(assertion.clone()),
            Grant::EnterpriseManaged(provider) => TokenRequest::Exchange(provider.clone()),
        };
        self.ask(tools, request, client, 0)
    }

    /// The challenge's scopes, else the configured ones, else all that the resource lists, else
    /// none (AUTH-C36, AUTH-C37); and those asked for before.
    fn scopes(&self, tools: &Tools<'_>) -> Result<BTreeSet<String>, AuthError> {
        let issuer = &self.authority()?.issuer;
        let is_same = tools.store.issuer(tools.config.server.as_str()).as_ref() == Some(issuer);
        let choices = [&self.trigger.challenged, &tools.config.scopes, &self.resource_scopes];
        let chosen = choices.into_iter().find(|it| !it.is_empty()).into_iter().flatten();
        let mut scopes: BTreeSet<String> = chosen.cloned().collect();
        if is_same {
            scopes.extend(self.trigger.kept.iter().cloned());
        }
        let interactive = matches!(tools.config.grant, Grant::AuthorizationCode);
        let is_known = self.authority()?.metadata.has_scope(OFFLINE_ACCESS);
        if tools.config.offline && interactive && is_known && !scopes.is_empty() {
            // AUTH-C47.
            scopes.extend(split_scopes(OFFLINE_ACCESS));
        }
        Ok(scopes)
    }

    fn open(&mut self, tools: &mut Tools<'_>, client: Client) -> Step {
        let authority = self.authority()?;
        let url = authority.metadata.authorization_endpoint.as_ref();
        // SEC-07: its scheme is one a browser shows, and nothing in it is for a shell.
        let endpoint = ServerMetadata::endpoint(url, "authorization endpoint", tools.policy)?;
        let redirect_uri = tools.config.redirect_uri.as_ref().ok_or(AuthError::NoRedirectUri)?;
        let redirect_uri = redirect_uri.as_str().to_string();
        let state = Secret::new(tools.entropy.token());
        let pkce = Pkce::new(tools.entropy);
        let url = grant::authorization_url(
            &endpoint,
            &client,
            &redirect_uri,
            &authority.resource,
            &self.asked,
            (&state, &pkce),
        );
        let url = url.ok_or(AuthError::BadResponse("authorization endpoint"))?;
        self.phase = Phase::Redirect { state, pkce, client, redirect_uri };
        Ok(Next::Open(url))
    }

    pub(super) fn ask(
        &mut self,
        tools: &mut Tools<'_>,
        request: TokenRequest,
        client: Client,
        nonces_tried: u8,
    ) -> Step {
        let authority = self.authority()?;
        let metadata = &authority.metadata;
        let at_provider;
        let (endpoint, client_there) = match &request {
            TokenRequest::Exchange(provider) => {
                at_provider = Client::by_hand(&provider.client, &ServerMetadata::default())?;
                (provider.token_endpoint.clone(), &at_provider)
            }
            _ => {
                let url = metadata.token_endpoint.as_ref();
                (ServerMetadata::endpoint(url, "token endpoint", tools.policy)?, &client)
            }
        };
        let about = About {
            now: tools.now,
            endpoint: &endpoint,
            issuer: &authority.issuer,
            resource: &authority.resource,
            scopes: &self.asked,
            client: client_there,
            dpop: dpop(tools.config, metadata),
            nonces: tools.nonces,
        };
        let fetch = request.build(&about, tools.entropy)?;
        self.phase = Phase::Token { request, client, nonces_tried };
        Ok(Next::Fetch(fetch))
    }

    pub(super) fn on_token(
        &mut self,
        tools: &mut Tools<'_>,
        request: TokenRequest,
        client: Client,
        nonces_tried: u8,
        response: &Response<Bytes>,
    ) -> Step {
        let authority = self.authority()?.clone();
        let url = authority.metadata.token_endpoint.as_deref().and_then(WebUrl::parse);
        let origin = url.and_then(|it| dpop::target(it.uri())).unwrap_or_default().0;
        let is_news = !matches!(request, TokenRequest::Exchange(_))
            && tools.nonces.note(&origin, response.headers());
        let refused = match TokenResponse::read(response.status(), response.body()) {
            Ok(read) => return self.on_tokens(tools, request, client, authority, read),
            Err(AuthError::TokenRefused(error)) => error,
            Err(other) => return Err(other),
        };
        match (refused.code.as_str(), request) {
            ("use_dpop_nonce", request) if is_news && nonces_tried < MAX_NONCES => {
                self.ask(tools, request, client, nonces_tried + 1)
            }
            ("use_dpop_nonce", _) => Err(AuthError::NonceLoop),
            // AUTH-C46: it was used, revoked or is too old. A person must be asked.
            ("invalid_grant", TokenRequest::Refresh(_)) => {
                let resource = tools.config.server.as_str();
                tools.store.set_tokens(&authority.issuer, resource, None);
                self.identify(tools)
            }
            // The server has forgotten the registration.
            ("invalid_client", TokenRequest::Refresh(_) | TokenRequest::Code { .. })
                if client.is_dynamic && !self.registered_anew =>
            {
                tools.store.set_client(&authority.issuer, None);
                self.identify(tools)
            }
            _ => Err(AuthError::TokenRefused(refused)),
        }
    }

    fn on_tokens(
        &mut self,
        tools: &mut Tools<'_>,
        request: TokenRequest,
        client: Client,
        authority: Authority,
        read: TokenResponse,
    ) -> Step {
        if let TokenRequest::Exchange(_) = request {
            let assertion = read.into_id_jag()?;
            return self.ask(tools, TokenRequest::Assertion(assertion), client, 0);
        }
        let old = match request {
            TokenRequest::Refresh(token) => Some(token),
            _ => None,
        };
        let bound = dpop(tools.config, &authority.metadata).is_some();
        let tokens = read.into_tokens(tools.now, &self.asked, bound, old)?;
        let resource = tools.config.server.as_str();
        tools.store.set_tokens(&authority.issuer, resource, Some(tokens.clone()));
        Ok(Next::Done(Grown { tokens, authority, asked: mem::take(&mut self.asked) }))
    }
}

/// The key that tokens are bound to, where the server can do that.
fn dpop<'a>(config: &'a OAuthConfig, metadata: &ServerMetadata) -> Option<&'a dyn Signer> {
    config.dpop.as_deref().filter(|it| metadata.allows_dpop(it.algorithm()))
}
