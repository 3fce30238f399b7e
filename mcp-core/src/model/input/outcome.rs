//! Results that come in several kinds.

use alloc::boxed::Box;

use serde::de::{DeserializeOwned, Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CreateTaskResult, ForRevision, InputRequiredResult, RawJson, ResultType};
use crate::revision::Revision;

/// The result of `tools/call`, `prompts/get` or `resources/read`: complete, or a detour.
///
/// The member `resultType` decides, and `task` in 2025-11-25; without either the result is
/// complete (`2026-07-28/basic/index#resulttype`). A kind not listed here is an error. Whether
/// a kind may be answered to this request at all is not known here.
///
/// ```
/// use mcp_core::model::{CallToolResult, Outcome};
///
/// let legacy: Outcome<CallToolResult> = Outcome::from_json(r#"{"content":[]}"#)?;
/// assert!(matches!(legacy, Outcome::Complete(_)));
///
/// let asks: Outcome<CallToolResult> =
///     Outcome::from_json(r#"{"resultType":"input_required","requestState":"s"}"#)?;
/// assert!(matches!(asks, Outcome::InputRequired(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// The final result.
    Complete(T),
    /// The server asks for input. Since 2026-07-28.
    InputRequired(Box<InputRequiredResult>),
    /// The server made a task of the request. 2025-11-25, or the tasks extension.
    Task(Box<CreateTaskResult>),
}

impl<T: DeserializeOwned> Outcome<T> {
    /// Reads a result without copying it.
    ///
    /// # Errors
    /// When the kind of result is unknown, or the result is not of its kind's shape.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            result_type: Option<ResultType>,
            task: Option<IgnoredAny>,
            content: Option<IgnoredAny>,
        }

        let kind: Kind = serde_json::from_str(json)?;
        match kind.result_type.as_ref().map(ResultType::as_str) {
            Some("input_required") => serde_json::from_str(json).map(Self::InputRequired),
            Some("task") => serde_json::from_str(json).map(Self::Task),
            None if kind.task.is_some() && kind.content.is_none() => {
                serde_json::from_str(json).map(Self::Task)
            }
            None | Some("complete") => serde_json::from_str(json).map(Self::Complete),
            Some(other) => {
                Err(Error::unknown_variant(other, &["complete", "input_required", "task"]))
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Outcome<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        Self::from_json(json.as_str()).map_err(D::Error::custom)
    }
}

impl<T: Serialize> Serialize for Outcome<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Complete(result) => result.serialize(serializer),
            Self::InputRequired(result) => result.serialize(serializer),
            Self::Task(result) => result.serialize(serializer),
        }
    }
}

impl<T: ForRevision> ForRevision for Outcome<T> {
    fn adapt(&mut self, revision: Revision) {
        match self {
            Self::Complete(result) => result.adapt(revision),
            Self::InputRequired(result) => result.adapt(revision),
            Self::Task(result) => result.adapt(revision),
        }
    }
}
