//! What can go wrong in an application, and who hears of it.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use core::any::Any;
use core::error::Error;
use core::fmt;

use super::feature::ClientFeature;
use super::template::TemplateError;
use crate::error::RequestError;
use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use crate::model::{
    CallToolResult, ClientCapabilities, MissingCapabilityData, ResourceNotFoundData,
};
use crate::modern::InvalidAnnotation;
use crate::revision::{Era, Revision};
#[cfg(feature = "validate")]
use crate::validate::SchemaError;

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
    /// An extension's name has no prefix, as in `com.example/reviews`.
    #[error("`{0}` is no extension name: it takes a prefix, as in com.example/reviews")]
    ExtensionName(String),
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
    /// A tool's input schema says wrongly which arguments are mirrored in headers: clients of the
    /// modern era would drop the tool.
    #[error("the input schema of tool `{tool}`: {error}")]
    MirroredParam {
        /// The tool.
        tool: String,
        /// What is wrong with it.
        error: InvalidAnnotation,
    },
    /// A resource's URI does not start with a scheme, or has characters that must be encoded.
    #[error("the resource URI `{0}` has no scheme, or characters that must be percent-encoded")]
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
    /// A tool supports tasks, and the crate was built without them.
    #[error("tool `{0}` can be run as a task, which takes the feature `tasks`")]
    NoTasks(String),
    /// A page must hold something.
    #[error("the page size is 0")]
    PageSize,
    /// The server was built without the capability: clients were told that there is nothing.
    #[error("the server was built without {0}")]
    NotOffered(&'static str),
}

/// Why a handler has no result.
///
/// Every error turns into one with `?`, and what the client hears depends on what it asked for:
/// a failed tool answers with a result that says so (`isError`), which the model can read and
/// react to; everything else answers with a JSON-RPC error -32603. The text is the error's
/// `Display`, so it must not hold what the client may not see.
///
/// An [`ErrorObject`] stays what it is: the JSON-RPC error of the request, for tools too. So does
/// an [`AskError`] that ends a round, or says in the modern era what the client is to blame for.
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
    /// The client has to answer first.
    InputRequired,
    /// The client did not declare what the handler needs.
    Unsupported(ClientFeature),
    /// The client did not declare the extension that the handler needs.
    MissingExtension(String),
    /// The client's answer makes no sense.
    Answer(String),
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

    /// The client did not declare the extension: -32021 since 2026-07-28
    /// (`2026-07-28/basic/versioning#extension-negotiation`).
    pub(super) fn missing_extension(name: &str) -> Self {
        Self(Fault::MissingExtension(name.into()))
    }

    /// Whether the handler may have failed for want of an answer: what it made of the missing
    /// answer is then none of the client's business.
    pub(super) const fn may_want_input(&self) -> bool {
        matches!(self.0, Fault::InputRequired | Fault::Message(_))
    }

    /// The JSON-RPC error of a request.
    pub(super) fn into_error(self, revision: Revision) -> ErrorObject {
        let modern = revision.era() == Era::Modern;
        match self.0 {
            Fault::Message(message) => ErrorObject::internal(message),
            // CAP-05
            Fault::Unsupported(feature) if modern => {
                let code = ErrorCode::MISSING_CLIENT_CAPABILITY;
                let data = MissingCapabilityData::new(feature.capabilities());
                ErrorObject::new(code, self.to_string()).with_data(RawJson::known(&data))
            }
            Fault::MissingExtension(ref name) if modern => {
                let code = ErrorCode::MISSING_CLIENT_CAPABILITY;
                let needed = BTreeMap::from([(name.clone(), RawJson::EMPTY_OBJECT)]);
                let needed = ClientCapabilities::new().with_extensions(needed);
                ErrorObject::new(code, self.to_string())
                    .with_data(RawJson::known(&MissingCapabilityData::new(needed)))
            }
            // MRTR-23
            Fault::Answer(_) if modern => ErrorObject::invalid_params(self.to_string()),
            Fault::InputRequired
            | Fault::Unsupported(_)
            | Fault::MissingExtension(_)
            | Fault::Answer(_) => ErrorObject::internal(self.to_string()),
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
            Fault::Unsupported(_) | Fault::MissingExtension(_) | Fault::Answer(_)
                if revision.era() == Era::Modern =>
            {
                Err(self.into_error(revision))
            }
            Fault::Protocol(_) | Fault::InputRequired => Err(self.into_error(revision)),
            Fault::ResourceNotFound(_)
            | Fault::Unsupported(_)
            | Fault::MissingExtension(_)
            | Fault::Answer(_) => Ok(CallToolResult::error(self.to_string())),
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
            Fault::InputRequired => AskError::InputRequired.fmt(f),
            Fault::Unsupported(feature) => AskError::Unsupported(*feature).fmt(f),
            Fault::MissingExtension(name) => {
                write!(f, "the client does not support the extension `{name}`")
            }
            Fault::Answer(why) => write!(f, "the client's answer makes no sense: {why}"),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CallError {
    fn from(error: E) -> Self {
        let any: &dyn Any = &error;
        if let Some(error) = any.downcast_ref::<ErrorObject>() {
            return Self(Fault::Protocol(error.clone()));
        }
        match any.downcast_ref::<AskError>() {
            Some(AskError::InputRequired) => Self(Fault::InputRequired),
            Some(AskError::Unsupported(feature)) => Self(Fault::Unsupported(*feature)),
            Some(AskError::Answer(why)) => Self(Fault::Answer(why.clone())),
            _ => Self::new(error),
        }
    }
}

/// Why a question to the client has no answer.
///
/// Pass it on with `?`: in the modern era that is what makes the server ask.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The client has not answered yet. The handler ends here; the server asks the client, and
    /// runs the handler again when the client has sent the answer. Modern era only.
    #[error("the client has to answer first")]
    InputRequired,
    /// The client did not declare that it can be asked; nothing was sent.
    #[error("the client does not support {0}")]
    Unsupported(ClientFeature),
    /// Nothing can be asked here: only handlers of tools, prompts and resources may ask since
    /// 2026-07-28, and there are no pings.
    #[error("a client of this revision cannot be asked {0}")]
    Unavailable(&'static str),
    /// The request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What was to be asked cannot be asked.
    #[error("the question cannot be asked: {0}")]
    Question(String),
    /// The client answered something else than was asked.
    #[error("the client's answer makes no sense: {0}")]
    Answer(String),
}
