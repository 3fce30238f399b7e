//! Asking the client's user.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Error as _, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::tagged::{self, Tagged};
use super::wire::{wire, wire_enum};
use super::{ForRevision, FormSchema, Meta, RawJson, RawObject, TaskRequest};
use crate::revision::Revision;

/// The params of `elicitation/create` (`2025-11-25/client/elicitation`); since 2025-06-18.
///
/// A request without a mode is a form. URLs exist since 2025-11-25: the client's capabilities
/// say which modes it answers. In 2026-07-28 the params travel inside an input request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ElicitParams {
    /// Asks by a form.
    Form(ElicitFormParams),
    /// Asks by a URL to open. Since 2025-11-25.
    Url(ElicitUrlParams),
}

impl ElicitParams {
    /// Asks by a form.
    #[must_use]
    pub fn form(message: impl Into<String>, schema: impl Into<RawObject>) -> Self {
        Self::Form(ElicitFormParams::new(message, schema))
    }

    /// Asks by a URL to open.
    #[must_use]
    pub fn url(message: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Url(ElicitUrlParams::new(message, url))
    }

    /// What to tell the user.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Form(form) => &form.message,
            Self::Url(url) => &url.message,
        }
    }
}

impl Tagged for ElicitParams {
    const TAG: &'static str = "mode";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        match tag {
            None => tagged::variant(rest).map(Self::Form),
            Some("form") => tagged::variant(rest)
                .map(|form: ElicitFormParams| Self::Form(form.with_mode(ElicitFormMode::Form))),
            Some("url") => tagged::variant(rest).map(Self::Url),
            Some(other) => Err(A::Error::unknown_variant(other, &["form", "url"])),
        }
    }
}

impl<'de> Deserialize<'de> for ElicitParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Serialize for ElicitParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Form(form) => form.serialize(serializer),
            Self::Url(url) => url.serialize(serializer),
        }
    }
}

impl ForRevision for ElicitParams {
    fn adapt(&mut self, revision: Revision) {
        match self {
            Self::Form(form) => form.adapt(revision),
            Self::Url(url) => url.adapt(revision),
        }
    }
}

