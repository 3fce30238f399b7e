//! The types of the specification: one superset type per concept, for all five revisions.
//!
//! Every type reads what any revision sends and ignores members it does not know. Before a value
//! is sent, [`ForRevision`] makes it legal in the revision the peer speaks; a type's
//! documentation says which member exists in which revisions. JSON whose shape is nobody's
//! business but the application's (schemas, arguments, structured content) is carried as its own
//! text in [`RawJson`] and [`RawObject`].
//!
//! Structs have public members to read, and `new` and `with_*` to build: they are
//! `#[non_exhaustive]` because revisions add members.
//!
//! ```
//! use mcp_core::model::{CallToolResult, Content, ForRevision};
//! use mcp_core::revision::Revision;
//!
//! let result = CallToolResult::new([Content::audio("UklGRg==", "audio/wav")]);
//! let json = serde_json::to_string(&result.for_revision(Revision::V2024_11_05))?;
//! assert!(json.starts_with(r#"{"content":[{"type":"text","text":"[audio, audio/wav"#));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod annotations;
mod call;
mod capabilities;
mod completion;
mod content;
mod discover;
mod elicitation;
mod errors;
mod field;
mod field_wire;
mod form;
mod icon;
mod implementation;
mod initialize;
mod logging;
pub(crate) mod members;
mod meta;
mod mrtr;
mod num;
mod outcome;
mod page;
mod progress;
mod prompt;
mod raw;
mod resource;
mod responses;
mod result;
mod revise;
mod roots;
mod sampling;
mod sampling_content;
mod subscriptions;
mod tagged;
mod task;
mod task_wire;
mod tool;
mod wire;

pub use crate::jsonrpc::RawJson;
pub use annotations::{Annotations, Role};
pub use call::{CallToolParams, CallToolResult, TaskRequest};
pub use capabilities::{
    ClientCapabilities, ElicitationCapability, ElicitationTaskRequests, ListChangedCapability,
    ResourcesCapability, RootsCapability, SamplingCapability, SamplingTaskRequests,
    ServerCapabilities, Supported, TASKS_EXTENSION, TaskRequests, TasksCapability,
    ToolsTaskRequests,
};
pub use completion::{
    CompleteParams, CompleteResult, Completion, CompletionArgument, CompletionContext,
    PromptReference, Reference, ResourceReference,
};
pub use content::{AudioContent, Content, EmbeddedResource, ImageContent, TextContent};
pub use discover::DiscoverResult;
pub use elicitation::{
    ElicitAction, ElicitFormMode, ElicitFormParams, ElicitParams, ElicitResult, ElicitUrlParams,
    ElicitValue, ElicitationCompleteParams,
};
pub use errors::{
    MissingCapabilityData, ResourceNotFoundData, UnsupportedVersionData, UrlElicitationData,
};
pub use field::{
    BooleanField, ChoiceField, ChoiceOption, ChoicesField, FormField, NumberField, TextField,
    TextFormat,
};
pub use form::FormSchema;
pub use icon::{Icon, IconSource, IconTheme};
pub use implementation::Implementation;
pub use initialize::{InitializeParams, InitializeResult};
pub use logging::{Level, LogParams, SetLevelParams, UnknownLevel};
pub use meta::{MalformedMeta, Meta};
pub use mrtr::{InputRequest, InputRequests, InputRequiredResult};
pub use outcome::Outcome;
pub use page::{Cursor, ListParams};
pub use progress::{CancelledParams, ProgressParams};
pub use prompt::{
    GetPromptParams, GetPromptResult, ListPromptsResult, Prompt, PromptArgument, PromptMessage,
};
pub use raw::RawObject;
pub use resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceParams, ReadResourceResult,
    Resource, ResourceBody, ResourceContents, ResourceTemplate, ResourceUpdatedParams,
    SubscribeParams,
};
pub use responses::{InputResponse, InputResponses};
pub use result::{CacheScope, EmptyParams, EmptyResult, ResultType};
pub use revise::ForRevision;
pub use roots::{ListRootsResult, Root};
pub use sampling::{
    CreateMessageParams, CreateMessageResult, IncludeContext, ModelHint, ModelPreferences,
    SamplingMessage, ToolChoice, ToolChoiceMode,
};
pub use sampling_content::{SamplingContent, ToolResultContent, ToolUseContent};
pub use subscriptions::{AcknowledgedParams, ListenParams, ListenResult, SubscriptionFilter};
pub use task::{
    CreateTaskResult, DetailedTask, ListTasksResult, Task, TaskParams, TaskStatus, UpdateTaskParams,
};
pub use tool::{ListToolsResult, TaskSupport, Tool, ToolAnnotations, ToolExecution};
