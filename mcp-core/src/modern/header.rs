//! What headers repeat of a request's body, and how its values are written in them
//! (`2026-07-28/basic/transports/streamable-http#standard-request-headers`).

use alloc::borrow::Cow;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
#[cfg(any(test, feature = "client"))]
use {
    super::request::subject_of,
    crate::jsonrpc::{InvalidJson, Member, RawJson},
    crate::lifecycle::Method,
    serde::Deserialize,
};

/// The marks around a value that is Base64; these and no others (HDR-28).
const OPEN: &str = "=?base64?";
const CLOSE: &str = "?=";

/// The member of the params that `Mcp-Name` repeats (HDR-04, HDR-05).
#[cfg(any(test, feature = "client"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Name,
    Uri,
    Task,
}

#[cfg(any(test, feature = "client"))]
impl Subject {
    pub(crate) fn of(method: &str) -> Option<Self> {
        Some(match subject_of(&Method::from_name(method))? {
            Member::Name => Self::Name,
            Member::Uri => Self::Uri,
            _ => Self::Task,
        })
    }

    pub(crate) fn read(self, params: &RawJson) -> Result<Option<String>, InvalidJson> {
        /// A member that stands there twice is refused: the header could match either.
        #[derive(Deserialize)]
        struct Name {
            name: Option<String>,
        }
        #[derive(Deserialize)]
        struct Uri {
            uri: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Task {
            task_id: Option<String>,
        }
        match self {
            Self::Name => params.to().map(|Name { name }| name),
            Self::Uri => params.to().map(|Uri { uri }| uri),
            Self::Task => params.to().map(|Task { task_id }| task_id),
        }
    }
}

/// Writes a value so that it survives in a header: as it is, or as Base64 if it is not plain
/// ASCII, has white space at an end, or could be taken for Base64 (HDR-25, HDR-26).
pub(crate) fn encode(value: &str) -> Cow<'_, str> {
    let plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~')) && value.trim() == value;
    let looks_encoded = value.starts_with(OPEN) && value.ends_with(CLOSE);
    if plain && !looks_encoded {
        return Cow::Borrowed(value);
    }
    Cow::Owned(alloc::format!("{OPEN}{}{CLOSE}", STANDARD.encode(value)))
}

/// Reads a value that may be Base64; `None` if it says so and is not (HDR-30).
pub(crate) fn decode(value: &str) -> Option<Cow<'_, str>> {
    let encoded = value.strip_prefix(OPEN).and_then(|value| value.strip_suffix(CLOSE));
    match encoded {
        None => Some(Cow::Borrowed(value)),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HDR-25, HDR-26, HDR-27, HDR-28, HDR-30: the examples of the specification.
    #[test]
    fn values_are_decoded() {
        for (value, expected) in [
            ("us-west1", Some("us-west1")),
            ("=?base64?SGVsbG8sIOS4lueVjA==?=", Some("Hello, 世界")),
            ("=?base64?IHBhZGRlZCA=?=", Some(" padded ")),
            ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", Some("=?base64?literal?=")),
            ("=?base64??=", Some("")),
            ("=?BASE64?SGk=?=", Some("=?BASE64?SGk=?=")),
            ("=?base64?SGk=", Some("=?base64?SGk=")),
            ("=?base64?SGk?=", None),
            ("=?base64?SG k=?=", None),
            ("=?base64?/w==?=", None),
            // Wrong padding, a wrong alphabet, bits that belong to no byte.
            ("=?base64?Zg===?=", None),
            ("=?base64?====?=", None),
            ("=?base64?_-_-?=", None),
            ("=?base64?Zh==?=", None),
        ] {
            assert_eq!(decode(value).as_deref(), expected, "{value}");
        }
    }

    /// HDR-04, HDR-05: what a request is about.
    #[test]
    fn hdr_05_subjects_are_found() {
        let params = r#"{"name":"n","uri":"u","taskId":"t"}"#;
        let params = RawJson::parse(params).unwrap();
        for (method, expected) in [
            ("tools/call", Some("n")),
            ("prompts/get", Some("n")),
            ("resources/read", Some("u")),
            ("tasks/get", Some("t")),
            ("tasks/update", Some("t")),
            ("tasks/cancel", Some("t")),
            ("tools/list", None),
        ] {
            let found = Subject::of(method).and_then(|it| it.read(&params).unwrap());
            assert_eq!(found.as_deref(), expected, "{method}");
        }
        let twice = RawJson::parse(r#"{"name":"a","name":"b"}"#).unwrap();
        assert!(Subject::Name.read(&twice).is_err());
    }

    /// HDR-24..27, HDR-34: what is safe stays as it is, everything comes back.
    #[test]
    fn values_are_encoded() {
        for (value, expected) in [
            ("us-west1", "us-west1"),
            ("", ""),
            ("a b", "a b"),
            ("file:///a?b=c", "file:///a?b=c"),
            ("=?base64?x", "=?base64?x"),
            ("=?BASE64?x?=", "=?BASE64?x?="),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("a\tb", "=?base64?YQli?="),
            ("a\r\nb: c", "=?base64?YQ0KYjogYw==?="),
            ("\u{7f}", "=?base64?fw==?="),
        ] {
            assert_eq!(encode(value), expected, "{value:?}");
            assert_eq!(decode(expected).as_deref(), Some(value), "{value:?}");
        }
    }
}
