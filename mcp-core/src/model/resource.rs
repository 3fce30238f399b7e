//! Resources, their contents and their listing.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::result::{CacheScope, ResultType, complete_cacheable};
use super::wire::wire;
use super::{Annotations, Cursor, ForRevision, Icon, InputResponses, Meta};
use crate::revision::Revision;

wire! {
    /// A resource a server can read (`2025-11-25/server/resources#resource`), or a link to one.
    pub struct Resource from server {
        required {
            /// The URI it is read by.
            uri: String,
            /// The programmatic name.
            name: String,
        }
        always {
            /// What it is, for the model.
            description / with_description: String,
            /// The media type, if known.
            mime_type / with_mime_type: String,
            /// The size of the raw contents in bytes, before base64.
            size / with_size: u64 as Count,
            /// Hints about its use.
            annotations / with_annotations: Annotations,
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
    /// A family of resources by URI template (`2025-11-25/server/resources#resource-templates`).
    pub struct ResourceTemplate from server {
        required {
            /// The template of the URIs (RFC 6570).
            uri_template: String,
            /// The programmatic name.
            name: String,
        }
        always {
            /// What the resources are, for the model.
            description / with_description: String,
            /// The media type, if all resources of the family have the same.
            mime_type / with_mime_type: String,
            /// Hints about their use.
            annotations / with_annotations: Annotations,
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

/// The contents of a resource: text or binary data (`2025-11-25/schema#resourcecontents`).
///
/// They have no annotations: those sit on the block around them.
///
/// ```
/// use mcp_core::model::ResourceContents;
///
/// let contents = ResourceContents::text("file:///a.txt", "hello").with_mime_type("text/plain");
/// let json = serde_json::to_string(&contents)?;
/// assert_eq!(json, r#"{"uri":"file:///a.txt","mimeType":"text/plain","text":"hello"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceContents {
    /// The URI of the resource, or of a part of it.
    pub uri: String,
    /// The media type, if known.
    pub mime_type: Option<String>,
    /// The contents themselves.
    pub body: ResourceBody,
    /// Metadata. Since 2025-06-18.
    pub meta: Option<Meta>,
}

/// Text, or binary data in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "contents are text or they are not")]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Anything else, in base64.
    Blob(String),
}

impl ResourceContents {
    /// Contents that are text.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(uri.into(), ResourceBody::Text(text.into()))
    }

    /// Contents that are binary, in base64.
    #[must_use]
    pub fn blob(uri: impl Into<String>, base64: impl Into<String>) -> Self {
        Self::new(uri.into(), ResourceBody::Blob(base64.into()))
    }

    const fn new(uri: String, body: ResourceBody) -> Self {
        Self { uri, mime_type: None, body, meta: None }
    }

    /// Sets the media type.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Sets the metadata.
    #[must_use]
    pub fn with_meta(mut self, meta: impl Into<Meta>) -> Self {
        self.meta = Some(meta.into());
        self
    }
}

impl ForRevision for ResourceContents {
    fn adapt(&mut self, revision: Revision) {
        if revision < Revision::V2025_06_18 {
            self.meta = None;
        }
    }
}

impl Serialize for ResourceContents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            uri: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            mime_type: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            text: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            blob: Option<&'a str>,
            #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
            meta: Option<&'a Meta>,
        }

        let (text, blob) = match &self.body {
            ResourceBody::Text(text) => (Some(text.as_str()), None),
            ResourceBody::Blob(blob) => (None, Some(blob.as_str())),
        };
        let mime_type = self.mime_type.as_deref();
        Wire { uri: &self.uri, mime_type, text, blob, meta: self.meta.as_ref() }
            .serialize(serializer)
    }
}

wire! {
    /// The result of `resources/list` (`2025-11-25/server/resources#listing-resources`).
    pub struct ListResourcesResult from server {
        required {
            /// The resources of this page.
            resources: Vec<Resource>,
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
complete_cacheable!(ListResourcesResult);

wire! {
    /// The result of `resources/templates/list`
    /// (`2025-11-25/server/resources#resource-templates`).
    pub struct ListResourceTemplatesResult from server {
        required {
            /// The templates of this page.
            resource_templates: Vec<ResourceTemplate>,
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
complete_cacheable!(ListResourceTemplatesResult);

wire! {
    /// The params of `resources/read` (`2025-11-25/server/resources#reading-resources`).
    pub struct ReadResourceParams from client {
        required {
            /// The resource's URI.
            uri: String,
        }
        always {
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
    /// The result of `resources/read` (`2025-11-25/server/resources#reading-resources`).
    ///
    /// A resource that does not exist is an error, never an empty list.
    pub struct ReadResourceResult from server {
        required {
            /// The contents: of the resource, or of its parts.
            contents: Vec<ResourceContents>,
        }
        always {
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
complete_cacheable!(ReadResourceResult);

impl ReadResourceResult {
    /// The text of one resource.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new([ResourceContents::text(uri, text)])
    }

    /// The base64 data of one resource.
    #[must_use]
    pub fn blob(uri: impl Into<String>, base64: impl Into<String>) -> Self {
        Self::new([ResourceContents::blob(uri, base64)])
    }
}

wire! {
    /// The params of `resources/subscribe` and `resources/unsubscribe`; until 2025-11-25.
    pub struct SubscribeParams from client {
        required {
            /// The resource's URI.
            uri: String,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The params of `notifications/resources/updated`.
    pub struct ResourceUpdatedParams from server {
        required {
            /// The URI of the resource that changed, or of a part of it.
            uri: String,
        }
        always {
            /// Metadata; names the subscription since 2026-07-28.
            meta = "_meta" / with_meta: Meta,
        }
    }
}
