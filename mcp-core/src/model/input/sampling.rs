//! Asking the client's model.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire, wire_enum};
use super::{Meta, RawObject, Role, SamplingContent, TaskRequest, Tool};
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
            max_tokens: u64 as Count,
        }
        always {
            /// Which model would suit.
            model_preferences / with_model_preferences: ModelPreferences,
            /// The system prompt; the client may change or drop it.
            system_prompt / with_system_prompt: String,
            /// Whose context to include; absent means none.
            include_context / with_include_context: IncludeContext,
            /// The sampling temperature.
            temperature / with_temperature: f64 as Float,
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
            meta = "_meta" / with_meta: Meta,
        }
    }
    finish = Self::finish;
}

impl CreateMessageParams {
    fn finish(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25 {
            let messages = core::mem::take(&mut self.messages);
            self.messages = messages.into_iter().flat_map(SamplingMessage::split).collect();
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
            content: Vec<SamplingContent> as OneOrMany,
        }
        since V2025_11_25 {
            /// Metadata. Since 2025-11-25.
            meta = "_meta" / with_meta: Meta,
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
        self.content.into_iter().map(move |block| Self::new(role, [block]))
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
            content: Vec<SamplingContent> as OneOrMany,
            /// The model that was used.
            model: String,
        }
        always {
            /// Why it stopped: `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or other text.
            stop_reason / with_stop_reason: String,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
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
            let texts: Vec<String> =
                self.content.iter().map(SamplingContent::description).collect();
            self.content = Vec::from([SamplingContent::text(texts.join("\n"))]);
        }
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
            cost_priority / with_cost_priority: f64 as Float,
            /// How much speed matters, from 0 to 1.
            speed_priority / with_speed_priority: f64 as Float,
            /// How much intelligence matters, from 0 to 1.
            intelligence_priority / with_intelligence_priority: f64 as Float,
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
