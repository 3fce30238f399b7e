//! Content blocks: what tools return and prompts say.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use serde::Serialize;

use super::wire::wire;
use super::{Annotations, ForRevision, Meta, Resource, ResourceBody, ResourceContents};
use crate::revision::Revision;

/// A block of content in a tool result or a prompt (`2025-11-25/schema#contentblock`).
///
/// Audio exists since 2025-03-26 and resource links since 2025-06-18: for older revisions
/// [`ForRevision`] puts a text block in their place that names what was left out.
///
/// ```
/// use mcp_core::model::Content;
///
/// let block: Content = serde_json::from_str(r#"{"type":"text","text":"hello"}"#)?;
/// assert_eq!(block, Content::text("hello"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(TextContent),
    /// A picture.
    Image(ImageContent),
    /// Sound. Since 2025-03-26.
    Audio(AudioContent),
    /// A resource that can be read on its own. Since 2025-06-18.
    ResourceLink(Box<Resource>),
    /// A resource with its contents.
    Resource(Box<EmbeddedResource>),
}

impl Content {
    /// A block of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent::new(text))
    }

    /// A picture: base64 data and its media type.
    #[must_use]
    pub fn image(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Image(ImageContent::new(data, mime_type))
    }

    /// Sound: base64 data and its media type.
    #[must_use]
    pub fn audio(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Audio(AudioContent::new(data, mime_type))
    }

    /// A resource with its contents.
    #[must_use]
    pub fn resource(contents: impl Into<ResourceContents>) -> Self {
        Self::Resource(Box::new(EmbeddedResource::new(contents)))
    }

    /// A link to a resource.
    #[must_use]
    pub fn resource_link(resource: impl Into<Resource>) -> Self {
        Self::ResourceLink(Box::new(resource.into()))
    }

    /// The text, if this is a block of text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(block) => Some(&block.text),
            _ => None,
        }
    }

    /// Adds hints about the use of the block.
    #[must_use]
    pub fn with_annotations(mut self, annotations: impl Into<Annotations>) -> Self {
        let member = match &mut self {
            Self::Text(block) => &mut block.annotations,
            Self::Image(block) => &mut block.annotations,
            Self::Audio(block) => &mut block.annotations,
            Self::ResourceLink(block) => &mut block.annotations,
            Self::Resource(block) => &mut block.annotations,
        };
        *member = Some(annotations.into());
        self
    }

    /// What to say where the block itself cannot be sent.
    pub(super) fn description(&self) -> String {
        match self {
            Self::Text(block) => block.text.clone(),
            Self::Image(block) => omitted("image", &block.mime_type, &block.data),
            Self::Audio(block) => omitted("audio", &block.mime_type, &block.data),
            Self::ResourceLink(link) => describe_link(link),
            Self::Resource(block) => match &block.resource.body {
                ResourceBody::Text(text) => format!("[{}]\n{text}", block.resource.uri),
                ResourceBody::Blob(blob) => {
                    let mime_type = block.resource.mime_type.as_deref().unwrap_or("unknown type");
                    let omitted = omitted("resource", mime_type, blob);
                    format!("{omitted} {}", block.resource.uri)
                }
            },
        }
    }

    fn into_annotations(self) -> Option<Annotations> {
        match self {
            Self::Text(block) => block.annotations,
            Self::Image(block) => block.annotations,
            Self::Audio(block) => block.annotations,
            Self::ResourceLink(link) => link.annotations,
            Self::Resource(block) => block.annotations,
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl ForRevision for Content {
    fn adapt(&mut self, revision: Revision) {
        let first = match self {
            Self::Text(_) | Self::Image(_) | Self::Resource(_) => Revision::V2024_11_05,
            Self::Audio(_) => Revision::V2025_03_26,
            Self::ResourceLink(_) => Revision::V2025_06_18,
        };
        if revision < first {
            let mut text = TextContent::new(self.description());
            let block = core::mem::replace(self, Self::text(""));
            text.annotations = block.into_annotations();
            *self = Self::Text(text);
        }
        match self {
            Self::Text(block) => block.adapt(revision),
            Self::Image(block) => block.adapt(revision),
            Self::Audio(block) => block.adapt(revision),
            Self::ResourceLink(block) => block.adapt(revision),
            Self::Resource(block) => block.adapt(revision),
        }
    }
}

/// Says that data was left out, and how much.
fn omitted(kind: &str, mime_type: &str, base64: &str) -> String {
    format!("[{kind}, {mime_type}, about {} bytes, not shown]", base64.len() / 4 * 3)
}

fn describe_link(link: &Resource) -> String {
    let mut text = format!("[resource {}: {}", link.name, link.uri);
    if let Some(mime_type) = &link.mime_type {
        text = format!("{text}, {mime_type}");
    }
    if let Some(description) = &link.description {
        text = format!("{text}, {description}");
    }
    text + "]"
}

wire! {
    /// A block of text.
    pub struct TextContent from server {
        required {
            /// The text.
            text: String,
        }
        always {
            /// Hints about its use.
            annotations / with_annotations: Annotations,
        }
        since V2025_06_18 {
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// A picture.
    pub struct ImageContent from server {
        required {
            /// The data in base64.
            data: String,
            /// The media type, for example `image/png`.
            mime_type: String,
        }
        always {
            /// Hints about its use.
            annotations / with_annotations: Annotations,
        }
        since V2025_06_18 {
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// Sound; since 2025-03-26.
    pub struct AudioContent from server {
        required {
            /// The data in base64.
            data: String,
            /// The media type, for example `audio/wav`.
            mime_type: String,
        }
        always {
            /// Hints about its use.
            annotations / with_annotations: Annotations,
        }
        since V2025_06_18 {
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// A resource with its contents, inside a message.
    pub struct EmbeddedResource from server {
        required {
            /// The contents.
            resource: ResourceContents,
        }
        always {
            /// Hints about its use; the contents themselves have none.
            annotations / with_annotations: Annotations,
        }
        since V2025_06_18 {
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

impl From<&str> for TextContent {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}
