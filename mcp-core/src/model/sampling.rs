//! Asking the client's model.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::call::withhold_structured;
use super::num::{count, float};
use super::raw::present;
use super::tagged::{self, Tagged};
use super::wire::{wire, wire_enum};
use super::{
    AudioContent, Content, ForRevision, ImageContent, Meta, RawJson, RawObject, Role, TaskRequest,
    TextContent, Tool,
};
use crate::revision::Revision;

wire! {
    /// The params of `sampling/createMessage` (`2025-11-25/client/sampling`).
    ///
    /// In 2026-07-28 they travel inside an input request.
    pub struct CreateMessageParams {
        required {
            /// The conversation so far.
            messages: Vec<SamplingMessage>,
            /// The most tokens to sample.
            #[serde(deserialize_with = "count")]
            max_tokens: u64,
        }
        always {
            /// Which model would suit.
            model_preferences / with_model_preferences: ModelPreferences,
            /// The system prompt; the client may change or drop it.
            system_prompt / with_system_prompt: String,
            /// Whose context to include; absent means none.
            include_context / with_include_context: IncludeContext,
            /// The sampling temperature.
            #[serde(serialize_with = "float::option")]
            temperature / with_temperature: f64,
            /// Texts that end the sampling.
            stop_sequences / with_stop_sequences: Vec<String>,
            /// Settings for the model's provider.
            metadata / with_metadata: RawObject,
        }
        since V2025_11_25 {
            /// Tools the model may use. Since 2025-11-25, for clients with `sampling.tools`.
            tools / with_tools: Vec<Tool>,
            /// How the model uses them. Since 2025-11-25.
            tool_choice / with_tool_choice: ToolChoice,
        }
        only V2025_11_25 {
            /// Asks for a task. 2025-11-25 only.
            task / with_task: TaskRequest,
        }
        until V2025_11_25 {
            /// Metadata. Until 2025-11-25.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
    finish = Self::finish;
}

impl CreateMessageParams {
    fn finish(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25 {
            let messages = core::mem::take(&mut self.messages);
            self.messages = messages
                .into_iter()
                .flat_map(SamplingMessage::split)
                .collect();
        }
    }
}

wire! {
    /// A message of the conversation: one block, or several since 2025-11-25.
    ///
    /// For older revisions each block becomes a message of its own.
    pub struct SamplingMessage {
        required {
            /// Who speaks.
            role: Role,
            /// What is said; a lone block is read and written without an array around it.
            #[serde(with = "one_or_many")]
            content: Vec<SamplingContent>,
        }
        since V2025_11_25 {
            /// Metadata. Since 2025-11-25.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
}

impl SamplingMessage {
    /// Something the user says.
    #[must_use]
    pub fn user(content: impl Into<SamplingContent>) -> Self {
        Self::new(Role::User, [content.into()])
    }

    /// Something the model says.
    #[must_use]
    pub fn assistant(content: impl Into<SamplingContent>) -> Self {
        Self::new(Role::Assistant, [content.into()])
    }

    fn split(self) -> impl Iterator<Item = Self> {
        let role = self.role;
        self.content
            .into_iter()
            .map(move |block| Self::new(role, [block]))
    }
}

wire! {
    /// The result of `sampling/createMessage` (`2025-11-25/client/sampling`).
    ///
    /// In 2026-07-28 it travels bare, as an input response.
    pub struct CreateMessageResult {
        required {
            /// Who speaks: the model.
            role: Role,
            /// What is said: one block, or several since 2025-11-25.
            #[serde(with = "one_or_many")]
            content: Vec<SamplingContent>,
            /// The model that was used.
            model: String,
        }
        always {
            /// Why it stopped: `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or other text.
            stop_reason / with_stop_reason: String,
            /// Metadata.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
    finish = Self::finish;
}

impl CreateMessageResult {
    /// Text from a model.
    #[must_use]
    pub fn text(model: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, [SamplingContent::text(text)], model)
    }

    fn finish(&mut self, revision: Revision) {
        // Before 2025-11-25 there is exactly one block: several are told as one text.
        if revision < Revision::V2025_11_25 && self.content.len() != 1 {
            let texts: Vec<String> = self
                .content
                .iter()
                .map(SamplingContent::description)
                .collect();
            self.content = Vec::from([SamplingContent::text(texts.join("\n"))]);
        }
    }
}

/// A block of a sampled conversation (`2025-11-25/schema#samplingmessagecontentblock`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SamplingContent {
    /// Text.
    Text(TextContent),
    /// A picture.
    Image(ImageContent),
    /// Sound. Since 2025-03-26.
    Audio(AudioContent),
    /// The model wants to use a tool. Since 2025-11-25.
    ToolUse(Box<ToolUseContent>),
    /// What a tool returned. Since 2025-11-25.
    ToolResult(Box<ToolResultContent>),
}

impl SamplingContent {
    /// A block of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent::new(text))
    }

    /// The text, if this is a block of text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(block) => Some(&block.text),
            _ => None,
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Text(block) => block.text.clone(),
            Self::Image(block) => Content::Image(block.clone()).description(),
            Self::Audio(block) => Content::Audio(block.clone()).description(),
            Self::ToolUse(call) => {
                format!(
                    "[call {} of tool {} with {}]",
                    call.id, call.name, call.input
                )
            }
            Self::ToolResult(result) => {
                let texts: Vec<String> = result.content.iter().map(Content::description).collect();
                format!(
                    "[result of call {}]\n{}",
                    result.tool_use_id,
                    texts.join("\n")
                )
            }
        }
    }
}

impl From<&str> for SamplingContent {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for SamplingContent {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Tagged for SamplingContent {
    const TAG: &'static str = "type";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        const TYPES: &[&str] = &["text", "image", "audio", "tool_use", "tool_result"];
        match tag {
            Some("text") => tagged::variant(rest).map(Self::Text),
            Some("image") => tagged::variant(rest).map(Self::Image),
            Some("audio") => tagged::variant(rest).map(Self::Audio),
            Some("tool_use") => tagged::variant(rest).map(Self::ToolUse),
            Some("tool_result") => tagged::variant(rest).map(Self::ToolResult),
            other => Err(tagged::unknown::<Self, _>(other, TYPES)),
        }
    }
}

impl<'de> Deserialize<'de> for SamplingContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl ForRevision for SamplingContent {
    fn adapt(&mut self, revision: Revision) {
        let first = match self {
            Self::Text(_) | Self::Image(_) => Revision::V2024_11_05,
            Self::Audio(_) => Revision::V2025_03_26,
            Self::ToolUse(_) | Self::ToolResult(_) => Revision::V2025_11_25,
        };
        if revision < first {
            *self = Self::text(self.description());
        }
        match self {
            Self::Text(block) => block.adapt(revision),
            Self::Image(block) => block.adapt(revision),
            Self::Audio(block) => block.adapt(revision),
            Self::ToolUse(block) => block.adapt(revision),
            Self::ToolResult(block) => block.adapt(revision),
        }
    }
}

wire! {
    /// The model wants to use a tool; since 2025-11-25.
    pub struct ToolUseContent {
        required {
            /// The id the result will name.
            id: String,
            /// The tool's name.
            name: String,
            /// The arguments.
            input: RawObject,
        }
        always {
            /// Metadata; keep it when the block is sent again.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
}

wire! {
    /// What a tool returned to the model; since 2025-11-25.
    pub struct ToolResultContent {
        required {
            /// The id of the use this answers.
            tool_use_id: String,
            /// The output.
            content: Vec<Content>,
        }
        always {
            /// The output for programs: an object in 2025-11-25, any JSON since 2026-07-28.
            #[serde(deserialize_with = "present")]
            structured_content / with_structured_content: RawJson,
            /// Whether the tool failed; absent means that it did not.
            is_error / with_is_error: bool,
            /// Metadata; keep it when the block is sent again.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
    finish = Self::finish;
}

impl ToolResultContent {
    fn finish(&mut self, revision: Revision) {
        withhold_structured(&mut self.structured_content, &mut self.content, revision);
    }
}

wire! {
    /// Which model would suit; the client decides.
    #[derive(Default)]
    pub struct ModelPreferences {
        required {}
        always {
            /// Names or parts of names, most wanted first; they outweigh the priorities.
            hints / with_hints: Vec<ModelHint>,
            /// How much low cost matters, from 0 to 1.
            #[serde(serialize_with = "float::option")]
            cost_priority / with_cost_priority: f64,
            /// How much speed matters, from 0 to 1.
            #[serde(serialize_with = "float::option")]
            speed_priority / with_speed_priority: f64,
            /// How much intelligence matters, from 0 to 1.
            #[serde(serialize_with = "float::option")]
            intelligence_priority / with_intelligence_priority: f64,
        }
    }
}

wire! {
    /// A model that would suit.
    #[derive(Default)]
    pub struct ModelHint {
        required {}
        always {
            /// A part of its name.
            name / with_name: String,
        }
    }
}

wire_enum! {
    /// Whose context to include in the prompt.
    pub enum IncludeContext {
        /// None.
        None = "none",
        /// That of the server that asks.
        ThisServer = "thisServer",
        /// That of all servers.
        AllServers = "allServers",
    }
}

wire! {
    /// How the model uses tools; since 2025-11-25.
    #[derive(Default)]
    pub struct ToolChoice {
        required {}
        always {
            /// Whether it may or must; absent means `auto`.
            mode / with_mode: ToolChoiceMode,
        }
    }
}

wire_enum! {
    /// Whether the model may or must use tools.
    pub enum ToolChoiceMode {
        /// It decides.
        Auto = "auto",
        /// It must not.
        None = "none",
        /// It must use one at least.
        Required = "required",
    }
}

/// One block, or an array of blocks.
mod one_or_many {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        blocks: &[SamplingContent],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match blocks {
            [block] => block.serialize(serializer),
            blocks => blocks.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<SamplingContent>, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Vec<SamplingContent>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a content block or an array of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                tagged::from_map(map).map(|block| Vec::from([block]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut blocks = Vec::new();
                while let Some(block) = seq.next_element()? {
                    blocks.push(block);
                }
                Ok(blocks)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
