//! Who issues tokens for the resource?

use alloc::collections::VecDeque;
use alloc::string::ToString;

use bytes::Bytes;
use http::Response;

use super::super::config::Grant;
use super::super::error::{AuthError, ISSUER, RESOURCE_METADATA_URL};
use super::super::metadata::{self, ResourceMetadata, ServerMetadata};
use super::super::url::WebUrl;
use super::search::{Found, Search};
use super::{Authority, Flow, Phase, Step, Tools};
use crate::revision::Revision;

impl Flow {
    // Who issues tokens for the resource?

    pub(super) fn search_resource(&mut self, tools: &mut Tools<'_>) -> Step {
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

    pub(super) fn on_resource(
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
    pub(super) fn search_legacy(&mut self, tools: &mut Tools<'_>) -> Step {
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

    pub(super) fn on_server(
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
}

/// Whether metadata names the issuer that it was looked up for: to the letter (AUTH-C21). Before
/// 2026-07-28 nobody had said so, and a slash at the end is often added on the way.
fn names(document: &ServerMetadata, issuer: &WebUrl, revision: Option<Revision>) -> bool {
    let bare = |text: &str| text.trim_end_matches('/').to_string();
    let is_lax = revision.is_some_and(|it| it < Revision::V2026_07_28);
    document.issuer == issuer.as_str()
        || (is_lax && bare(&document.issuer) == bare(issuer.as_str()))
}
