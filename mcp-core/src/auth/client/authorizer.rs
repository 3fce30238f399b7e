//! The tokens of one MCP server: put on requests, renewed when they are refused.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use super::attempt::{Attempt, Authorization, Verdict};
use super::config::{Grant, InvalidOAuth, OAuthConfig, own_url};
use super::dpop::{self, DPOP, Nonces};
use super::entropy::{Entropy, hash};
use super::error::AuthError;
use super::flow::{Authority, Flow, Grown, Next, Tools, Trigger};
use super::grant::sensitive;
use super::jwt::{self, Proof};
use super::redirect::RedirectPage;
use super::step::Step;
use super::store::{CredentialStore, Tokens};
use super::url::{UrlPolicy, WebUrl};
use super::www_authenticate::AuthChallenge;
use crate::time::UnixTime;

/// A token that is about to expire is not sent any more. Of one that does not live long, the last
/// quarter is as much.
const LEEWAY: Duration = Duration::from_secs(10);

/// With a token: once after a refresh, once after all else.
const MAX_RENEWALS: u8 = 2;
const MAX_NONCES: u8 = 3;

/// Operations whose step-ups are counted; beyond them the oldest by name is forgotten.
const MAX_OPERATIONS: usize = 256;

/// The client side of authorization for one MCP server (`2026-07-28/basic/authorization`): a
/// stepper without IO.
///
/// It finds out who issues tokens, registers the client, has a person agree, gets tokens and
/// renews them, and puts them on requests. There is one flow at a time, whatever the number of
/// requests: those that are refused meanwhile wait for its end and share its outcome (case_74).
/// Everything that servers say is checked before it is used: URLs for where they lead, metadata
/// for whom it is about, responses for whom they are from.
///
/// ```
/// use core::time::Duration;
/// use bytes::Bytes;
/// use http::{HeaderMap, Request, Response, StatusCode};
/// use mcp_core::auth::{Attempt, Authorization, Authorizer, MemoryStore, OAuthConfig, Step, Verdict};
/// use mcp_core::time::UnixTime;
///
/// let now = UnixTime::from_epoch(Duration::from_secs(1_785_000_000));
/// let config = OAuthConfig::new("https://mcp.example.com/mcp")?
///     .with_redirect_uri("http://127.0.0.1:8765/callback")?;
/// let seed = [7; 32];                                // of the operating system's, in earnest
/// let mut auth = Authorizer::new(config, Box::new(MemoryStore::new()), seed);
///
/// let mut attempt = Attempt::new("tools/list");
/// let mut request = Request::post("https://mcp.example.com/mcp").body(Bytes::new())?;
/// assert_eq!(auth.authorize(now, &mut attempt, &mut request)?, Authorization::Anonymous);
///
/// // The server wants a token: a flow begins.
/// let verdict = auth.handle_answer(now, &mut attempt, StatusCode::UNAUTHORIZED, &HeaderMap::new());
/// assert_eq!(verdict, Verdict::Wait);
/// while let Some(step) = auth.poll_step() {
///     match step {
///         Step::Fetch(request) => {
///             assert_eq!(request.uri().host(), Some("mcp.example.com"));
///             // … send it …
///             auth.handle_response(now, Response::builder().status(500).body(Bytes::new())?);
///         }
///         Step::OpenBrowser(_) => { /* … and `handle_redirect` when the browser comes back */ }
///         Step::Done => { /* authorize again, send again */ }
///         Step::Failed(error) => println!("{error}"),
///         _ => {}
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Authorizer {
    config: OAuthConfig,
    policy: UrlPolicy,
    store: Box<dyn CredentialStore>,
    entropy: Entropy,
    nonces: Nonces,
    tokens: Option<Tokens>,
    /// When they were issued, if they are of this run.
    issued_at: Option<UnixTime>,
    issuer: Option<String>,
    authority: Option<Authority>,
    /// Counts the tokens.
    generation: u64,
    /// Every scope asked for so far.
    asked: BTreeSet<String>,
    step_ups: BTreeMap<String, u32>,
    flow: Option<Flow>,
    step: Option<Step>,
}

