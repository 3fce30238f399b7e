//! Metadata: the `_meta` member.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::string::String;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::unique_map;
use super::{ClientCapabilities, Implementation, Level, RawJson};
use crate::id::{ProgressToken, RequestId};

/// Metadata of a message or a part of it (`2026-07-28/basic/index#_meta`).
///
/// Keys are names with an optional prefix; those of the specification have a constant here and
/// typed access. A key that occurs twice is refused, so that no two readers can see different
/// values.
///
/// ```
/// use mcp_core::model::{Level, Meta};
///
/// let meta = Meta::new().with_log_level(Level::Info);
/// assert_eq!(meta.log_level(), Ok(Some(Level::Info)));
/// assert_eq!(meta.progress_token(), Ok(None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta(BTreeMap<String, RawJson>);

/// A reserved member of the metadata does not have the shape the specification gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed `_meta` member `{key}`")]
#[non_exhaustive]
pub struct MalformedMeta {
    /// The key of the member.
    pub key: &'static str,
}

impl Meta {
    /// The key of the token that asks for progress notifications.
    pub const PROGRESS_TOKEN: &'static str = "progressToken";
    /// The key of the revision a request speaks; since 2026-07-28.
    pub const PROTOCOL_VERSION: &'static str = "io.modelcontextprotocol/protocolVersion";
    /// The key of what a client offers for a request; since 2026-07-28.
    pub const CLIENT_CAPABILITIES: &'static str = "io.modelcontextprotocol/clientCapabilities";
    /// The key of who sends a request; since 2026-07-28.
    pub const CLIENT_INFO: &'static str = "io.modelcontextprotocol/clientInfo";
    /// The key of who sends a result; since 2026-07-28.
    pub const SERVER_INFO: &'static str = "io.modelcontextprotocol/serverInfo";
    /// The key of the log messages a request asks for; since 2026-07-28.
    pub const LOG_LEVEL: &'static str = "io.modelcontextprotocol/logLevel";
    /// The key of the subscription a notification belongs to; since 2026-07-28.
    pub const SUBSCRIPTION_ID: &'static str = "io.modelcontextprotocol/subscriptionId";
    /// The key of the task a message belongs to; 2025-11-25 only.
    pub const RELATED_TASK: &'static str = "io.modelcontextprotocol/related-task";
    /// The key of what to tell the model while a task runs; 2025-11-25 only.
    pub const MODEL_IMMEDIATE_RESPONSE: &'static str =
        "io.modelcontextprotocol/model-immediate-response";
    /// The key of the W3C trace parent.
    pub const TRACEPARENT: &'static str = "traceparent";
    /// The key of the W3C trace state.
    pub const TRACESTATE: &'static str = "tracestate";
    /// The key of the W3C baggage.
    pub const BAGGAGE: &'static str = "baggage";

