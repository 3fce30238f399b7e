//! Slices of an incoming message, kept as they came.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use bytes::Bytes;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::frame::SHARE_ABOVE;
use super::params::read_json;
use super::scan;

/// One JSON value as it stands on the wire: never reformatted, never rounded.
///
/// Cloning shares the bytes. Integers above 2^53, unknown members and key order survive.
///
/// ```
/// use mcp_core::jsonrpc::RawJson;
///
/// let params = RawJson::parse(r#"{"n": 9007199254740993, "x": 1e400}"#)?;
/// assert_eq!(params.as_str(), r#"{"n": 9007199254740993, "x": 1e400}"#);
/// # Ok::<(), mcp_core::jsonrpc::InvalidJson>(())
/// ```
#[derive(Clone)]
pub struct RawJson {
    json: Bytes,
    /// Whether a brace that is not part of the value follows it in its bytes: what closes the
    /// message that a large one is shared with leaves in one piece with it then.
    closed: bool,
    /// Whether it is known to hold no line break; most values have not been looked at.
    one_line: bool,
}

/// The text is not one valid JSON value.
#[derive(Debug, thiserror::Error)]
#[error("not valid JSON: {0}")]
pub struct InvalidJson(#[from] serde_json::Error);

impl RawJson {
    /// `{}`.
    pub const EMPTY_OBJECT: Self = Self::seen(b"{}");
    /// `null`.
    pub const NULL: Self = Self::seen(b"null");

    /// Takes a JSON text as it is.
    ///
    /// # Errors
    /// [`InvalidJson`] when the text is not exactly one JSON value.
    pub fn parse(json: impl Into<Bytes>) -> Result<Self, InvalidJson> {
        let json = json.into();
        let value: &RawValue = read_json(&json)?;
        let value = json.slice_ref(value.get().as_bytes());
        Ok(Self::unseen(value))
    }

    /// Serializes a value.
    ///
    /// # Errors
    /// [`InvalidJson`] when the value has no JSON form, for example a map with keys that are not
    /// strings.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, InvalidJson> {
        Ok(Self::written(serde_json::to_vec(value)?))
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    /// [`InvalidJson`] when the value is no `T`; the message names the member.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, InvalidJson> {
        Ok(serde_json::from_str(self.as_str())?)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.json.get(..self.len()).unwrap_or_default()
    }

    /// The bytes of the JSON text, shared.
    #[must_use]
    pub fn into_bytes(mut self) -> Bytes {
        self.json.truncate(self.len());
        self.json
    }

    /// Length of the JSON text in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a JSON value has at least one byte")]
    pub fn len(&self) -> usize {
        self.json.len() - usize::from(self.closed)
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self == &Self::NULL
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.json.first() == Some(&b'{')
    }

    /// Serializes one of our own types, which have string keys and finite numbers.
    pub(crate) fn known<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::from_value(value).expect("a wire type has a JSON form")
    }

    const fn seen(json: &'static [u8]) -> Self {
        Self { json: Bytes::from_static(json), closed: false, one_line: true }
    }

    const fn unseen(json: Bytes) -> Self {
        Self { json, closed: false, one_line: false }
    }

    /// The same value, to be sent often: looked through for line breaks once and for all, and
    /// closed.
    #[cfg(feature = "std")]
    #[must_use]
    pub(crate) fn kept(self) -> Self {
        let one_line = matches!(self.on_one_line(), Cow::Borrowed(_));
        let value = if self.closed { self } else { Self::written(self.as_bytes().to_vec()) };
        Self { one_line, ..value }
    }

    /// A value that has just been written; a large one is closed.
    pub(super) fn written(mut json: Vec<u8>) -> Self {
        let closed = json.len() > SHARE_ABOVE;
        if closed {
            json.push(b'}');
        }
        Self { json: json.into(), closed, one_line: false }
    }

    /// The bytes of the value and of a brace behind it, if that is there.
    pub(super) fn to_closed(&self) -> Option<Bytes> {
        self.closed.then(|| self.json.clone())
    }

    /// What was put together of JSON.
    pub(super) const fn spliced(json: Bytes) -> Self {
        Self::unseen(json)
    }

    /// The same value in memory of its own: a slice keeps all of what it was cut from.
    pub(crate) fn detached(&self) -> Self {
        Self { json: Bytes::copy_from_slice(self.as_bytes()), closed: false, ..*self }
    }

    /// A slice of `frame` that the parser found to be one JSON value.
    pub(crate) fn slice_of(frame: &Bytes, value: &str) -> Self {
        Self::unseen(frame.slice_ref(value.as_bytes()))
    }

    /// A part of the text that is one JSON value itself.
    pub(super) fn part(&self, value: &[u8]) -> Self {
        Self { json: self.json.slice_ref(value), closed: false, ..*self }
    }

    /// The bytes with every line break turned into a space.
    ///
    /// A line break can only stand between JSON tokens, so this changes no value.
    pub(super) fn on_one_line(&self) -> Cow<'_, [u8]> {
        let json = self.as_bytes();
        if self.one_line || !scan::any(json, |byte| matches!(byte, b'\r' | b'\n')) {
            return Cow::Borrowed(json);
        }
        let replaced =
            json.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte });
        Cow::Owned(replaced.collect())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RawJson {}

impl Hash for RawJson {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for RawJson {
    /// Shows the size alone: payloads can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.len())
    }
}

impl From<InvalidJson> for serde_json::Error {
    fn from(error: InvalidJson) -> Self {
        error.0
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> Self {
        Self::known(&value)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = read_json(self.as_bytes()).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = alloc::boxed::Box::<RawValue>::deserialize(deserializer)?;
        let text: alloc::boxed::Box<str> = raw.into();
        Ok(Self::unseen(Bytes::from(String::from(text))))
    }
}

/// UTF-8 text out of an incoming message, sharing its bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text that lives as long as the program.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The string a JSON value spells, or `None` if it is no string.
    pub(super) fn from_json(frame: &Bytes, text: &str) -> Option<Self> {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            let unescaped: String = serde_json::from_str(text).ok()?;
            return Some(Self(Bytes::from(unescaped)));
        }
        Some(Self(frame.slice_ref(inner.as_bytes())))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
