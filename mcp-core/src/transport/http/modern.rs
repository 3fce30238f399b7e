//! Requests of the modern era: no session, no handshake, everything in the request.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::admit::Grant;
use super::head::Claims;
use super::modern_answer::ModernAnswer;
use super::refusal::{Refusal, accepted, failure};
use super::upload::Posted;
use super::{HttpConfig, metadata};
use crate::auth::Principal;
use crate::id::RequestId;
use crate::jsonrpc::{
    EnvelopeError, ErrorCode, ErrorObject, Incoming, Member, Message, Notification, Request,
};
use crate::lifecycle::{Method, MethodSet};
use crate::modern::{Candidate, MirroredParams, ModernNotification, ModernRequest, unsupported};
use crate::revision::Revision;
use crate::time::Instant;

/// What a server needs to know to take requests of the modern era. There is nothing in it that
/// requests could wait for each other for.
#[derive(Debug)]
pub(super) struct Stateless {
    /// Whether such requests are served at all.
    served: bool,
    methods: MethodSet,
    pub(super) keep_alive: Duration,
    pub(super) timeout: Duration,
    pub(super) frames: usize,
    pub(super) bytes: usize,
    draining: AtomicBool,
}

/// A request of the modern era with the answer it is going to have.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModernCall {
    /// What to work on.
    pub request: ModernRequest,
    /// Where to put what comes of it.
    pub answer: ModernAnswer,
    /// On whose behalf it comes, if it had to say.
    pub principal: Option<Principal>,
}

/// A notification of the modern era with who sends it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModernNotice {
    /// What is reported.
    pub notification: ModernNotification,
    /// On whose behalf it comes, if it had to say.
    pub principal: Option<Principal>,
}

impl Stateless {
    pub(super) fn new(config: &HttpConfig) -> Self {
        let session = &config.session;
        Self {
            served: session.modern,
            methods: session.methods.clone(),
            keep_alive: config.keep_alive,
            timeout: session.timeouts.request,
            frames: session.limits.exchange_frames,
            bytes: session.limits.exchange_bytes,
            draining: AtomicBool::new(false),
        }
    }

    /// Takes no new requests any more.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Takes a message of the modern era.
    pub(super) fn accept<A>(
        &self,
        now: Instant,
        (claims, grant): (&Claims, &Grant),
        incoming: Incoming,
    ) -> Posted<A> {
        let request = match incoming {
            Incoming::Message(Message::Request(request)) => request,
            // What headers it should have is not said anywhere, so none are asked for (SHTTP-M19).
            Incoming::Message(Message::Notification(notification)) => {
                return self.hear(grant, notification);
            }
            Incoming::Message(Message::Response(_)) => {
                return Posted::Refused(Refusal::UnwantedResponse.into_response());
            }
            Incoming::Batch(_) => {
                let error = EnvelopeError::batch_not_allowed();
                return Posted::Refused(Refusal::Malformed(error).into_response());
            }
        };
        let id = request.id.clone();
        if self.draining.load(Ordering::Relaxed) {
            return Posted::Refused(shutting_down(&id));
        }
        match self.check(claims, request) {
            Ok(request) => {
                let listens = request.method == Method::SubscriptionsListen;
                let answer = ModernAnswer::new(now, id, listens, self);
                let principal = grant.principal().cloned();
                Posted::Modern(Box::new(ModernCall { request, answer, principal }))
            }
            Err(error) => {
                let status = match error.code() {
                    ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
                    _ => StatusCode::BAD_REQUEST,
                };
                Posted::Refused(failure(status, Some(&id), &error))
            }
        }
    }

    /// A notification is taken whatever it says, and passed on if it can mean something.
    fn hear<A>(&self, grant: &Grant, notification: Notification) -> Posted<A> {
        let heard = self.served && !self.draining.load(Ordering::Relaxed);
        match ModernNotification::read(notification).filter(|_| heard) {
            Some(notification) => {
                let principal = grant.principal().cloned();
                let notice = ModernNotice { notification, principal };
                Posted::Notified(accepted(), Box::new(notice))
            }
            None => Posted::Refused(accepted()),
        }
    }

    /// Every check that the message alone decides, in the order that decides which error is heard:
    /// `_meta`, headers, version, method.
    fn check(&self, claims: &Claims, request: Request) -> Result<ModernRequest, ErrorObject> {
        let candidate = Candidate::read(request)?;
        if !self.served {
            return Err(unsupported(candidate.version(), &Revision::LEGACY));
        }
        metadata::check(claims, &candidate)?;
        candidate.accept(&self.methods)
    }
}

impl ModernCall {
    /// Compares the arguments that are mirrored in headers, if it is a call of a tool that has
    /// such: the last check before the request is worked on.
    ///
    /// # Errors
    /// The response to send: 400 with -32020.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer, moved once")]
    pub fn check_params(
        &self,
        headers: &HeaderMap,
        mirrored: &MirroredParams,
    ) -> Result<(), Response<Bytes>> {
        metadata::check_params(headers, &self.request.params, mirrored)
            .map_err(|error| failure(StatusCode::BAD_REQUEST, Some(&self.request.id), &error))
    }

    /// The tool that is called, if the request is such a call.
    #[must_use]
    pub fn tool(&self) -> Option<Cow<'_, str>> {
        let members = self.request.params.members()?;
        members.text(Member::Name).filter(|_| self.request.method == Method::ToolsCall)
    }
}

fn shutting_down(id: &RequestId) -> Response<Bytes> {
    let error = ErrorObject::internal("Server is shutting down");
    let mut response = failure(StatusCode::SERVICE_UNAVAILABLE, Some(id), &error);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