    /// Empty metadata.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets a member; the value it had is returned.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<RawJson>) -> Option<RawJson> {
        self.0.insert(key.into(), value.into())
    }

    /// Removes a member.
    pub fn remove(&mut self, key: &str) -> Option<RawJson> {
        self.0.remove(key)
    }

    /// Sets a member.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<RawJson>) -> Self {
        self.insert(key, value);
        self
    }

    /// Sets the token that asks for progress notifications.
    #[must_use]
    pub fn with_progress_token(self, token: &ProgressToken) -> Self {
        self.with(Self::PROGRESS_TOKEN, RawJson::known(token))
    }

    /// Sets the revision the request speaks.
    #[must_use]
    pub fn with_protocol_version(self, version: &str) -> Self {
        self.with(Self::PROTOCOL_VERSION, RawJson::known(&version))
    }

    /// Sets what the client offers for the request.
    #[must_use]
    pub fn with_client_capabilities(self, capabilities: &ClientCapabilities) -> Self {
        self.with(Self::CLIENT_CAPABILITIES, RawJson::known(capabilities))
    }

    /// Sets who sends the request.
    #[must_use]
    pub fn with_client_info(self, info: &Implementation) -> Self {
        self.with(Self::CLIENT_INFO, RawJson::known(info))
    }

    /// Sets who sends the result.
    #[must_use]
    pub fn with_server_info(self, info: &Implementation) -> Self {
        self.with(Self::SERVER_INFO, RawJson::known(info))
    }

    /// Asks for log messages of this level and above.
    #[must_use]
    pub fn with_log_level(self, level: Level) -> Self {
        self.with(Self::LOG_LEVEL, RawJson::known(&level))
    }

    /// Sets the subscription the notification belongs to: the id of its `subscriptions/listen`.
    #[must_use]
    pub fn with_subscription_id(self, id: &RequestId) -> Self {
        self.with(Self::SUBSCRIPTION_ID, RawJson::known(id))
    }

    /// Sets the task the message belongs to.
    #[must_use]
    pub fn with_related_task(self, task_id: &str) -> Self {
        self.with(Self::RELATED_TASK, RawJson::known(&RelatedTask { task_id: task_id.into() }))
    }

    /// A member, whatever it holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// The members, ordered by key.
    pub fn iter(&self) -> btree_map::Iter<'_, String, RawJson> {
        self.0.iter()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The token that asks for progress notifications.
    ///
    /// # Errors
    /// When it is neither text nor an integer.
    pub fn progress_token(&self) -> Result<Option<ProgressToken>, MalformedMeta> {
        self.decode(Self::PROGRESS_TOKEN)
    }

    /// The revision the request speaks; any text may arrive.
    ///
    /// # Errors
    /// When it is no text.
    pub fn protocol_version(&self) -> Result<Option<String>, MalformedMeta> {
        self.decode(Self::PROTOCOL_VERSION)
    }

    /// What the client offers for the request.
    ///
    /// # Errors
    /// When it is no capabilities object.
    pub fn client_capabilities(&self) -> Result<Option<ClientCapabilities>, MalformedMeta> {
        self.decode(Self::CLIENT_CAPABILITIES)
    }

    /// Who sends the request; self-reported.
    ///
    /// # Errors
    /// When it has no name and version.
    pub fn client_info(&self) -> Result<Option<Implementation>, MalformedMeta> {
        self.decode(Self::CLIENT_INFO)
    }

    /// Who sends the result; self-reported.
    ///
    /// # Errors
    /// When it has no name and version.
    pub fn server_info(&self) -> Result<Option<Implementation>, MalformedMeta> {
        self.decode(Self::SERVER_INFO)
    }

    /// The least severe log messages the request asks for; absent means none at all.
    ///
    /// # Errors
    /// When it is no log level.
    pub fn log_level(&self) -> Result<Option<Level>, MalformedMeta> {
        self.decode(Self::LOG_LEVEL)
    }

    /// The subscription the notification belongs to.
    ///
    /// # Errors
    /// When it is neither text nor an integer.
    pub fn subscription_id(&self) -> Result<Option<RequestId>, MalformedMeta> {
        self.decode(Self::SUBSCRIPTION_ID)
    }

    /// The task the message belongs to.
    ///
    /// # Errors
    /// When it is no object with a `taskId`.
    pub fn related_task(&self) -> Result<Option<String>, MalformedMeta> {
        let task: Option<RelatedTask> = self.decode(Self::RELATED_TASK)?;
        Ok(task.map(|task| task.task_id))
    }

    fn decode<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>, MalformedMeta> {
        self.get(key).map(|json| json.to().map_err(|_| MalformedMeta { key })).transpose()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RelatedTask {
    task_id: String,
}

impl<'a> IntoIterator for &'a Meta {
    type Item = (&'a String, &'a RawJson);
    type IntoIter = btree_map::Iter<'a, String, RawJson>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(String, RawJson)> for Meta {
    fn from_iter<T: IntoIterator<Item = (String, RawJson)>>(members: T) -> Self {
        Self(members.into_iter().collect())
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unique_map(deserializer).map(Self)
    }
}
