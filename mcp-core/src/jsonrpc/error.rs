//! Error objects and replies.

use alloc::borrow::Cow;

use serde::Serialize;

use super::{ErrorCode, RawJson};
use crate::model::wire::wire_read;

/// What a request ends with: a result, or an error the peer is told.
pub type Reply = Result<RawJson, ErrorObject>;

/// The `error` member of a response.
///
/// ```
/// use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
///
/// let error = ErrorObject::new(ErrorCode::INVALID_PARAMS, "unknown tool: add");
/// assert_eq!(error.code().get(), -32602);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message} ({code})")]
pub struct ErrorObject {
    code: ErrorCode,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<RawJson>,
}

wire_read! {
    ErrorObject {
        required { code: ErrorCode, message: Cow<'static, str> }
        always { data / with_data: RawJson }
    }
}

impl ErrorObject {
    /// An error with a code and a sentence for whoever reads it.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// -32602: the method is known, its parameters are wrong.
    #[must_use]
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INVALID_PARAMS, message)
    }

    /// -32603: the receiver failed.
    #[must_use]
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INTERNAL_ERROR, message)
    }

    /// -32601: the receiver does not have the method.
    #[must_use]
    pub fn method_not_found(method: &str) -> Self {
        Self::new(ErrorCode::METHOD_NOT_FOUND, alloc::format!("Method not found: {method}"))
    }

    /// Adds what a program needs to act on the error.
    #[must_use]
    pub fn with_data(mut self, data: RawJson) -> Self {
        self.data = Some(data);
        self
    }

    /// The number.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a program needs to act on the error.
    #[must_use]
    pub const fn data(&self) -> Option<&RawJson> {
        self.data.as_ref()
    }
}
