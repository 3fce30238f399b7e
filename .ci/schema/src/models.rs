//! Which type of the model stands for which definition and method.

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::model::*;
use mcp_core::revision::Revision;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a value into a type, adapts it if asked to, and writes it again.
pub type Through = fn(&Value, Option<Revision>) -> Result<Value, String>;

fn through<T>(value: &Value, revision: Option<Revision>) -> Result<Value, String>
where
    T: DeserializeOwned + Serialize + ForRevision,
{
    let text = value.to_string();
    let mut typed: T =
        serde_json::from_str(&text).map_err(|error| format!("not read: {error}: {text}"))?;
    if let Some(revision) = revision {
        typed.adapt(revision);
    }
    serde_json::to_value(&typed).map_err(|error| format!("not written: {error}: {text}"))
}

/// Reads and writes an error object of JSON-RPC, which is the same in every revision.
pub fn error(value: &Value) -> Result<Value, String> {
    let error: ErrorObject = serde_json::from_str(&value.to_string())
        .map_err(|error| format!("not read: {error}: {value}"))?;
    serde_json::to_value(&error).map_err(|error| error.to_string())
}

/// Whole messages are checked by method; these are all other definitions with properties.
pub fn of_definition(name: &str) -> Option<Through> {
    Some(match name {
        "Annotations" => through::<Annotations>,
        "AudioContent" | "ContentBlock" | "EmbeddedResource" | "ImageContent" | "ResourceLink"
        | "TextContent" => through::<Content>,
        "BlobResourceContents" | "TextResourceContents" => through::<ResourceContents>,
        "BooleanSchema"
        | "EnumSchema"
        | "LegacyTitledEnumSchema"
        | "MultiSelectEnumSchema"
        | "NumberSchema"
        | "PrimitiveSchemaDefinition"
        | "SingleSelectEnumSchema"
        | "StringSchema"
        | "TitledMultiSelectEnumSchema"
        | "TitledSingleSelectEnumSchema"
        | "UntitledMultiSelectEnumSchema"
        | "UntitledSingleSelectEnumSchema" => through::<FormField>,
        "CallToolRequestParams" => through::<CallToolParams>,
        "CallToolResult" => through::<Outcome<CallToolResult>>,
        "CancelTaskResult" | "GetTaskResult" | "TaskStatusNotificationParams" => {
            through::<DetailedTask>
        }
        "CancelledNotificationParams" => through::<CancelledParams>,
        "ClientCapabilities" => through::<ClientCapabilities>,
        "CompleteRequestParams" => through::<CompleteParams>,
        "CompleteResult" => through::<CompleteResult>,
        "CreateMessageRequestParams" => through::<CreateMessageParams>,
        "CreateMessageResult" => through::<CreateMessageResult>,
        "CreateTaskResult" => through::<CreateTaskResult>,
        "Cursor" => through::<Cursor>,
        "DiscoverResult" => through::<DiscoverResult>,
        "ElicitRequestFormParams" => through::<ElicitFormParams>,
        "ElicitRequestParams" => through::<ElicitParams>,
        "ElicitRequestURLParams" => through::<ElicitUrlParams>,
        "ElicitResult" => through::<ElicitResult>,
        "EmptyResult" => through::<EmptyResult>,
        "GetPromptRequestParams" => through::<GetPromptParams>,
        "GetPromptResult" => through::<Outcome<GetPromptResult>>,
        "Icon" => through::<Icon>,
        "Implementation" => through::<Implementation>,
        "InitializeRequestParams" => through::<InitializeParams>,
        "InitializeResult" => through::<InitializeResult>,
        "InputRequest" => through::<InputRequest>,
        "InputRequests" => through::<InputRequests>,
        "InputRequiredResult" => through::<InputRequiredResult>,
        "InputResponses" => through::<InputResponses>,
        "ListPromptsResult" => through::<ListPromptsResult>,
        "ListResourceTemplatesResult" => through::<ListResourceTemplatesResult>,
        "ListResourcesResult" => through::<ListResourcesResult>,
        "ListRootsResult" => through::<ListRootsResult>,
        "ListTasksResult" => through::<ListTasksResult>,
        "ListToolsResult" => through::<ListToolsResult>,
        "LoggingLevel" => through::<Level>,
        "LoggingMessageNotificationParams" => through::<LogParams>,
        "MetaObject"
        | "NotificationMetaObject"
        | "RequestMetaObject"
        | "ResultMetaObject"
        | "SubscriptionsListenResultMetaObject" => through::<Meta>,
        "ModelHint" => through::<ModelHint>,
        "ModelPreferences" => through::<ModelPreferences>,
        "NotificationParams" | "RequestParams" => through::<EmptyParams>,
        "PaginatedRequestParams" => through::<ListParams>,
        "ProgressNotificationParams" => through::<ProgressParams>,
        "Prompt" => through::<Prompt>,
        "PromptArgument" => through::<PromptArgument>,
        "PromptMessage" => through::<PromptMessage>,
        "PromptReference" | "ResourceReference" | "ResourceTemplateReference" => {
            through::<Reference>
        }
        "ReadResourceRequestParams" => through::<ReadResourceParams>,
        "ReadResourceResult" => through::<Outcome<ReadResourceResult>>,
        "Resource" => through::<Resource>,
        "ResourceTemplate" => through::<ResourceTemplate>,
        "ResourceUpdatedNotificationParams" => through::<ResourceUpdatedParams>,
        "Role" => through::<Role>,
        "Root" => through::<Root>,
        "SamplingMessage" => through::<SamplingMessage>,
        "SamplingMessageContentBlock" | "ToolResultContent" | "ToolUseContent" => {
            through::<SamplingContent>
        }
        "ServerCapabilities" => through::<ServerCapabilities>,
        "SetLevelRequestParams" => through::<SetLevelParams>,
        "SubscribeRequestParams" | "UnsubscribeRequestParams" => through::<SubscribeParams>,
        "SubscriptionFilter" => through::<SubscriptionFilter>,
        "SubscriptionsAcknowledgedNotificationParams" => through::<AcknowledgedParams>,
        "SubscriptionsListenRequestParams" => through::<ListenParams>,
        "SubscriptionsListenResult" => through::<ListenResult>,
        "Task" => through::<Task>,
        "TaskMetadata" => through::<TaskRequest>,
        "TaskStatus" => through::<TaskStatus>,
        "Tool" => through::<Tool>,
        "ToolAnnotations" => through::<ToolAnnotations>,
        "ToolChoice" => through::<ToolChoice>,
        "ToolExecution" => through::<ToolExecution>,
        _ => return None,
    })
}