impl Authorizer {
    /// Authorization by a configuration, with what a store has, and 32 random bytes.
    #[must_use]
    pub fn new(config: OAuthConfig, store: Box<dyn CredentialStore>, seed: [u8; 32]) -> Self {
        let resource = config.server.as_str();
        let issuer = store.issuer(resource);
        let tokens = issuer.as_ref().and_then(|issuer| store.tokens(issuer, resource));
        // Tokens bound to a key are of no use without it.
        let tokens = tokens.filter(|it| !it.is_bound || config.dpop.is_some());
        Self {
            policy: UrlPolicy::new(&config.server, config.local_hosts),
            entropy: Entropy::new(seed),
            nonces: Nonces::default(),
            generation: u64::from(tokens.is_some()),
            asked: tokens.as_ref().map(|it| it.scopes.clone()).unwrap_or_default(),
            step_ups: BTreeMap::new(),
            authority: None,
            flow: None,
            step: None,
            tokens,
            issued_at: None,
            issuer,
            store,
            config,
        }
    }

    /// Puts the token on a request to the MCP server: `Authorization`, and `DPoP` with a fresh
    /// proof for a token that is bound (AUTH-C02). A request to another origin gets none.
    ///
    /// # Errors
    /// [`AuthError::Sign`] when the key for DPoP fails.
    pub fn authorize<B>(
        &mut self,
        now: UnixTime,
        attempt: &mut Attempt,
        request: &mut Request<B>,
    ) -> Result<Authorization, AuthError> {
        request.headers_mut().remove(AUTHORIZATION);
        request.headers_mut().remove(DPOP);
        let own = WebUrl::parse(&request.uri().to_string());
        if !own.is_some_and(|it| it.same_origin(&self.config.server)) {
            return Ok(Authorization::Anonymous);
        }
        let mut ends = self.is_expired(now);
        if ends && attempt.ends.is_some_and(|ends| ends < self.generation) {
            // It is as new as it can be.
            ends = false;
        } else if ends {
            attempt.ends = Some(self.generation);
            self.refresh(now);
            if self.refresh_token().is_none() {
                self.tokens = None;
            }
        }
        let Some(tokens) = self.tokens.as_ref().filter(|_| !ends) else {
            attempt.generation = 0;
            let waits = self.flow.is_some();
            return Ok(if waits { Authorization::Wait } else { Authorization::Anonymous });
        };
        let token = tokens.access_token.expose();
        let scheme = match &self.config.dpop {
            Some(signer) if tokens.is_bound => {
                let (origin, url) = dpop::target(request.uri()).unwrap_or_default();
                let id = self.entropy.token();
                let proof = Proof {
                    id: &id,
                    method: request.method().as_str(),
                    url: &url,
                    nonce: self.nonces.of(&origin),
                    token_hash: Some(&hash(token)),
                };
                let proof = jwt::dpop_proof(&**signer, now, &proof)?;
                let proof =
                    HeaderValue::from_str(&proof).map_err(|_| AuthError::Sign(jwt::SignError))?;
                request.headers_mut().insert(DPOP, proof);
                "DPoP"
            }
            _ => "Bearer",
        };
        let value = sensitive(scheme, token)?;
        request.headers_mut().insert(AUTHORIZATION, value);
        attempt.generation = self.generation;
        Ok(Authorization::Applied)
    }

    /// Replaces what tokens are got with, from the next flow on: a newer ID token, say, or the
    /// workload's next assertion.
    pub fn set_grant(&mut self, grant: Grant) {
        self.config.grant = grant;
    }

