//! Whom a protected server serves: who a request comes from, and what it may do.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde::Deserialize;

use super::refusal::{Refusal, json};
use super::server::{Admission, HttpServer};
use super::{head, sessions::Slot};
use crate::auth::{AccessToken, Principal, Reason, ResourceServer, Secret, VerifyError, bearer};
use crate::jsonrpc::{ErrorObject, Incoming, Message, Request};
use crate::time::Instant;

/// A request whose token is to be verified before anything else is looked at (AUTH-RS03).
///
/// Verify [`token`](Self::token) in whatever way its issuer wants, then say what came of it:
/// that is the only way on.
pub struct PendingAuth<A> {
    server: HttpServer<A>,
    token: Secret,
}

impl<A: Default> PendingAuth<A> {
    /// Goes on with the request, given its head once more: it is admitted or refused as it would
    /// have been by [`HttpServer::begin`] if it needed no token.
    ///
    /// 401 if the token is not good or not for this resource (AUTH-RS01, AUTH-RS04), 403 if it
    /// lacks a scope that every request needs (AUTH-RS02), 503 if it could not be verified.
    #[must_use]
    pub fn handle_verified(
        self,
        now: Instant,
        head: &Parts,
        verified: Result<AccessToken, VerifyError>,
    ) -> Admission<A> {
        self.server.resume(now, head, verified)
    }

    /// What is to be verified.
    #[must_use]
    pub const fn token(&self) -> &Secret {
        &self.token
    }
}

impl<A> fmt::Debug for PendingAuth<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingAuth(..)")
    }
}

/// What a request may do, on whose behalf it comes.
///
/// A server that is not protected lets everybody do everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Grant(Option<Arc<(Arc<ResourceServer>, AccessToken)>>);

impl Grant {
    /// The grant of a verified token, if that is for this resource and good for a request at all.
    pub(super) fn new(
        resource: &Arc<ResourceServer>,
        verified: Result<AccessToken, VerifyError>,
    ) -> Result<Self, Refusal> {
        let challenge = |reason| Refusal::challenge(resource, &reason);
        let token = match verified {
            Ok(token) => token,
            Err(VerifyError::Invalid) => return Err(challenge(Reason::InvalidToken)),
            Err(VerifyError::Unavailable) => return Err(Refusal::CannotVerify),
        };
        resource.check(&token, None).map_err(challenge)?;
        Ok(Self(Some(Arc::new((Arc::clone(resource), token)))))
    }

    /// On whose behalf the request comes.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.0.as_ref().map(|grant| &grant.1.principal)
    }

    /// Whether a session is there for this request. One of somebody else is as good as none
    /// (`case_75`): knowing its id is no authentication (SEC-01).
    pub(super) fn reaches<A>(&self, slot: &Slot<A>) -> bool {
        slot.principal() == self.principal()
    }

    /// Checks the scopes of the tools that a message calls: all that are missing are named at
    /// once (AUTH-RS12).
    pub(super) fn check(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let Some((resource, token)) = self.0.as_deref() else {
            return Ok(());
        };
        if !resource.has_tool_scopes() {
            return Ok(());
        }
        let mut lacking = BTreeSet::new();
        for request in requests(incoming) {
            let Some(tool) = called(request).map_err(Refusal::Unreadable)? else {
                continue;
            };
            match resource.check(token, Some(&tool)) {
                Ok(()) => {}
                Err(Reason::InsufficientScope(needed)) => lacking.extend(needed),
                Err(reason) => return Err(Refusal::challenge(resource, &reason)),
            }
        }
        if lacking.is_empty() {
            return Ok(());
        }
        Err(Refusal::challenge(resource, &Reason::InsufficientScope(lacking)))
    }
}

/// What a protected server does with a request before its token has been verified.
pub(super) fn begin<A>(
    server: HttpServer<A>,
    resource: &ResourceServer,
    head: &Parts,
) -> Result<PendingAuth<A>, Refusal> {
    // RFC 6750, 2.3: there it would be in everybody's logs.
    let token = match head::query(head.uri.query(), "access_token") {
        Some(_) => Err(Reason::MalformedRequest),
        None => bearer(&head.headers),
    };
    let token = token.map_err(|reason| Refusal::challenge(resource, &reason))?;
    Ok(PendingAuth { server, token })
}

/// The metadata of the resource, for whoever asks (AUTH-RS06).
pub(super) fn publish(resource: &ResourceServer, head: &Parts) -> Result<Response<Bytes>, Refusal> {
    match head.method {
        Method::GET | Method::HEAD => Ok(json(resource.metadata())),
        _ => Err(Refusal::MethodNotAllowed("GET, HEAD")),
    }
}

fn requests(incoming: &Incoming) -> impl Iterator<Item = &Request> {
    let (one, many) = match incoming {
        Incoming::Message(message) => (Some(message), None),
        Incoming::Batch(members) => (None, Some(members.iter().filter_map(|it| it.as_ref().ok()))),
    };
    one.into_iter().chain(many.into_iter().flatten()).filter_map(|message| match message {
        Message::Request(request) => Some(request),
        _ => None,
    })
}

/// The tool a request calls.
///
/// Params that do not read are refused here: a handler that reads them in its own way could find
/// another name in them than was looked for.
fn called(request: &Request) -> Result<Option<String>, ErrorObject> {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow, default)]
        name: Option<Cow<'a, str>>,
    }
    let Some(params) = request.params.as_ref().filter(|_| request.method.as_str() == "tools/call")
    else {
        return Ok(None);
    };
    serde_json::from_str(params.as_str())
        .map(|Params { name }| name.map(Cow::into_owned))
        .map_err(|error| ErrorObject::invalid_params(alloc::format!("Invalid params: {error}")))
}
