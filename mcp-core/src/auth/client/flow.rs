//! One way from a challenge to a token.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use core::mem;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, Response, StatusCode, Uri};

use super::super::Secret;
use super::config::{Grant, OAuthConfig};
use super::dpop::{self, Nonces};
use super::entropy::{Entropy, Pkce};
use super::error::{AuthError, ISSUER, RESOURCE_METADATA_URL};
use super::grant::{self, About, TokenRequest};
use super::jwt::Signer;
use super::metadata::{self, ResourceMetadata, ServerMetadata};
use super::redirect::{Redirect, RedirectPage};
use super::registration::{self, Choice, Client};
use super::store::{CredentialStore, Tokens};
use super::token::TokenResponse;
use super::url::{UrlPolicy, WebUrl};
use super::www_authenticate::split_scopes;
use crate::revision::Revision;
use crate::time::UnixTime;

/// What started the flow.
#[derive(Debug, Default)]
pub(super) struct Trigger {
    /// Where the challenge says the metadata is.
    pub(super) metadata_url: Option<String>,
    /// The scopes that the challenge asks for.
    pub(super) challenged: BTreeSet<String>,
    /// Those asked for before, to be kept (AUTH-C39).
    pub(super) kept: BTreeSet<String>,
    /// What may save asking a person, and whose it is.
    pub(super) refresh: Option<(String, Secret)>,
}

/// What a flow works with: the parts of its owner.
pub(super) struct Tools<'a> {
    pub(super) now: UnixTime,
    pub(super) config: &'a OAuthConfig,
    pub(super) policy: UrlPolicy,
    pub(super) store: &'a mut dyn CredentialStore,
    pub(super) entropy: &'a mut Entropy,
    pub(super) nonces: &'a mut Nonces,
}

/// What a step leads to.
#[derive(Debug)]
pub(super) enum Next {
    Fetch(Request<Bytes>),
    Open(Uri),
    Done(Grown),
}

/// What a flow leaves behind.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) tokens: Tokens,
    pub(super) authority: Authority,
    pub(super) asked: BTreeSet<String>,
}

/// An authorization server, and what it is asked for: enough for a refresh.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    /// What credentials are kept under.
    pub(super) issuer: String,
    pub(super) metadata: ServerMetadata,
    pub(super) resource: String,
}

#[derive(Debug)]
enum Phase {
    Resource(Search),
    Server { search: Search, issuer: WebUrl, mismatched: bool, legacy: bool },
    Register,
    Redirect { state: Secret, pkce: Pkce, client: Client, redirect_uri: String },
    Token { request: TokenRequest, client: Client, nonces_tried: u8 },
    Ended,
}

/// Places to look at, one after the other.
#[derive(Debug)]
struct Search {
    at: WebUrl,
    left: VecDeque<WebUrl>,
    redirects: u8,
    /// Some place failed: what it has is not known.
    failed: bool,
}

/// Redirects followed from one place, and on the same origin only (SEC-06).
const MAX_REDIRECTS: u8 = 3;

/// A fresh nonce for each: more than one is a race, more than a few is a loop.
const MAX_NONCES: u8 = 2;

#[derive(Debug)]
pub(super) struct Flow {
    trigger: Trigger,
    phase: Phase,
    resource: String,
    resource_scopes: BTreeSet<String>,
    authority: Option<Authority>,
    asked: BTreeSet<String>,
    registered_anew: bool,
}

type Step = Result<Next, AuthError>;

impl Flow {
    /// Begins by looking for who issues tokens.
    pub(super) fn begin(
        trigger: Trigger,
        tools: &mut Tools<'_>,
    ) -> Result<(Self, Next), AuthError> {
        let server = &tools.config.server;
        let mut flow = Self {
            phase: Phase::Ended,
            resource: grant::canonical(server),
            resource_scopes: BTreeSet::new(),
            authority: None,
            asked: trigger.kept.clone(),
            registered_anew: false,
            trigger,
        };
        let next = if tools.config.revision == Some(Revision::V2025_03_26) {
            flow.search_legacy(tools)
        } else {
            flow.search_resource(tools)
        }?;
        Ok((flow, next))
    }