    /// Sets where the browser brings the next flow's answer, once a port is known.
    ///
    /// # Errors
    /// [`InvalidOAuth::Url`] for what is neither `https` nor on this machine.
    pub fn set_redirect_uri(&mut self, uri: &str) -> Result<(), InvalidOAuth> {
        self.config.redirect_uri = Some(own_url(uri)?);
        Ok(())
    }

    /// Abandons the flow that is under way: what waits has failed.
    pub fn cancel(&mut self) {
        if self.flow.take().is_some() {
            self.step = Some(Step::Failed(AuthError::Abandoned));
        }
    }

    /// Forgets the tokens, here and in the store.
    pub fn sign_out(&mut self) {
        self.cancel();
        self.tokens = None;
        self.asked.clear();
        self.step_ups.clear();
        if let Some(issuer) = &self.issuer {
            self.store.set_tokens(issuer, self.config.server.as_str(), None);
        }
    }

    /// The head of the MCP server's answer to a request.
    pub fn handle_answer(
        &mut self,
        now: UnixTime,
        attempt: &mut Attempt,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Verdict {
        let is_news = self.nonces.note(&self.origin(), headers);
        let challenges = AuthChallenge::parse(headers);
        let ours = |it: &&AuthChallenge| matches!(it.scheme(), "bearer" | "dpop");
        let says =
            |error: &str| challenges.iter().filter(ours).any(|it| it.param("error") == Some(error));
        match status {
            StatusCode::UNAUTHORIZED if says("use_dpop_nonce") => self.on_nonce(attempt, is_news),
            StatusCode::UNAUTHORIZED => self.on_unauthorized(now, attempt, &challenges),
            StatusCode::FORBIDDEN
                if says("insufficient_scope")
                    || challenges.iter().filter(ours).any(|it| it.param("scope").is_some()) =>
            {
                self.on_forbidden(now, attempt, &challenges)
            }
            _ => {
                if status.is_success() {
                    self.step_ups.remove(&attempt.operation);
                }
                Verdict::Pass
            }
        }
    }

    /// The response to a [`Step::Fetch`]. One that nobody waits for is ignored.
    pub fn handle_response(&mut self, now: UnixTime, response: Response<Bytes>) {
        let is_large = response.body().len() > self.config.max_response_bytes;
        self.advance(now, |flow, tools| {
            if is_large {
                Err(AuthError::TooLarge(flow.subject()))
            } else {
                flow.handle_response(tools, &response)
            }
        });
    }

    /// The request of a [`Step::Fetch`] was not answered: no connection, no answer in time, or
    /// more than [`max_response_bytes`](Self::max_response_bytes).
    pub fn handle_failure(&mut self, now: UnixTime) {
        self.advance(now, |flow, tools| flow.handle_failure(tools));
    }

    /// The query of the redirect that the browser followed. The page is for the person.
    pub fn handle_redirect(&mut self, now: UnixTime, query: &str) -> RedirectPage {
        let Some(mut flow) = self.flow.take() else {
            return RedirectPage::Unexpected;
        };
        let (page, next) = flow.handle_redirect(&mut self.tools(now), query);
        match next {
            Some(next) => self.go_on(now, flow, next),
            None => self.flow = Some(flow),
        }
        page
    }

    /// What to do next, each once.
    #[must_use]
    pub fn poll_step(&mut self) -> Option<Step> {
        self.step.take()
    }

    /// Whether a flow is under way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.flow.is_some()
    }

    /// Whether no flow is under way, and the end of the last one has been polled.
    #[cfg(feature = "client-driver")]
    pub(crate) fn is_idle(&self) -> bool {
        self.flow.is_none() && self.step.is_none()
    }

    /// Whether it takes a person with a browser to get a token.
    #[cfg(feature = "client-driver")]
    pub(crate) fn is_interactive(&self) -> bool {
        matches!(self.config.grant, Grant::AuthorizationCode)
    }

