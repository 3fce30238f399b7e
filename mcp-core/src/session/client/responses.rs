//! What the server answers to requests of ours.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ClientSession, screen};
use crate::error::RequestError;
use crate::id::RequestHandle;
use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson, Response};
use crate::lifecycle::{ClientPhase, Method};
use crate::model::TASKS_EXTENSION;
use crate::revision::Era;
use crate::time::Instant;

/// What a result of the modern era is, by its `resultType`.
enum Kind {
    Complete,
    InputRequired,
    Task,
    Unknown,
}

impl ClientSession {
    pub(super) fn handle_response(&mut self, now: Instant, response: Response) {
        let Response { id, outcome } = response;
        let Some(outcome) = self.handle_handshake_response(now, id.as_ref(), outcome) else {
            return;
        };
        let request = id.and_then(|id| id.as_u64()).and_then(|id| self.requests.by_id(id));
        let Some((handle, sent)) = request else {
            self.counters.unknown_responses += 1;
            return;
        };
        match outcome {
            Err(error) => self.handle_error(now, handle, sent.key, error),
            Ok(result) if !result.is_object() => {
                self.finish(handle, Err(RequestError::Invalid("the result is no object".into())));
            }
            Ok(result) if sent.era == Era::Legacy => {
                if self.is_current(sent.key) {
                    self.handshake.note_answered();
                }
                self.finish(handle, Ok(result));
            }
            Ok(result) => self.handle_modern_result(now, handle, sent.epoch, result),
        }
    }

    fn handle_error(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        key: super::TransmitKey,
        error: ErrorObject,
    ) {
        if self.phase != ClientPhase::Modern && self.is_not_initialized(&error) {
            if self.is_current(key) && self.may_retry(handle) {
                self.begin_again(now);
            }
            if self.retry(now, handle) {
                return;
            }
        }
        self.elicitations.note_error(&error);
        if error.code() == ErrorCode::INVALID_PARAMS
            && let Some(pending) = self.requests.get(handle)
        {
            self.cache.handle_bad_cursor(&pending.item);
        }
        self.finish(handle, Err(RequestError::Refused(error)));
    }

    fn may_retry(&self, handle: RequestHandle) -> bool {
        self.requests.get(handle).is_some_and(|pending| !pending.retried)
    }

    fn handle_modern_result(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        epoch: u64,
        result: RawJson,
    ) {
        let Some(pending) = self.requests.get(handle) else {
            return;
        };
        let method = Method::from_name(&pending.item.method);
        match kind(&result) {
            Kind::Complete => {
                if pending.rounds == 0 && epoch == self.cache.epoch {
                    self.cache.put(now, &self.config.limits, &pending.item, &result);
                }
                self.finish(handle, Ok(result));
            }
            Kind::InputRequired if asks(&method) => {
                let params = pending.item.params.as_ref();
                if self.config.limits.rounds == 0 || params.is_some_and(screen::has_round) {
                    // The application does the rounds itself.
                    self.finish(handle, Ok(result));
                } else {
                    self.begin_round(now, handle, &result);
                }
            }
            // TASKX-05.
            Kind::Task
                if method == Method::ToolsCall
                    && self.config.capabilities.has_extension(TASKS_EXTENSION) =>
            {
                self.finish(handle, Ok(result));
            }
            // JSONRPC-22, JSONRPC-23.
            Kind::InputRequired | Kind::Task | Kind::Unknown => {
                let error = "the result is of a kind that is not known or not allowed here";
                self.finish(handle, Err(RequestError::Invalid(error.into())));
            }
        }
    }
}

/// Whether a server may ask for input before it answers (MRTR-02, MRTR-03).
const fn asks(method: &Method) -> bool {
    matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
}

/// A result without a kind is complete (JSONRPC-21).
fn kind(result: &RawJson) -> Kind {
    #[derive(Deserialize)]
    struct Result<'a> {
        #[serde(borrow, rename = "resultType")]
        kind: Option<&'a RawValue>,
    }
    let Ok(Result { kind }) = serde_json::from_str(result.as_str()) else {
        return Kind::Unknown;
    };
    match kind.map(|kind| serde_json::from_str::<alloc::string::String>(kind.get())) {
        None => Kind::Complete,
        Some(Ok(kind)) => match kind.as_str() {
            "complete" => Kind::Complete,
            "input_required" => Kind::InputRequired,
            "task" => Kind::Task,
            _ => Kind::Unknown,
        },
        Some(Err(_)) => Kind::Unknown,
    }
}
