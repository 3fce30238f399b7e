//! One way from a challenge to a token.

mod discovery;
mod identity;
mod search;
mod token;

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::mem;

use bytes::Bytes;
use http::{Request, Response, Uri};

use self::search::Search;
use super::super::Secret;
use super::config::OAuthConfig;
use super::dpop::Nonces;
use super::entropy::{Entropy, Pkce};
use super::error::AuthError;
use super::grant::{self, TokenRequest};
use super::metadata::ServerMetadata;
use super::redirect::{Redirect, RedirectPage};
use super::registration::Client;
use super::store::{CredentialStore, Tokens};
use super::url::{UrlPolicy, WebUrl};
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

    /// What is fetched, for errors.
    pub(super) fn subject(&self) -> &'static str {
        match self.phase {
            Phase::Resource(_) => "MCP server's metadata",
            Phase::Server { .. } => "authorization server's metadata",
            Phase::Register => "registration endpoint",
            _ => "token endpoint",
        }
    }

    fn authority(&self) -> Result<&Authority, AuthError> {
        self.authority.as_ref().ok_or(AuthError::NoServerMetadata)
    }
}