    /// Begins with a refresh, where all is known.
    pub(super) fn refresh(
        authority: Authority,
        trigger: Trigger,
        tools: &mut Tools<'_>,
    ) -> Result<(Self, Next), AuthError> {
        let mut flow = Self {
            phase: Phase::Ended,
            resource: authority.resource.clone(),
            resource_scopes: BTreeSet::new(),
            authority: Some(authority),
            asked: trigger.kept.clone(),
            registered_anew: false,
            trigger,
        };
        let next = flow.identify(tools)?;
        Ok((flow, next))
    }

    pub(super) fn handle_response(
        &mut self,
        tools: &mut Tools<'_>,
        response: &Response<Bytes>,
    ) -> Step {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Resource(search) => self.on_resource(tools, search, Some(response)),
            Phase::Server { search, issuer, mismatched, legacy } => {
                self.on_server(tools, search, (issuer, mismatched, legacy), Some(response))
            }
            Phase::Register => self.on_registration(tools, response),
            Phase::Token { request, client, nonces_tried } => {
                self.on_token(tools, request, client, nonces_tried, response)
            }
            // Nothing was asked.
            other => {
                self.phase = other;
                Err(AuthError::BadResponse("authorization server"))
            }
        }
    }

    /// The request was not answered.
    pub(super) fn handle_failure(&mut self, tools: &mut Tools<'_>) -> Step {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Resource(search) => self.on_resource(tools, search, None),
            Phase::Server { search, issuer, mismatched, legacy } => {
                self.on_server(tools, search, (issuer, mismatched, legacy), None)
            }
            Phase::Register => Err(AuthError::Unavailable("registration endpoint")),
            _ => Err(AuthError::Unavailable("token endpoint")),
        }
    }

    /// Whether an answer to a request is waited for.
    pub(super) fn is_fetching(&self) -> bool {
        !matches!(self.phase, Phase::Redirect { .. } | Phase::Ended)
    }

    /// What the browser brings. What does not have the flow's `state` changes nothing (AUTH-C09).
    pub(super) fn handle_redirect(
        &mut self,
        tools: &mut Tools<'_>,
        query: &str,
    ) -> (RedirectPage, Option<Step>) {
        let Phase::Redirect { state, .. } = &self.phase else {
            return (RedirectPage::Unexpected, None);
        };
        let Some(redirect) = Redirect::parse(query).filter(|it| it.state.as_ref() == Some(state))
        else {
            return (RedirectPage::Unexpected, None);
        };
        let Phase::Redirect { pkce, client, redirect_uri, .. } =
            mem::replace(&mut self.phase, Phase::Ended)
        else {
            return (RedirectPage::Unexpected, None);
        };
        let step = self.on_redirect(tools, redirect, pkce, client, redirect_uri);
        let page = if step.is_ok() { RedirectPage::Received } else { RedirectPage::Refused };
        (page, Some(step))
    }

    fn on_redirect(
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

    /// What is fetched, for errors.
    pub(super) fn subject(&self) -> &'static str {
        match self.phase {
            Phase::Resource(_) => "MCP server's metadata",
            Phase::Server { .. } => "authorization server's metadata",
            Phase::Register => "registration endpoint",
            _ => "token endpoint",
        }
    }

    // Who issues tokens for the resource?

    fn search_resource(&mut self, tools: &mut Tools<'_>) -> Step {
        let server = &tools.config.server;
        let mut places: VecDeque<WebUrl> = metadata::resource_metadata_urls(server).into();
        if let Some(hint) = &self.trigger.metadata_url {
            let own = WebUrl::parse(hint).filter(|it| it.same_origin(server));
            let hint = own.map_or_else(|| tools.policy.check(hint), Ok);
            let hint =
                hint.map_err(|fault| AuthError::Url { what: RESOURCE_METADATA_URL, fault })?;
            places.retain(|it| *it != hint);
            places.push_front(hint);
        }
        let search = Search::new(places).ok_or(AuthError::NoResourceMetadata)?;
        let next = search.fetch(tools);
        self.phase = Phase::Resource(search);
        Ok(next)
    }

    fn on_resource(
        &mut self,
        tools: &mut Tools<'_>,
        mut search: Search,
        response: Option<&Response<Bytes>>,
    ) -> Step {
        match search.look::<ResourceMetadata>(response) {
            Found::It(document) => self.on_resource_metadata(tools, document),
            Found::Elsewhere => {
                let next = search.fetch(tools);
                self.phase = Phase::Resource(search);
                Ok(next)
            }
            // A failure is no proof that there is none: the rules of an old revision are weaker.
            Found::Nowhere if search.failed => Err(AuthError::Unavailable("MCP server's metadata")),
            Found::Nowhere if tools.config.revision.is_none() => self.search_legacy(tools),
            Found::Nowhere => Err(AuthError::NoResourceMetadata),
        }
    }

    fn on_resource_metadata(&mut self, tools: &mut Tools<'_>, document: ResourceMetadata) -> Step {
        if !document.is_about(&tools.config.server) {
            return Err(AuthError::ResourceMismatch);
        }
        self.resource_scopes = document.scopes();
        self.resource = document.resource;
        // Whoever issued last is asked again as long as it is named.
        let known = tools.store.issuer(tools.config.server.as_str());
        let servers = &document.authorization_servers;
        let issuer =
            servers.iter().find(|it| Some(*it) == known.as_ref()).or_else(|| servers.first());
        let issuer = issuer.ok_or(AuthError::NoAuthorizationServer)?;
        let issuer = tools.policy.check(issuer);
        let issuer = issuer.map_err(|fault| AuthError::Url { what: ISSUER, fault })?;
        let places = metadata::server_metadata_urls(&issuer, tools.config.revision).into();
        self.search_server(tools, issuer, places, false)
    }

    /// By the rules of 2025-03-26: the MCP server is its own authorization server, or stands for
    /// it.
    fn search_legacy(&mut self, tools: &mut Tools<'_>) -> Step {
        let base = tools.config.server.at("").ok_or(AuthError::NoServerMetadata)?;
        tools.policy.check_url(&base).map_err(|fault| AuthError::Url { what: ISSUER, fault })?;
        let places = metadata::legacy_metadata_url(&base).into_iter().collect();
        self.search_server(tools, base, places, true)
    }

    fn search_server(
        &mut self,
        tools: &mut Tools<'_>,
        issuer: WebUrl,
        places: VecDeque<WebUrl>,
        legacy: bool,
    ) -> Step {
        let search = Search::new(places).ok_or(AuthError::NoServerMetadata)?;
        let next = search.fetch(tools);
        self.phase = Phase::Server { search, issuer, mismatched: false, legacy };
        Ok(next)
    }

    fn on_server(
        &mut self,
        tools: &mut Tools<'_>,
        mut search: Search,
        (issuer, mut mismatched, legacy): (WebUrl, bool, bool),
        response: Option<&Response<Bytes>>,
    ) -> Step {
        let mut found = search.look::<ServerMetadata>(response);
        if let Found::It(document) = &found
            && !legacy
            && !names(document, &issuer, tools.config.revision)
        {
            // AUTH-C21: the document is discarded, the search goes on.
            mismatched = true;
            found = search.go_on();
        }
        let document = match found {
            Found::It(document) => document,
            Found::Elsewhere => {
                let next = search.fetch(tools);
                self.phase = Phase::Server { search, issuer, mismatched, legacy };
                return Ok(next);
            }
            Found::Nowhere if mismatched => return Err(AuthError::IssuerMismatch),
            Found::Nowhere if search.failed => {
                return Err(AuthError::Unavailable("authorization server's metadata"));
            }
            Found::Nowhere if legacy => ServerMetadata::by_default(&issuer),
            Found::Nowhere => return Err(AuthError::NoServerMetadata),
        };
        self.authority = Some(Authority {
            issuer: issuer.as_str().to_string(),
            metadata: document,
            resource: self.resource.clone(),
        });
        self.check_grant(tools, legacy)?;
        self.identify(tools)
    }

    fn check_grant(&self, tools: &Tools<'_>, legacy: bool) -> Result<(), AuthError> {
        let metadata = &self.authority()?.metadata;
        let interactive = matches!(tools.config.grant, Grant::AuthorizationCode);
        let before_2025_11_25 = tools.config.revision.is_some_and(|it| it < Revision::V2025_11_25);
        if interactive {
            metadata.check_pkce(!legacy && !before_2025_11_25)?;
        }
        Ok(())
    }

    // Who is the client there?

    fn identify(&mut self, tools: &mut Tools<'_>) -> Step {
        let authority = self.authority()?.clone();
        let refresh = self.trigger.refresh.take().filter(|(issuer, _)| *issuer == authority.issuer);
        let choice = registration::choose(
            tools.config,
            tools.store,
            &authority.metadata,
            &authority.issuer,
            tools.now,
        )?;
        match (choice, refresh) {
            (Choice::Known(client), Some((_, token))) => {
                self.ask(tools, TokenRequest::Refresh(token), client, 0)
            }
            (Choice::Known(client), None) => self.obtain(tools, client),
            // Registered for another redirect URI, which a refresh has no use for.
            (Choice::Register, Some((_, token))) => match tools.store.client(&authority.issuer) {
                Some(known) => self.ask(tools, TokenRequest::Refresh(token), known.into(), 0),
                None => self.register(tools),
            },
            (Choice::Register, None) => self.register(tools),
        }
    }

    fn register(&mut self, tools: &mut Tools<'_>) -> Step {
        let metadata = &self.authority()?.metadata;
        let url = metadata.registration_endpoint.as_ref();
        let url = ServerMetadata::endpoint(url, "registration endpoint", tools.policy)?;
        if tools.config.redirect_uri.is_none() {
            return Err(AuthError::NoRedirectUri);
        }
        let body = registration::request(tools.config, metadata)?;
        self.phase = Phase::Register;
        Ok(Next::Fetch(grant::post_json(&url, body)))
    }

    fn on_registration(&mut self, tools: &mut Tools<'_>, response: &Response<Bytes>) -> Step {
        let authority = self.authority()?;
        let (status, body) = (response.status(), response.body());
        let client = registration::read(tools.config, &authority.metadata, status, body)?;
        tools.store.set_client(&authority.issuer, Some(client.clone()));
        self.registered_anew = true;
        self.obtain(tools, client.into())
    }

    // What does it take for a token?

    fn obtain(&mut self, tools: &mut Tools<'_>, client: Client) -> Step {
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

    fn ask(
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

    fn on_token(
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

    fn authority(&self) -> Result<&Authority, AuthError> {
        self.authority.as_ref().ok_or(AuthError::NoServerMetadata)
    }
}

const OFFLINE_ACCESS: &str = "offline_access";

/// The key that tokens are bound to, where the server can do that.
fn dpop<'a>(config: &'a OAuthConfig, metadata: &ServerMetadata) -> Option<&'a dyn Signer> {
    config.dpop.as_deref().filter(|it| metadata.allows_dpop(it.algorithm()))
}

