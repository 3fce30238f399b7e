//! Methods that no revision defines, and notifications of clients.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::Connection;
use super::decode::{self, Misfit};
use super::{CallError, Context, Work};
use crate::jsonrpc::{ErrorObject, Params, RawJson};

/// Reads the params and starts the work.
type Run = dyn Fn(&str, Context) -> Result<Work<RawJson>, Misfit> + Send + Sync;

/// What answers one method.
pub(super) struct MethodEntry(Box<Run>);

impl MethodEntry {
    pub(super) fn new<P, F, Fut, R>(handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(P, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Serialize,
    {
        let run = move |params: &str, cx: Context| {
            let work = handler(decode::arguments(params)?, cx);
            let work: Work<RawJson> = Box::pin(async move { encode(&work.await?) });
            Ok(work)
        };
        Self(Box::new(run))
    }

    /// Calls the handler, if the params fit.
    pub(super) fn begin(
        &self,
        params: Option<&Params>,
        cx: Context,
    ) -> Result<Work<RawJson>, Misfit> {
        (self.0)(params.map_or("{}", |params| params.as_str()), cx)
    }
}

/// Reads the params of a notification and passes them on.
type Hear = dyn Fn(&str, &Arc<Connection>) + Send + Sync;

/// What hears of one kind of notification.
pub(super) struct Listener(Box<Hear>);

impl Listener {
    pub(super) fn new<P, F>(handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(P, &Arc<Connection>) + Send + Sync + 'static,
    {
        Self(Box::new(move |params, connection| {
            // Nobody can be told that they do not fit.
            if let Ok(params) = decode::arguments(params) {
                handler(params, connection);
            }
        }))
    }

    pub(super) fn hear(&self, params: Option<&RawJson>, connection: &Arc<Connection>) {
        (self.0)(params.map_or("{}", RawJson::as_str), connection);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// A result is an object; nothing at all is an empty one.
fn encode<R: Serialize>(result: &R) -> Result<RawJson, CallError> {
    let json = RawJson::from_value(result)?;
    if json.is_null() {
        return Ok(RawJson::EMPTY_OBJECT);
    }
    if !json.is_object() {
        Err(ErrorObject::internal("the result is no object"))?;
    }
    Ok(json)
}

impl fmt::Debug for MethodEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodEntry")
    }
}
