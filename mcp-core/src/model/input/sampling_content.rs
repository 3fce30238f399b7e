//! What is said in a sampled conversation.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

use super::call::withhold_structured;
use super::tagged::{self, Tagged};
use super::wire::wire;
use super::{
    AudioContent, Content, ForRevision, ImageContent, Meta, RawJson, RawObject, TextContent,
};
use crate::revision::Revision;

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

    pub(super) fn description(&self) -> String {
        match self {
            Self::Text(block) => block.text.clone(),
            Self::Image(block) => Content::Image(block.clone()).description(),
            Self::Audio(block) => Content::Audio(block.clone()).description(),
            Self::ToolUse(call) => {
                format!("[call {} of tool {} with {}]", call.id, call.name, call.input)
            }
            Self::ToolResult(result) => {
                let texts: Vec<String> = result.content.iter().map(Content::description).collect();
                format!("[result of call {}]\n{}", result.tool_use_id, texts.join("\n"))
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
            meta = "_meta" / with_meta: Meta,
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
            structured_content / with_structured_content: RawJson as Present,
            /// Whether the tool failed; absent means that it did not.
            is_error / with_is_error: bool,
            /// Metadata; keep it when the block is sent again.
            meta = "_meta" / with_meta: Meta,
        }
    }
    finish = Self::finish;
}

impl ToolResultContent {
    fn finish(&mut self, revision: Revision) {
        withhold_structured(&mut self.structured_content, &mut self.content, revision);
    }
}

/// One block, or an array of blocks.
pub(in crate::model) mod one_or_many {
    use serde::de::{SeqAccess, Visitor};
    use serde::{Serialize, Serializer};

    use super::*;

    pub(in crate::model) fn serialize<S: Serializer>(
        blocks: &[SamplingContent],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match blocks {
            [block] => block.serialize(serializer),
            blocks => blocks.serialize(serializer),
        }
    }

    pub(in crate::model) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<SamplingContent>, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Vec<SamplingContent>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a content block or an array of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                tagged::variant(map).map(|block| Vec::from([block]))
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
