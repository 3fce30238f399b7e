//! Calling tools.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::result::mark_complete;
use super::wire::wire;
use super::{Content, InputResponses, Meta, RawJson, RawObject, ResultType};
use crate::revision::Revision;

wire! {
    /// The params of `tools/call` (`2025-11-25/server/tools#calling-tools`).
    pub struct CallToolParams from client {
        required {
            /// The tool's name.
            name: String,
        }
        always {
            /// The arguments; absent means none.
            arguments / with_arguments: RawObject,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        only V2025_11_25 {
            /// Asks for a task. 2025-11-25 only.
            task / with_task: TaskRequest,
        }
        since V2026_07_28 {
            /// Answers to the input requests of the last round. Since 2026-07-28.
            input_responses / with_input_responses: InputResponses,
            /// The state of the last round, unchanged; empty text counts. Since 2026-07-28.
            request_state / with_request_state: String,
        }
    }
}

wire! {
    /// Asks the receiver to run a request as a task
    /// (`2025-11-25/basic/utilities/tasks#creating-tasks`); 2025-11-25 only.
    #[derive(Default)]
    pub struct TaskRequest {
        required {}
        always {
            /// How long to keep the task, in milliseconds from its creation.
            ttl / with_ttl: u64 as Count,
        }
    }
}

wire! {
    /// The result of `tools/call` (`2025-11-25/server/tools#calling-tools`).
    ///
    /// ```
    /// use mcp_core::model::CallToolResult;
    ///
    /// assert_eq!(CallToolResult::text("5").content.len(), 1);
    /// assert_eq!(CallToolResult::error("division by zero").is_error, Some(true));
    ///
    /// let sum = CallToolResult::structured(&serde_json::json!({"sum": 5}))?;
    /// assert_eq!(sum.content[0].as_text(), Some(r#"{"sum":5}"#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CallToolResult from server {
        required {
            /// The output for the model; may be empty, never absent.
            content: Vec<Content>,
        }
        always {
            /// The output for programs. Since 2025-06-18, any JSON since 2026-07-28 and an
            /// object before. `null` is a value, not an absence.
            structured_content / with_structured_content: RawJson as Present,
            /// Whether the tool failed; absent means that it did not.
            is_error / with_is_error: bool,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2026_07_28 {
            /// The kind of result. Since 2026-07-28.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}

impl CallToolResult {
    /// A result of one text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new([Content::text(text)])
    }

    /// A failure of the tool, told to the model so that it can try something else.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self::text(text).with_is_error(true)
    }

    /// A value for programs, with its JSON as text for the others.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn structured<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let json = RawJson::from_value(value)?;
        Ok(Self::text(json.as_str()).with_structured_content(json))
    }

    fn finish(&mut self, revision: Revision) {
        mark_complete(&mut self.result_type, revision);
        withhold_structured(&mut self.structured_content, &mut self.content, revision);
        self.repeat_as_text();
    }

    /// What is no object is said as text too, for those who read objects alone.
    fn repeat_as_text(&mut self) {
        let mut texts = self.content.iter().filter_map(Content::as_text);
        if let Some(json) = self.structured_content.as_ref().filter(|json| !json.is_object())
            && texts.next().is_none()
        {
            self.content.push(Content::text(json.as_str()));
        }
    }
}

/// Removes structured content the revision does not know: any before 2025-06-18, all but
/// objects before 2026-07-28. If nothing else was said, its JSON is said as text.
pub(super) fn withhold_structured(
    structured: &mut Option<RawJson>,
    content: &mut Vec<Content>,
    revision: Revision,
) {
    let illegal = structured.take_if(|json| match revision {
        Revision::V2024_11_05 | Revision::V2025_03_26 => true,
        Revision::V2025_06_18 | Revision::V2025_11_25 => !json.is_object(),
        Revision::V2026_07_28 => false,
    });
    if let Some(json) = illegal
        && content.is_empty()
    {
        content.push(Content::text(json.as_str()));
    }
}