    /// Whether the MCP server's name, or that of a URL to fetch, may resolve to an address: ask
    /// before connecting, or a public name leads into the private network (SEC-06).
    #[must_use]
    pub fn allows_address(&self, address: IpAddr) -> bool {
        self.policy.allows_address(address)
    }

    /// The most to read of a response's body; beyond it, give up with
    /// [`handle_failure`](Self::handle_failure).
    #[must_use]
    pub fn max_response_bytes(&self) -> usize {
        self.config.max_response_bytes
    }

    fn on_nonce(&mut self, attempt: &mut Attempt, is_news: bool) -> Verdict {
        let has_key = self.tokens.as_ref().is_some_and(|it| it.is_bound);
        let has_nonce = is_news || self.nonces.of(&self.origin()).is_some();
        if !has_key {
            Verdict::Refused(AuthError::NeedsDpop)
        } else if has_nonce && attempt.nonces < MAX_NONCES {
            attempt.nonces += 1;
            Verdict::Retry
        } else {
            Verdict::Refused(AuthError::NonceLoop)
        }
    }

    fn on_unauthorized(
        &mut self,
        now: UnixTime,
        attempt: &mut Attempt,
        challenges: &[AuthChallenge],
    ) -> Verdict {
        if self.has_newer(now, attempt) {
            return Verdict::Retry;
        }
        let only_dpop = challenges.iter().any(|it| it.scheme() == "dpop")
            && !challenges.iter().any(|it| it.scheme() == "bearer");
        if only_dpop && self.config.dpop.is_none() {
            return Verdict::Refused(AuthError::NeedsDpop);
        }
        if attempt.generation != 0 {
            if attempt.renewals == MAX_RENEWALS {
                return Verdict::Refused(AuthError::TokenRejected);
            }
            attempt.renewals += 1;
        }
        let refresh = self.refresh_token().filter(|_| attempt.renewals <= 1);
        let trigger = Trigger {
            metadata_url: param(challenges, "resource_metadata"),
            challenged: scopes(challenges),
            kept: self.asked.clone(),
            refresh,
        };
        self.begin(now, trigger)
    }

    /// AUTH-C38..C40.
    fn on_forbidden(
        &mut self,
        now: UnixTime,
        attempt: &mut Attempt,
        challenges: &[AuthChallenge],
    ) -> Verdict {
        if self.flow.is_some() {
            return Verdict::Wait;
        }
        if self.has_newer(now, attempt) {
            return Verdict::Retry;
        }
        let needed = scopes(challenges);
        let text = needed.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let granted = self.tokens.as_ref().map(|it| it.scopes.clone()).unwrap_or_default();
        if needed.is_subset(&granted) {
            return Verdict::Refused(AuthError::InsufficientScope(text));
        }
        let count = self.step_ups.get(&attempt.operation).copied().unwrap_or_default();
        if count >= self.config.max_step_ups {
            return Verdict::Refused(AuthError::InsufficientScope(text));
        }
        if self.step_ups.len() == MAX_OPERATIONS && !self.step_ups.contains_key(&attempt.operation)
        {
            self.step_ups.pop_first();
        }
        self.step_ups.insert(attempt.operation.clone(), count + 1);
        let trigger = Trigger {
            metadata_url: param(challenges, "resource_metadata"),
            challenged: needed,
            kept: self.asked.union(&granted).cloned().collect(),
            refresh: None,
        };
        self.begin(now, trigger)
    }

    fn begin(&mut self, now: UnixTime, trigger: Trigger) -> Verdict {
        if self.flow.is_none() {
            let begun = Flow::begin(trigger, &mut self.tools(now));
            self.accept(now, begun);
        }
        Verdict::Wait
    }