/// Whether metadata names the issuer that it was looked up for: to the letter (AUTH-C21). Before
/// 2026-07-28 nobody had said so, and a slash at the end is often added on the way.
fn names(document: &ServerMetadata, issuer: &WebUrl, revision: Option<Revision>) -> bool {
    let bare = |text: &str| text.trim_end_matches('/').to_string();
    let is_lax = revision.is_some_and(|it| it < Revision::V2026_07_28);
    document.issuer == issuer.as_str()
        || (is_lax && bare(&document.issuer) == bare(issuer.as_str()))
}

enum Found<T> {
    It(T),
    /// There is another place to look at.
    Elsewhere,
    Nowhere,
}

impl Search {
    fn new(mut places: VecDeque<WebUrl>) -> Option<Self> {
        let at = places.pop_front()?;
        Some(Self { at, left: places, redirects: 0, failed: false })
    }

    fn fetch(&self, tools: &Tools<'_>) -> Next {
        let revision = tools.config.revision.unwrap_or(Revision::V2026_07_28);
        Next::Fetch(grant::get(&self.at, revision.as_str()))
    }

    fn look<T: serde::de::DeserializeOwned>(
        &mut self,
        response: Option<&Response<Bytes>>,
    ) -> Found<T> {
        let Some(response) = response else {
            self.failed = true;
            return self.go_on();
        };
        let status = response.status();
        if status == StatusCode::OK {
            return metadata::read(response.body()).map_or_else(|| self.go_on(), Found::It);
        }
        if status.is_redirection() && self.redirects < MAX_REDIRECTS {
            let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            let target = location.and_then(|it| self.at.join(it));
            if let Some(target) = target.filter(|it| it.same_origin(&self.at)) {
                self.at = target;
                self.redirects += 1;
                return Found::Elsewhere;
            }
        }
        self.failed |= status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        self.go_on()
    }

    fn go_on<T>(&mut self) -> Found<T> {
        match self.left.pop_front() {
            Some(next) => {
                self.at = next;
                self.redirects = 0;
                Found::Elsewhere
            }
            None => Found::Nowhere,
        }
    }
}
