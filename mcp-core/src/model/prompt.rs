//! Prompts and their listing.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::result::{CacheScope, ResultType, complete, complete_cacheable};
use super::wire::wire;
use super::{Content, Cursor, Icon, InputResponses, Meta, Role};

wire! {
    /// A prompt a server offers (`2025-11-25/server/prompts#prompt`).
    ///
    /// ```
    /// use mcp_core::model::{Prompt, PromptArgument};
    ///
    /// let prompt = Prompt::new("review")
    ///     .with_arguments([PromptArgument::new("code").with_required(true)]);
    /// assert_eq!(prompt.name, "review");
    /// ```
    pub struct Prompt from server {
        required {
            /// The name it is asked for by.
            name: String,
        }
        always {
            /// What it is for.
            description / with_description: String,
            /// What can be filled in.
            arguments / with_arguments: Vec<PromptArgument>,
        }
        since V2025_06_18 {
            /// The name for people. Since 2025-06-18.
            title / with_title: String,
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
        since V2025_11_25 {
            /// Pictures to show. Since 2025-11-25.
            icons / with_icons: Vec<Icon>,
        }
    }
}

wire! {
    /// Something to fill in; its value is always text.
    pub struct PromptArgument from server {
        required {
            /// The name.
            name: String,
        }
        always {
            /// What to fill in.
            description / with_description: String,
            /// Whether it must be given; absent means that it need not.
            required / with_required: bool,
        }
        since V2025_06_18 {
            /// The name for people. Since 2025-06-18.
            title / with_title: String,
        }
    }
}

wire! {
    /// A message of a prompt: one speaker, one block.
    pub struct PromptMessage from server {
        required {
            /// Who speaks.
            role: Role,
            /// What is said.
            content: Content,
        }
    }
}

impl PromptMessage {
    /// Something the user says.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// Something the model says.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

wire! {
    /// The result of `prompts/list` (`2025-11-25/server/prompts#listing-prompts`).
    pub struct ListPromptsResult from server {
        required {
            /// The prompts of this page.
            prompts: Vec<Prompt>,
        }
        always {
            /// Where the next page starts; absent on the last one.
            next_cursor / with_next_cursor: Cursor,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2026_07_28 {
            /// How long the result stays fresh, in milliseconds. Since 2026-07-28; 0 if unset.
            ttl_ms / with_ttl_ms: u64 as Count,
            /// Who may share the result. Since 2026-07-28; private if unset.
            cache_scope / with_cache_scope: CacheScope,
            /// The kind of result. Since 2026-07-28.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}
complete_cacheable!(ListPromptsResult);

wire! {
    /// The params of `prompts/get` (`2025-11-25/server/prompts#getting-a-prompt`).
    pub struct GetPromptParams from client {
        required {
            /// The prompt's name.
            name: String,
        }
        always {
            /// What was filled in.
            arguments / with_arguments: BTreeMap<String, String>,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
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
    /// The result of `prompts/get` (`2025-11-25/server/prompts#getting-a-prompt`).
    ///
    /// ```
    /// use mcp_core::model::{GetPromptResult, PromptMessage};
    ///
    /// let result = GetPromptResult::new([PromptMessage::user("Please review this code.")]);
    /// assert_eq!(result.messages.len(), 1);
    /// ```
    pub struct GetPromptResult from server {
        required {
            /// The messages, in order.
            messages: Vec<PromptMessage>,
        }
        always {
            /// What the prompt is for.
            description / with_description: String,
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
complete!(GetPromptResult);
