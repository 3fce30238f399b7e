//! JSON that is carried along verbatim.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::de::Unexpected;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::members::Members;
use crate::jsonrpc::RawJson;

/// A JSON object, kept as text: a JSON Schema, the arguments of a call, free-form metadata.
///
/// ```
/// use mcp_core::model::RawObject;
///
/// let schema: RawObject = r#"{"type":"object","x-mine":1}"#.parse()?;
/// assert_eq!(schema.get(), r#"{"type":"object","x-mine":1}"#);
/// assert!("null".parse::<RawObject>().is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawObject(RawJson);

impl RawObject {
    /// The empty object.
    #[must_use]
    pub fn new() -> Self {
        Self(RawJson::known(&Members(Vec::new())))
    }

    /// Encodes a value that becomes an object.
    ///
    /// # Errors
    /// When the value has no JSON form, or becomes something else than an object.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Self::try_from(RawJson::from_value(value)?)
    }

    /// Decodes the object.
    ///
    /// # Errors
    /// When the object does not have the shape of `T`.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// The JSON text, without white space around it.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.as_str()
    }

    /// The object as a value of any kind.
    #[must_use]
    pub const fn as_json(&self) -> &RawJson {
        &self.0
    }

    /// Encodes one of the model's own objects.
    pub(super) fn known<T: Serialize>(value: &T) -> Self {
        Self(RawJson::known(value))
    }

    /// The members in their order, keys unescaped and values verbatim.
    pub(crate) fn members(&self) -> Members {
        Members::of(&self.0)
    }

    /// The schema `{"type":"object"}`, which accepts every object.
    pub(super) fn any_object_schema() -> Self {
        Members(Vec::from([("type".to_owned(), RawJson::known(&"object"))])).into()
    }

    /// The schema `{"not":{}}`, which accepts nothing.
    pub(super) fn not_anything() -> Self {
        Members(Vec::from([("not".to_owned(), Self::new().into())])).into()
    }
}

impl Default for RawObject {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl TryFrom<RawJson> for RawObject {
    type Error = serde_json::Error;

    fn try_from(json: RawJson) -> Result<Self, Self::Error> {
        if json.is_object() { Ok(Self(json)) } else { Err(no_object(&json)) }
    }
}

impl From<RawObject> for RawJson {
    fn from(object: RawObject) -> Self {
        object.0
    }
}

impl TryFrom<Value> for RawObject {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Self::try_from(RawJson::from(value))
    }
}

impl From<serde_json::Map<String, Value>> for RawObject {
    fn from(map: serde_json::Map<String, Value>) -> Self {
        Self(RawJson::known(&map))
    }
}

impl FromStr for RawObject {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(RawJson::parse(text.to_owned())?)
    }
}

impl Serialize for RawObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        if json.is_object() { Ok(Self(json)) } else { Err(no_object(&json)) }
    }
}

/// The error for a value that should have been an object; it names the kind, not the value.
fn no_object<E: serde::de::Error>(json: &RawJson) -> E {
    let kind = match json.as_str().as_bytes().first() {
        Some(b'[') => Unexpected::Seq,
        Some(b'"') => Unexpected::Other("string"),
        Some(b't' | b'f') => Unexpected::Other("boolean"),
        Some(b'n') => Unexpected::Unit,
        _ => Unexpected::Other("number"),
    };
    E::invalid_type(kind, &"an object")
}
