//! Completing arguments.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

use super::result::mark_complete;
use super::tagged::{self, Tagged};
use super::wire::wire;
use super::{ForRevision, Meta, ResultType};
use crate::revision::Revision;

/// The most values a result may hold (`2025-11-25/server/utilities/completion`).
const MAX_VALUES: usize = 100;

wire! {
    /// The params of `completion/complete`
    /// (`2025-11-25/server/utilities/completion#requesting-completions`).
    pub struct CompleteParams from client {
        required {
            /// What is being filled in.
            reference = "ref": Reference,
            /// The argument being typed.
            argument: CompletionArgument,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2025_06_18 {
            /// What is already known. Since 2025-06-18.
            context / with_context: CompletionContext,
        }
    }
}

/// What is being filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Reference {
    /// The arguments of a prompt.
    #[serde(rename = "ref/prompt")]
    Prompt(PromptReference),
    /// The variables of a resource template.
    #[serde(rename = "ref/resource")]
    Resource(ResourceReference),
}

impl Reference {
    /// The prompt called `name`.
    #[must_use]
    pub fn prompt(name: impl Into<String>) -> Self {
        Self::Prompt(PromptReference::new(name))
    }

    /// The resource or resource template `uri`.
    #[must_use]
    pub fn resource(uri: impl Into<String>) -> Self {
        Self::Resource(ResourceReference::new(uri))
    }
}

impl Tagged for Reference {
    const TAG: &'static str = "type";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        match tag {
            Some("ref/prompt") => tagged::variant(rest).map(Self::Prompt),
            Some("ref/resource") => tagged::variant(rest).map(Self::Resource),
            other => Err(tagged::unknown::<Self, _>(other, &["ref/prompt", "ref/resource"])),
        }
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl ForRevision for Reference {
    fn adapt(&mut self, revision: Revision) {
        match self {
            Self::Prompt(prompt) => prompt.adapt(revision),
            Self::Resource(resource) => resource.adapt(revision),
        }
    }
}

wire! {
    /// A prompt, by name.
    pub struct PromptReference {
        required {
            /// The prompt's name.
            name: String,
        }
        since V2025_06_18 {
            /// The prompt's name for people. Since 2025-06-18.
            title / with_title: String,
        }
    }
}

wire! {
    /// A resource or a resource template, by URI.
    pub struct ResourceReference {
        required {
            /// The URI or URI template.
            uri: String,
        }
    }
}

wire! {
    /// The argument being typed.
    pub struct CompletionArgument from client {
        required {
            /// The argument's name.
            name: String,
            /// What has been typed so far.
            value: String,
        }
    }
}

wire! {
    /// What is already known when an argument is completed.
    #[derive(Default)]
    pub struct CompletionContext from client {
        required {}
        always {
            /// The arguments already filled in.
            arguments / with_arguments: BTreeMap<String, String>,
        }
    }
}

wire! {
    /// The result of `completion/complete`
    /// (`2025-11-25/server/utilities/completion#completion-results`).
    ///
    /// ```
    /// use mcp_core::model::CompleteResult;
    ///
    /// let result = CompleteResult::of(["python", "pytorch"]);
    /// assert_eq!(result.completion.values.len(), 2);
    /// ```
    pub struct CompleteResult from server {
        required {
            /// The suggestions.
            completion: Completion,
        }
        always {
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

impl CompleteResult {
    /// A result with these values, best first; of more than 100 the first 100 are sent.
    #[must_use]
    pub fn of<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::new(Completion::new(values.into_iter().map(Into::into).collect::<Vec<_>>()))
    }

    fn finish(&mut self, revision: Revision) {
        mark_complete(&mut self.result_type, revision);
    }
}

wire! {
    /// Suggested values for an argument.
    pub struct Completion from server {
        required {
            /// The values, best first; at most 100 are sent.
            values: Vec<String>,
        }
        always {
            /// How many values there are, beyond those sent.
            total / with_total: u64 as Count,
            /// Whether there are more than were sent; absent means not known.
            has_more / with_has_more: bool,
        }
    }
    finish = Self::finish;
}

impl Completion {
    fn finish(&mut self, _: Revision) {
        let count = self.values.len();
        if count > MAX_VALUES {
            self.values.truncate(MAX_VALUES);
            self.total.get_or_insert(count as u64);
            self.has_more = Some(true);
        }
    }
}