    /// Gets a new token before the old one is refused, if that takes no person.
    fn refresh(&mut self, now: UnixTime) {
        if self.flow.is_some() {
            return;
        }
        let Some(refresh) = self.refresh_token() else {
            return;
        };
        let trigger =
            Trigger { kept: self.asked.clone(), refresh: Some(refresh), ..Trigger::default() };
        let begun = match self.authority.clone() {
            Some(authority) => Flow::refresh(authority, trigger, &mut self.tools(now)),
            None => Flow::begin(trigger, &mut self.tools(now)),
        };
        self.accept(now, begun);
    }

    fn accept(&mut self, now: UnixTime, begun: Result<(Flow, Next), AuthError>) {
        match begun {
            Ok((flow, next)) => self.go_on(now, flow, Ok(next)),
            Err(error) => self.step = Some(Step::Failed(error)),
        }
    }

    fn advance(
        &mut self,
        now: UnixTime,
        with: impl FnOnce(&mut Flow, &mut Tools<'_>) -> Result<Next, AuthError>,
    ) {
        let Some(mut flow) = self.flow.take() else {
            return;
        };
        if !flow.is_fetching() {
            self.flow = Some(flow);
            return;
        }
        let next = with(&mut flow, &mut self.tools(now));
        self.go_on(now, flow, next);
    }

    fn go_on(&mut self, now: UnixTime, flow: Flow, next: Result<Next, AuthError>) {
        self.step = Some(match next {
            Ok(Next::Fetch(request)) => {
                self.flow = Some(flow);
                Step::Fetch(request)
            }
            Ok(Next::Open(url)) => {
                self.flow = Some(flow);
                Step::OpenBrowser(url)
            }
            Ok(Next::Done(grown)) => {
                self.keep(grown);
                self.issued_at = Some(now);
                Step::Done
            }
            Err(error) => Step::Failed(error),
        });
    }

    fn keep(&mut self, Grown { tokens, authority, asked }: Grown) {
        self.asked.extend(asked);
        self.asked.extend(tokens.scopes.iter().cloned());
        self.tokens = Some(tokens);
        self.issuer = Some(authority.issuer.clone());
        self.authority = Some(authority);
        self.generation += 1;
    }

    fn tools(&mut self, now: UnixTime) -> Tools<'_> {
        Tools {
            now,
            config: &self.config,
            policy: self.policy,
            store: &mut *self.store,
            entropy: &mut self.entropy,
            nonces: &mut self.nonces,
        }
    }

    /// Whether there is a better token than the one a request was sent with.
    fn has_newer(&self, now: UnixTime, attempt: &Attempt) -> bool {
        self.tokens.is_some() && !self.is_expired(now) && attempt.generation < self.generation
    }

    /// Whether the token ends, or is about to.
    fn is_expired(&self, now: UnixTime) -> bool {
        let Some(end) = self.tokens.as_ref().and_then(|it| it.expires_at) else {
            return false;
        };
        let life = |issued: UnixTime| end.since_epoch().saturating_sub(issued.since_epoch());
        now + self.issued_at.map_or(LEEWAY, |issued| LEEWAY.min(life(issued) / 4)) >= end
    }

    fn refresh_token(&self) -> Option<(String, super::super::Secret)> {
        let token = self.tokens.as_ref()?.refresh_token.clone()?;
        Some((self.issuer.clone()?, token))
    }

    fn origin(&self) -> String {
        dpop::target(self.config.server.uri()).unwrap_or_default().0
    }
}

/// A parameter of the first challenge of a kind we can meet that has it.
fn param(challenges: &[AuthChallenge], name: &str) -> Option<String> {
    let ours = challenges.iter().filter(|it| matches!(it.scheme(), "bearer" | "dpop"));
    ours.filter_map(|it| it.param(name)).map(ToString::to_string).next()
}

fn scopes(challenges: &[AuthChallenge]) -> BTreeSet<String> {
    let ours = challenges.iter().filter(|it| matches!(it.scheme(), "bearer" | "dpop"));
    ours.map(AuthChallenge::scopes).find(|it| !it.is_empty()).unwrap_or_default()
}
