//! The types of the specification: one superset type per concept, for all five revisions.
//!
//! Every type reads what any revision sends and ignores members it does not know. Before a value
//! is sent, [`ForRevision`] makes it legal in the revision the peer speaks; a type's
//! documentation says which member exists in which revisions. JSON whose shape is nobody's
//! business but the application's (schemas, arguments, structured content) is carried as its own
//! text in [`RawJson`] and [`RawObject`].
//!
//! What either end sends can be written and read. What only servers send can be read with the
//! features `client` or `ask`, what only clients send can be written with `client`: a server
//! without them is built faster, and its tests may turn `client` on.
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
pub(crate) mod codec;
mod completion;
mod content;
#[cfg(any(feature = "ask", feature = "client"))]
mod content_reading;
mod discover;
mod errors;
mod icon;
mod implementation;
mod initialize;
#[cfg(any(feature = "ask", feature = "client"))]
mod input;
mod logging;
pub(crate) mod members;
mod meta;
mod num;
mod page;
mod progress;
mod prompt;
mod raw;
mod resource;
mod responses;
mod result;
mod revise;
mod subscriptions;
mod tagged;
mod tool;
pub(crate) mod wire;

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
pub use errors::{MissingCapabilityData, ResourceNotFoundData, UnsupportedVersionData};
pub use icon::{Icon, IconSource, IconTheme};
pub use implementation::Implementation;
pub use initialize::{InitializeParams, InitializeResult};
#[cfg(any(feature = "ask", feature = "client"))]
pub use input::*;
pub use logging::{Level, LogParams, SetLevelParams, UnknownLevel};
pub use meta::{MalformedMeta, Meta};
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
pub use responses::InputResponses;
pub use result::{CacheScope, EmptyParams, EmptyResult, ResultType};
pub use revise::ForRevision;
pub use subscriptions::{AcknowledgedParams, ListenParams, ListenResult, SubscriptionFilter};
pub use tool::{ListToolsResult, TaskSupport, Tool, ToolAnnotations, ToolExecution};
