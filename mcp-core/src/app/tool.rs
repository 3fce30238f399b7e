//! Tools and what their handlers return.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::decode::{self, Misfit};
use super::shelf::Item;
use super::{CallError, ConfigError, Context, Contract, Work};
use crate::jsonrpc::{ErrorObject, InvalidJson, RawJson};
use crate::model::{
    CallToolResult, Content, Cursor, ForRevision, ListToolsResult, RawObject, Tool,
};
use crate::modern::{InvalidAnnotation, MirroredParams};
use crate::revision::Revision;

/// The longest name of a tool (`2025-11-25/server/tools#tool-names`).
const MAX_NAME: usize = 128;

/// What a tool's handler returns on success.
///
/// Text, content blocks, nothing at all, a whole [`CallToolResult`], or [`Json`] for a value that
/// programs can read too.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    note = "return text, `Content`, `Vec<Content>`, `()`, `CallToolResult` or `Json(value)`"
)]
pub trait ToolOutput {
    /// The schema of the structured content, for outputs that have some.
    #[must_use]
    fn output_schema() -> Option<RawObject> {
        None
    }

    /// Makes the result of the call.
    ///
    /// # Errors
    /// [`CallError`] when the value has no JSON form.
    fn into_tool_result(self) -> Result<CallToolResult, CallError>;
}

impl ToolOutput for CallToolResult {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(self)
    }
}

impl ToolOutput for String {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::text(self))
    }
}

impl ToolOutput for &str {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::text(self))
    }
}

impl ToolOutput for () {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::new([]))
    }
}

impl ToolOutput for Content {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::new([self]))
    }
}

impl ToolOutput for Vec<Content> {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::new(self))
    }
}

impl<const N: usize> ToolOutput for [Content; N] {
    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::new(self))
    }
}

/// A value that programs can read: structured content, its schema, and its JSON as text for
/// clients and models that read only that (`2025-11-25/server/tools#structured-content`).
///
/// Structured content exists since 2025-06-18, and may be something else than an object since
/// 2026-07-28. Where it does not exist, the text alone is sent.
#[cfg(feature = "schemars")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper is made by name")]
pub struct Json<T>(pub T);

#[cfg(feature = "schemars")]
impl<T: serde::Serialize + schemars::JsonSchema> ToolOutput for Json<T> {
    fn output_schema() -> Option<RawObject> {
        Some(super::schema::output::<T>())
    }

    fn into_tool_result(self) -> Result<CallToolResult, CallError> {
        Ok(CallToolResult::structured(&self.0)?)
    }
}

/// Reads the arguments and starts the work.
type Run = dyn Fn(&str, Context) -> Result<Work<CallToolResult>, Misfit> + Send + Sync;

/// A tool and what it does.
pub(super) struct ToolEntry {
    pub(super) tool: Tool,
    /// What the schemas say, once they have been checked.
    contract: Contract,
    mirrored: Result<Arc<MirroredParams>, InvalidAnnotation>,
    run: Box<Run>,
}

impl ToolEntry {
    pub(super) fn new<A, F, Fut, R>(tool: Tool, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ToolOutput,
    {
        let run = move |arguments: &str, cx: Context| {
            let work = handler(decode::arguments(arguments)?, cx);
            let work: Work<CallToolResult> =
                Box::pin(async move { work.await?.into_tool_result() });
            Ok(work)
        };
        let mirrored = MirroredParams::of(&tool.input_schema).map(Arc::new);
        Self { tool, contract: Contract::default(), mirrored, run: Box::new(run) }
    }

    /// The arguments that are mirrored in headers, if there are any.
    pub(super) fn mirrored(&self) -> Option<Arc<MirroredParams>> {
        self.mirrored.as_ref().ok().filter(|mirrored| !mirrored.is_empty()).map(Arc::clone)
    }

    /// Whether a client can be offered the tool.
    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
        #[derive(Deserialize)]
        struct Root {
            r#type: String,
        }

        let name = &self.tool.name;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_allowed) {
            return Err(ConfigError::ToolName(name.clone()));
        }
        match self.tool.input_schema.decode::<Root>() {
            Ok(Root { r#type }) if r#type == "object" => {}
            _ => return Err(ConfigError::InputSchema(name.clone())),
        }
        if let Err(error) = &self.mirrored {
            let error = error.clone();
            return Err(ConfigError::MirroredParam { tool: name.clone(), error });
        }
        self.contract = Contract::of(&self.tool)?;
        Ok(())
    }

    /// Calls the handler, if the arguments fit.
    pub(super) fn begin(
        &self,
        arguments: &str,
        cx: Context,
    ) -> Result<Work<CallToolResult>, Misfit> {
        self.contract.check_arguments(arguments)?;
        (self.run)(arguments, cx)
    }

    /// Starts a call of the tool that may go on without the request.
    #[cfg(feature = "tasks")]
    pub(super) fn start(
        self: Arc<Self>,
        arguments: &str,
        cx: Context,
        revision: Revision,
    ) -> Work<CallToolResult> {
        let started = self.begin(arguments, cx);
        Box::pin(async move {
            match started {
                Ok(work) => Ok(self.keeps_its_word(work.await?)?),
                Err(misfit) => misfitting(&misfit, revision),
            }
        })
    }

    /// TOOL-22: a tool with an output schema has structured output, or clients fail the call.
    pub(super) fn keeps_its_word(
        &self,
        result: CallToolResult,
    ) -> Result<CallToolResult, ErrorObject> {
        if self.tool.output_schema.is_none() || result.is_error == Some(true) {
            return Ok(result);
        }
        let mistake = match &result.structured_content {
            None => "the tool has an output schema but returned no structured content",
            // Where it does not match is no client's business: values are in the way there.
            Some(json) if !self.contract.allows_output(json) => {
                "the tool returned structured content that does not match its output schema"
            }
            Some(_) => return Ok(result),
        };
        Err(ErrorObject::internal(mistake))
    }
}

/// What a call is answered with whose arguments do not fit: they are the model's to correct since
/// 2025-11-25, and errors of the protocol before (TOOL-14, TOOL-15).
pub(super) fn misfitting(misfit: &Misfit, revision: Revision) -> Result<CallToolResult, CallError> {
    let message = alloc::format!("{misfit}");
    if revision < Revision::V2025_11_25 {
        return Err(ErrorObject::invalid_params(message).into());
    }
    Ok(CallToolResult::error(message))
}

impl Item for ToolEntry {
    const KIND: &'static str = "tool";
    const MARK: char = 't';

    fn key(&self) -> &str {
        &self.tool.name
    }

    fn page(
        items: &[Arc<Self>],
        next: Option<Cursor>,
        revision: Revision,
    ) -> Result<RawJson, InvalidJson> {
        let tools: Vec<Tool> = items.iter().map(|entry| entry.tool.clone()).collect();
        let mut list = ListToolsResult::new(tools);
        list.next_cursor = next;
        RawJson::from_value(&list.for_revision(revision))
    }
}

impl fmt::Debug for ToolEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolEntry").field(&self.tool.name).finish()
    }
}
