//! Reading content, which servers do only where they ask clients.

use alloc::string::String;

use serde::de::{Error as _, MapAccess};
use serde::{Deserialize, Deserializer};

use super::tagged::{self, Tagged};
use super::{Content, Meta, ResourceBody, ResourceContents};

impl Tagged for Content {
    const TAG: &'static str = "type";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        const TYPES: &[&str] = &["text", "image", "audio", "resource_link", "resource"];
        match tag {
            Some("text") => tagged::variant(rest).map(Self::Text),
            Some("image") => tagged::variant(rest).map(Self::Image),
            Some("audio") => tagged::variant(rest).map(Self::Audio),
            Some("resource_link") => tagged::variant(rest).map(Self::ResourceLink),
            Some("resource") => tagged::variant(rest).map(Self::Resource),
            other => Err(tagged::unknown::<Self, _>(other, TYPES)),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for ResourceContents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            uri: String,
            mime_type: Option<String>,
            text: Option<String>,
            blob: Option<String>,
            #[serde(rename = "_meta")]
            meta: Option<Meta>,
        }

        let Wire { uri, mime_type, text, blob, meta } = Wire::deserialize(deserializer)?;
        let body = match (text, blob) {
            (Some(text), _) => ResourceBody::Text(text),
            (None, Some(blob)) => ResourceBody::Blob(blob),
            (None, None) => return Err(D::Error::missing_field("text` or `blob")),
        };
        Ok(Self { uri, mime_type, body, meta })
    }
}
