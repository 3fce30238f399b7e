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

/// What requests must show to be served: the rules of a [`ResourceServer`].
///
/// Nothing else leads to the code that knows them, so that it is no part of a program that serves
/// everybody.
#[derive(Clone)]
pub struct Protection(Arc<dyn Guard>);

impl Protection {
    /// Whether a path is one of those where the metadata is published.
    pub(super) fn publishes_at(&self, path: &str) -> bool {
        self.0.publishes_at(path)
    }

    /// The metadata of the resource, for whoever asks (AUTH-RS06).
    pub(super) fn publish(&self, head: &Parts) -> Result<Response<Bytes>, Refusal> {
        self.0.publish(head)
    }

    /// What is done with a request before its token has been verified.
    pub(super) fn begin<A>(
        &self,
        server: HttpServer<A>,
        head: &Parts,
    ) -> Result<PendingAuth<A>, Refusal> {
        Ok(PendingAuth { server, token: self.0.token(head)? })
    }

    /// The grant of a verified token, if that is for this resource and good for a request at all.
    pub(super) fn grant(
        &self,
        verified: Result<AccessToken, VerifyError>,
    ) -> Result<Grant, Refusal> {
        Arc::clone(&self.0).grant(verified).map(|granted| Grant(Some(granted)))
    }
}

impl From<ResourceServer> for Protection {
    fn from(resource: ResourceServer) -> Self {
        Self(Arc::new(resource))
    }
}

impl From<Arc<ResourceServer>> for Protection {
    fn from(resource: Arc<ResourceServer>) -> Self {
        Self(resource)
    }
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

trait Guard: fmt::Debug + Send + Sync {
    fn publishes_at(&self, path: &str) -> bool;
    fn publish(&self, head: &Parts) -> Result<Response<Bytes>, Refusal>;
    fn token(&self, head: &Parts) -> Result<Secret, Refusal>;
    fn grant(
        self: Arc<Self>,
        verified: Result<AccessToken, VerifyError>,
    ) -> Result<Arc<dyn Granted>, Refusal>;
}

impl Guard for ResourceServer {
    fn publishes_at(&self, path: &str) -> bool {
        self.publishes_at(path)
    }

    fn publish(&self, head: &Parts) -> Result<Response<Bytes>, Refusal> {
        match head.method {
            Method::GET | Method::HEAD => Ok(json(self.metadata())),
            _ => Err(Refusal::MethodNotAllowed("GET, HEAD")),
        }
    }

    fn token(&self, head: &Parts) -> Result<Secret, Refusal> {
        // RFC 6750, 2.3: there it would be in everybody's logs.
        let token = match head::query(head.uri.query(), "access_token") {
            Some(_) => Err(Reason::MalformedRequest),
            None => bearer(&head.headers),
        };
        token.map_err(|reason| Refusal::challenge(self, &reason))
    }

    fn grant(
        self: Arc<Self>,
        verified: Result<AccessToken, VerifyError>,
    ) -> Result<Arc<dyn Granted>, Refusal> {
        let token = match verified {
            Ok(token) => token,
            Err(VerifyError::Invalid) => {
                return Err(Refusal::challenge(&self, &Reason::InvalidToken));
            }
            Err(VerifyError::Unavailable) => return Err(Refusal::CannotVerify),
        };
        self.check(&token, None).map_err(|reason| Refusal::challenge(&self, &reason))?;
        Ok(Arc::new(Verified { resource: self, token }))
    }
}

/// What a request may do, on whose behalf it comes.
///
/// A server that is not protected lets everybody do everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Grant(Option<Arc<dyn Granted>>);

impl Grant {
    /// On whose behalf the request comes.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.0.as_ref().map(|grant| grant.principal())
    }

    /// Whether a session is there for this request. One of somebody else is as good as none
    /// (`case_75`): knowing its id is no authentication (SEC-01).
    pub(super) fn reaches<A>(&self, slot: &Slot<A>) -> bool {
        slot.principal() == self.principal()
    }

    /// Checks the scopes of the tools that a message calls: all that are missing are named at
    /// once (AUTH-RS12).
    pub(super) fn check(&self, incoming: &Incoming) -> Result<(), Refusal> {
        self.0.as_ref().map_or(Ok(()), |grant| grant.check(incoming))
    }
}

trait Granted: fmt::Debug + Send + Sync {
    fn principal(&self) -> &Principal;
    fn check(&self, incoming: &Incoming) -> Result<(), Refusal>;
}

#[derive(Debug)]
struct Verified {
    resource: Arc<ResourceServer>,
    token: AccessToken,
}

impl Granted for Verified {
    fn principal(&self) -> &Principal {
        &self.token.principal
    }

    fn check(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let Self { resource, token } = self;
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
