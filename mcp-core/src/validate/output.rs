//! What clients check of results.

use alloc::string::String;

use serde_json::Value;

use super::{SchemaError, Validator};
use crate::model::{CallToolResult, Tool};

/// The output schema of a tool, ready to check what the tool returns
/// (`2025-11-25/server/tools#output-schema`).
///
/// Clients should check structured results before anything relies on them. The schema is the
/// server's, so it is bounded before it is compiled, and nothing that it refers to is fetched.
///
/// ```
/// use mcp_core::model::{CallToolResult, RawObject, Tool};
/// use mcp_core::validate::OutputSchema;
///
/// let schema: RawObject = r#"{"type":"object","required":["sum"]}"#.parse()?;
/// let tool = Tool::new("add").with_output_schema(schema);
/// let schema = OutputSchema::of(&tool)?.expect("the tool has one");
///
/// assert!(schema.check(&CallToolResult::structured(&serde_json::json!({"sum": 5}))?).is_ok());
/// assert!(schema.check(&CallToolResult::text("5")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OutputSchema(Validator);

impl OutputSchema {
    /// The output schema of a tool; none if it promises nothing.
    ///
    /// # Errors
    /// [`SchemaError`] when the schema is none, or could cost too much to check.
    pub fn of(tool: &Tool) -> Result<Option<Self>, SchemaError> {
        tool.output_schema.as_ref().map(|schema| Validator::new(schema).map(Self)).transpose()
    }

    /// Checks what a call of the tool returned. A tool that failed promises nothing: such results
    /// pass.
    ///
    /// # Errors
    /// [`InvalidOutput`] when there is no structured content, or none that matches.
    pub fn check(&self, result: &CallToolResult) -> Result<(), InvalidOutput> {
        if result.is_error == Some(true) {
            return Ok(());
        }
        let content = result.structured_content.as_ref().ok_or(InvalidOutput::Missing)?;
        // What cannot be read as a value, by depth or by numbers, is not looked at any further.
        let content: Value =
            content.to().map_err(|error| InvalidOutput::Mismatch(alloc::format!("{error}")))?;
        self.0.check(&content).map_err(InvalidOutput::Mismatch)
    }
}

/// How a result breaks what its tool promises: the server's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOutput {
    /// It has no structured content.
    #[error("the tool has an output schema but returned no structured content")]
    Missing,
    /// The structured content does not match; the text says where.
    #[error("the structured content does not match the tool's output schema: {0}")]
    Mismatch(String),
}