wire! {
    /// A form for the user to fill in; never for secrets.
    pub struct ElicitFormParams {
        required {
            /// What to tell the user.
            message: String,
            /// The fields, as a flat JSON Schema; [`FormSchema`] reads and makes it.
            requested_schema: RawObject,
        }
        since V2025_11_25 {
            /// `form`, or absent, which means the same. Since 2025-11-25.
            mode / with_mode: ElicitFormMode,
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

impl ElicitFormParams {
    /// The fields of the form.
    ///
    /// # Errors
    /// When the schema is not one of flat fields.
    pub fn fields(&self) -> Result<FormSchema, serde_json::Error> {
        self.requested_schema.decode()
    }

    /// The answers that the form comes with (`2025-11-25/client/elicitation#requested-schema`):
    /// what a client fills in before it asks its user. Empty if the schema is no form.
    ///
    /// ```
    /// use mcp_core::model::{ElicitFormParams, ElicitResult};
    ///
    /// let form: ElicitFormParams = serde_json::from_str(
    ///     r#"{"message":"Who?","requestedSchema":{"type":"object","properties":{
    ///         "name":{"type":"string","default":"Ada"},"age":{"type":"integer"}}}}"#,
    /// )?;
    /// let answer = ElicitResult::accept(form.defaults());
    /// assert_eq!(answer.value("name").and_then(|it| it.as_str()), Some("Ada"));
    /// assert_eq!(answer.value("age"), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn defaults(&self) -> BTreeMap<String, ElicitValue> {
        let Ok(form) = self.fields() else {
            return BTreeMap::new();
        };
        let fields = form.fields.into_iter();
        fields.filter_map(|(name, field)| Some((name, field.default_value()?))).collect()
    }

    fn finish(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25
            && let Ok(fields) = self.fields()
        {
            self.requested_schema = fields.for_revision(revision).into();
        }
    }
}

wire_enum! {
    /// The mode of a form: there is one only.
    pub enum ElicitFormMode {
        /// Said explicitly.
        Form = "form",
    }
}

wire! {
    /// A URL for the user to open, for what must not pass through the client; since 2025-11-25.
    #[serde(tag = "mode", rename = "url")]
    pub struct ElicitUrlParams derived {
        required {
            /// What to tell the user.
            message: String,
            /// The URL.
            url: String,
        }
        only V2025_11_25 {
            /// The id of the elicitation. Required in 2025-11-25, gone since.
            elicitation_id / with_elicitation_id: String,
            /// Asks for a task. 2025-11-25 only.
            task / with_task: TaskRequest,
        }
        until V2025_11_25 {
            /// Metadata. Until 2025-11-25.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of `elicitation/create` (`2025-11-25/client/elicitation`).
    ///
    /// In 2026-07-28 it travels bare, as an input response.
    pub struct ElicitResult {
        required {
            /// What the user did.
            action: ElicitAction,
        }
        always {
            /// What the user filled in; only with an accepted form.
            content / with_content: BTreeMap<String, ElicitValue>,
        }
        until V2025_11_25 {
            /// Metadata. Until 2025-11-25.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

impl ElicitResult {
    /// The user filled in the form.
    #[must_use]
    pub fn accept(content: impl Into<BTreeMap<String, ElicitValue>>) -> Self {
        Self::new(ElicitAction::Accept).with_content(content)
    }

    /// The user said no.
    #[must_use]
    pub fn decline() -> Self {
        Self::new(ElicitAction::Decline)
    }

    /// The user did not choose.
    #[must_use]
    pub fn cancel() -> Self {
        Self::new(ElicitAction::Cancel)
    }

    /// What the user filled in under `key`, of an accepted form.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&ElicitValue> {
        match self.action {
            ElicitAction::Accept => self.content.as_ref()?.get(key),
            _ => None,
        }
    }
}

wire_enum! {
    /// What the user did with an elicitation.
    pub enum ElicitAction {
        /// Filled in the form, or agreed to open the URL (which is not its completion).
        Accept = "accept",
        /// Said no.
        Decline = "decline",
        /// Dismissed it.
        Cancel = "cancel",
    }
}

/// What a user filled into one field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ElicitValue {
    /// Text, or the chosen option.
    Text(String),
    /// A number, fractions allowed.
    Number(Number),
    /// Yes or no.
    Bool(bool),
    /// The chosen options. Since 2025-11-25; joined with commas before.
    Choices(Vec<String>),
}

impl ElicitValue {
    /// The text, or the chosen option.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The number, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// Yes or no.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The chosen options; a lone text counts as one.
    #[must_use]
    pub fn as_choices(&self) -> Option<&[String]> {
        match self {
            Self::Choices(choices) => Some(choices),
            Self::Text(text) => Some(core::slice::from_ref(text)),
            _ => None,
        }
    }
}

impl From<&str> for ElicitValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ElicitValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for ElicitValue {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<bool> for ElicitValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<String>> for ElicitValue {
    fn from(choices: Vec<String>) -> Self {
        Self::Choices(choices)
    }
}

impl ForRevision for ElicitValue {
    fn adapt(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25
            && let Self::Choices(choices) = self
        {
            *self = Self::Text(choices.join(","));
        }
    }
}

impl Serialize for ElicitValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => number.serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Choices(choices) => choices.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ElicitValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        let text = json.as_str();
        let value = match json.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self::Text),
            Some(b'[') => serde_json::from_str(text).map(Self::Choices),
            Some(b't' | b'f') => serde_json::from_str(text).map(Self::Bool),
            Some(b'-' | b'0'..=b'9') => serde_json::from_str(text).map(Self::Number),
            _ => Err(serde::de::Error::custom(
                "a form value is text, a number, a boolean or an array of texts",
            )),
        };
        value.map_err(D::Error::custom)
    }
}

wire! {
    /// The params of `notifications/elicitation/complete`
    /// (`2025-11-25/client/elicitation#completion-notifications-for-url-mode-elicitation`);
    /// 2025-11-25 only.
    pub struct ElicitationCompleteParams {
        required {
            /// The id of the elicitation.
            elicitation_id: String,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The data of -32042, URL elicitation required
    /// (`2025-11-25/client/elicitation#url-elicitation-required-error`); 2025-11-25 only.
    pub struct UrlElicitationData {
        required {
            /// What has to be done first; every one has an `elicitation_id`.
            elicitations: Vec<ElicitUrlParams>,
        }
    }
}
