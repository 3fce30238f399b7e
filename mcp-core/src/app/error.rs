//! What can go wrong in an application, and who hears of it.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::any::Any;
use core::error::Error;
use core::fmt;

use super::template::TemplateError;
use crate::error::RequestError;
use crate::jsonrpc::{ErrorCode, ErrorObject, InvalidJson, RawJson};
use crate::model::{CallToolResult, ResourceNotFoundData};
use crate::revision::{Era, Revision};

/// A server cannot be put together, or changed, as it was asked to.
///
/// The mistake is the application's own; no client hears of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Two things of one kind have the same name; for resources, the same URI.
    #[error("there are two {kind}s `{name}`")]
    Duplicate {
        /// What they are.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A tool's name is not 1 to 128 of `A-Z a-z 0-9 _ - .`.
    #[error("`{0}` is no tool name: it takes 1 to 128 of A-Z a-z 0-9 _ - .")]
    ToolName(String),
    /// The root of a tool's input schema does not say `"type":"object"`.
    #[error("the input schema of tool `{0}` must have \"type\":\"object\" at its root")]
    InputSchema(String),
    /// A tool's schema cannot be used to check what the tool is given or returns.
    #[cfg(feature = "validate")]
    #[error("the {which} schema of tool `{tool}` {error}")]
    Schema {
        /// The tool.
        tool: String,
        /// `input` or `output`.
        which: &'static str,
        /// What is wrong with it.
        error: SchemaError,
    },
    /// A resource's URI does not start with a scheme.
    #[error("the resource URI `{0}` has no scheme")]
    ResourceUri(String),
    /// A URI template cannot be used.
    #[error("the URI template `{template}` {error}")]
    Template {
        /// The template.
        template: String,
        /// What is wrong with it.
        error: TemplateError,
    },
    /// A completion is for a prompt, template or argument that there is not.
    #[error("there is no argument `{argument}` of `{reference}` to complete")]
    Completion {
        /// The prompt or URI template.
        reference: String,
        /// The argument.
        argument: String,
    },
    /// A method that the server answers by itself.
    #[error("the server answers `{0}` by itself")]
    Method(String),
    /// Something holds a number that is not finite, and so has no JSON form.
    #[error("the {kind} `{name}` has no JSON form")]
    NoJson {
        /// What it is.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A page must hold something.
    #[error("the page size is 0")]
    PageSize,
    /// The server was built without the capability: clients were told that there is nothing.
    #[error("the server was built without {0}")]
    NotOffered(&'static str),
}

/// Why nothing can be checked against a schema.
///
/// Bounds are on what a schema can cost, which is not how long it is: a few lines can ask for any
/// number of checks.
#[cfg(feature = "validate")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It says something that its dialect of JSON Schema does not allow. Patterns that look
    /// around or refer back count among that: matching them can take any time.
    #[error("is not valid at `{at}`: {why}")]
    Invalid {
        /// Where, as a JSON Pointer.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// Its `$schema` is none of drafts 4, 6, 7, 2019-09 and 2020-12.
    #[error("has an unknown dialect: {0}")]
    Dialect(String),
    /// A reference leads out of the schema or to nothing, or there are two things of that name.
    /// Nothing is ever fetched.
    #[error("has a reference or name that does not lead to one place in it: {0}")]
    Reference(String),
    /// A reference leads back to itself without going deeper into the value.
    #[error("refers to itself for the same value")]
    Cycle,
    /// It is too long.
    #[error("is longer than {limit} bytes")]
    Bytes {
        /// The most bytes.
        limit: usize,
    },
    /// It nests deeper, or has larger numbers, than JSON is read here.
    #[error("nests too deeply, or has a number that is too large")]
    Depth,
    /// It consists of too many schemas.
    #[error("has more than {limit} subschemas")]
    Subschemas {
        /// The most subschemas.
        limit: usize,
    },
    /// It has too many patterns.
    #[error("has more than {limit} patterns")]
    Patterns {
        /// The most patterns.
        limit: usize,
    },
    /// References and alternatives multiply to too many checks.
    #[error("asks for more than {limit} checks of one value")]
    Applications {
        /// The most checks.
        limit: u64,
    },
    /// References lead to each other in too long a row.
    #[error("has too many subschemas inside each other")]
    Levels,
}

/// Why a handler has no result.
///
/// Every error turns into one with `?`, and what the client hears depends on what it asked for:
/// a failed tool answers with a result that says so (`isError`), which the model can read and
/// react to; everything else answers with a JSON-RPC error -32603. The text is the error's
/// `Display`, so it must not hold what the client may not see.
///
/// An [`ErrorObject`] stays what it is: the JSON-RPC error of the request, for tools too.
///
/// ```
/// use mcp_core::app::CallError;
/// use mcp_core::jsonrpc::ErrorObject;
///
/// fn parse(text: &str) -> Result<u8, CallError> {
///     if text.is_empty() {
///         return Err(CallError::new("there is nothing to parse"));
///     }
///     if text == "secret" {
///         Err(ErrorObject::invalid_params("not that"))?;
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(parse("").unwrap_err().to_string(), "there is nothing to parse");
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub struct CallError(Fault);

#[derive(Debug)]
enum Fault {
    Message(String),
    Protocol(ErrorObject),
    ResourceNotFound(String),
}

impl CallError {
    /// A failure, in words for the model or the person at the other end.
    #[must_use]
    pub fn new(message: impl fmt::Display) -> Self {
        Self(Fault::Message(message.to_string()))
    }

    /// The resource does not exist: -32002 until 2025-11-25 and -32602 since
    /// (`2026-07-28/server/resources#error-handling`).
    #[must_use]
    pub fn resource_not_found(uri: impl Into<String>) -> Self {
        Self(Fault::ResourceNotFound(uri.into()))
    }

    /// The JSON-RPC error of a request.
    pub(super) fn into_error(self, revision: Revision) -> ErrorObject {
        match self.0 {
            Fault::Message(message) => ErrorObject::internal(message),
            Fault::Protocol(error) => error,
            Fault::ResourceNotFound(uri) => {
                let code = match revision.era() {
                    Era::Legacy => ErrorCode::RESOURCE_NOT_FOUND,
                    Era::Modern => ErrorCode::INVALID_PARAMS,
                };
                ErrorObject::new(code, "Resource not found")
                    .with_data(RawJson::known(&ResourceNotFoundData::new(uri)))
            }
        }
    }

    /// What a failed tool answers.
    pub(super) fn into_tool_result(
        self,
        revision: Revision,
    ) -> Result<CallToolResult, ErrorObject> {
        match self.0 {
            Fault::Message(message) => Ok(CallToolResult::error(message)),
            Fault::ResourceNotFound(_) => Ok(CallToolResult::error(self.to_string())),
            Fault::Protocol(_) => Err(self.into_error(revision)),
        }
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Message(message) => f.write_str(message),
            Fault::Protocol(error) => error.fmt(f),
            Fault::ResourceNotFound(uri) => write!(f, "resource not found: {uri}"),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CallError {
    fn from(error: E) -> Self {
        match (&error as &dyn Any).downcast_ref::<ErrorObject>() {
            Some(error) => Self(Fault::Protocol(error.clone())),
            None => Self::new(error),
        }
    }
}

/// Why a question to the client has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The client did not declare that it can be asked; nothing was sent.
    #[error("the client does not support {0}")]
    Unsupported(Cow<'static, str>),
    /// The request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What was to be asked holds a number that is not finite, and so has no JSON form.
    #[error("the question has no JSON form: {0}")]
    Question(InvalidJson),
    /// The client answered something else than the specification says.
    #[error("the client's answer makes no sense: {0}")]
    Answer(InvalidJson),
}
