//! What an application answers to its servers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::listen::Notification;
use super::trace::Tracer;
use crate::jsonrpc::{ErrorObject, RawJson, Reply};
use crate::lifecycle::Method;
use crate::model::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, ForRevision,
    ListRootsResult, Root,
};
use crate::revision::Revision;
use crate::transport::http::DroppedTool;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ErrorObject>> + Send>>;
type Handler<A, T> = Arc<dyn Fn(A) -> Answer<T> + Send + Sync>;

/// Told of the tools that were left out of a list.
type Dropped = Arc<dyn Fn(&[DroppedTool]) + Send + Sync>;

/// Roots that can change.
pub(super) type Roots = Arc<Mutex<Vec<Root>>>;

/// Makes the future of an answer, once for all eras.
#[derive(Clone, Default)]
pub(super) struct Handlers {
    pub(super) sampling: Option<Handler<CreateMessageParams, CreateMessageResult>>,
    pub(super) elicitation: Option<Handler<ElicitParams, ElicitResult>>,
    pub(super) roots: Option<Roots>,
    pub(super) others: BTreeMap<Method, Handler<Option<RawJson>, RawJson>>,
    pub(super) notified: Option<Arc<dyn Fn(Notification) + Send + Sync>>,
    pub(super) traced: Option<Tracer>,
    pub(super) dropped: Option<Dropped>,
}

/// A handler without its type.
pub(super) fn erase<A, T, F, Fut>(handler: F) -> Handler<A, T>
where
    F: Fn(A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, ErrorObject>> + Send + 'static,
{
    Arc::new(move |argument| Box::pin(handler(argument)))
}

impl Handlers {
    /// Works on a request of the server.
    pub(super) fn answer(
        &self,
        revision: Revision,
        method: &Method,
        params: Option<&RawJson>,
    ) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        match method {
            Method::RootsList => {
                let roots = self
                    .roots
                    .as_ref()
                    .map(|roots| roots.lock().unwrap_or_else(PoisonError::into_inner).clone());
                let reply = encode(ListRootsResult::new(roots.unwrap_or_default()), revision);
                Box::pin(core::future::ready(reply))
            }
            Method::SamplingCreateMessage => {
                typed(self.sampling.as_ref(), method, params, revision)
            }
            Method::ElicitationCreate => typed(self.elicitation.as_ref(), method, params, revision),
            method => match self.others.get(method) {
                Some(handler) => handler(params.cloned()),
                None => refuse(ErrorObject::method_not_found(method.as_str())),
            },
        }
    }
}

fn typed<A, T>(
    handler: Option<&Handler<A, T>>,
    method: &Method,
    params: Option<&RawJson>,
    revision: Revision,
) -> Pin<Box<dyn Future<Output = Reply> + Send>>
where
    A: DeserializeOwned,
    T: Serialize + ForRevision + Send + 'static,
{
    let Some(handler) = handler else {
        return refuse(ErrorObject::method_not_found(method.as_str()));
    };
    match params.unwrap_or(&RawJson::EMPTY_OBJECT).to::<A>() {
        Ok(params) => {
            let answer = handler(params);
            Box::pin(async move { encode(answer.await?, revision) })
        }
        Err(error) => refuse(ErrorObject::invalid_params(error.to_string())),
    }
}

fn refuse(error: ErrorObject) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
    Box::pin(core::future::ready(Err(error)))
}

fn encode<T: Serialize + ForRevision>(result: T, revision: Revision) -> Reply {
    let encoded = RawJson::from_value(&result.for_revision(revision));
    encoded.map_err(|error| ErrorObject::internal(error.to_string()))
}