/// The params of a method.
pub fn of_method(method: &str) -> Option<Through> {
    Some(match method {
        "completion/complete" => through::<CompleteParams>,
        "elicitation/create" => through::<ElicitParams>,
        "initialize" => through::<InitializeParams>,
        "logging/setLevel" => through::<SetLevelParams>,
        "notifications/cancelled" => through::<CancelledParams>,
        "notifications/elicitation/complete" => through::<ElicitationCompleteParams>,
        "notifications/message" => through::<LogParams>,
        "notifications/progress" => through::<ProgressParams>,
        "notifications/resources/updated" => through::<ResourceUpdatedParams>,
        "notifications/subscriptions/acknowledged" => through::<AcknowledgedParams>,
        "notifications/tasks/status" => through::<DetailedTask>,
        "ping"
        | "roots/list"
        | "server/discover"
        | "notifications/initialized"
        | "notifications/prompts/list_changed"
        | "notifications/resources/list_changed"
        | "notifications/roots/list_changed"
        | "notifications/tools/list_changed" => through::<EmptyParams>,
        "prompts/get" => through::<GetPromptParams>,
        "prompts/list"
        | "resources/list"
        | "resources/templates/list"
        | "tasks/list"
        | "tools/list" => through::<ListParams>,
        "resources/read" => through::<ReadResourceParams>,
        "resources/subscribe" | "resources/unsubscribe" => through::<SubscribeParams>,
        "sampling/createMessage" => through::<CreateMessageParams>,
        "subscriptions/listen" => through::<ListenParams>,
        "tasks/cancel" | "tasks/get" | "tasks/result" => through::<TaskParams>,
        "tools/call" => through::<CallToolParams>,
        _ => return None,
    })
}

/// The `data` of an error; `None` where the specification leaves it open.
pub fn of_error_data(name: &str) -> Option<Through> {
    Some(match name {
        "MissingRequiredClientCapabilityError" => through::<MissingCapabilityData>,
        "UnsupportedProtocolVersionError" => through::<UnsupportedVersionData>,
        "URLElicitationRequiredError" => through::<UrlElicitationData>,
        _ => return None,
    })
}

/// Definitions that stand for no type of the model, and why not.
pub fn unmodelled(name: &str) -> bool {
    match name {
        // Envelopes of JSON-RPC, and its ids and tokens.
        "ProgressToken" | "RequestId" | "ResultType" => true,
        _ if name.starts_with("JSON") => true,
        // Envelopes around a result, and errors: examples and emitted values cover them.
        _ if name.ends_with("ResultResponse") || name.ends_with("Error") => true,
        // Base types, whose members are part of others.
        "Annotated"
        | "BaseMetadata"
        | "CacheableResult"
        | "Icons"
        | "Notification"
        | "InputResponseRequestParams"
        | "PaginatedRequest"
        | "PaginatedResult"
        | "Request"
        | "ResourceContents"
        | "ResourceRequestParams"
        | "Result"
        | "TaskAugmentedRequestParams" => true,
        // A member of `_meta`.
        "RelatedTaskMetadata" => true,
        // Unions of what one side sends, and of results that only their request can tell apart.
        "ClientNotification" | "ClientRequest" | "ClientResult" | "InputResponse"
        | "ServerNotification" | "ServerRequest" | "ServerResult" => true,
        // The result of any other request.
        "GetTaskPayloadResult" => true,
        _ => false,
    }
}
