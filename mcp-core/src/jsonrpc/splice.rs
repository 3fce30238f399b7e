//! Adding a member to an object, or to its `_meta`, without touching anything else of it.

use alloc::string::String;
use core::fmt::{self, Write};

use bytes::BytesMut;
use serde::Deserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
#[cfg(feature = "std")]
use {alloc::vec::Vec, bytes::Bytes, serde::Serialize};

#[cfg(feature = "std")]
use super::InvalidJson;
use super::{RawJson, scan};

/// The same object with one more member in its `_meta`, unless that has it already.
///
/// The member is spliced into the text: every other byte stays as it is. What is no object, or
/// has a `_meta` that is none, stays as it is altogether.
pub(crate) fn with_meta_member(object: &RawJson, key: &str, value: &str) -> RawJson {
    if object.is_object() && !may_name_meta(object.as_bytes()) {
        return splice(object, object.as_str(), &["\"_meta\":{\"", key, "\":", value, "}"]);
    }
    with_meta_members(object, &[(key, value)])
}

/// The JSON of an object with one more member in its `_meta`, unless it has that already: written
/// once, for most have no `_meta`.
#[cfg(feature = "std")]
pub(crate) fn json_with_meta_member<T: Serialize>(
    object: &T,
    key: &str,
    value: &str,
) -> Result<RawJson, InvalidJson> {
    let meta = [r#"{"_meta":{""#, key, r#"":"#, value, "}"];
    let mut json = Vec::with_capacity(meta.iter().map(|piece| piece.len()).sum::<usize>() + 256);
    for piece in meta {
        json.extend_from_slice(piece.as_bytes());
    }
    let start = json.len();
    serde_json::to_writer(&mut json, object)?;
    let written = json.get(start..).unwrap_or_default();
    let has_members = |object: &[u8]| match object.strip_prefix(b"{") {
        Some(members) => !members.trim_ascii_start().starts_with(b"}"),
        None => false,
    };
    let goes_on = has_members(written) && !may_name_meta(written);
    if !goes_on {
        let plain = RawJson::spliced(Bytes::copy_from_slice(written));
        return Ok(with_meta_member(&plain, key, value));
    }
    // What opened the object now goes on with it.
    if let Some(brace) = json.get_mut(start) {
        *brace = b',';
    }
    Ok(RawJson::written(json))
}

/// Whether a member called `_meta` may be in there, at any depth. Looking for the letters spares
/// most values a parse; escapes could spell them as well.
fn may_name_meta(json: &[u8]) -> bool {
    scan::any(json, |byte| matches!(byte, b'_' | b'\\'))
        && core::str::from_utf8(json)
            .map_or(true, |text| text.contains("_meta") || text.contains("\\u"))
}

/// The same for several members; those that are there already stay as they are.
pub(crate) fn with_meta_members(object: &RawJson, members: &[(&str, &str)]) -> RawJson {
    let text = object.as_str();
    let meta = match meta_of(object) {
        Ok(meta) if object.is_object() => meta,
        _ => return object.clone(),
    };
    if meta.is_some_and(|meta| !meta.starts_with('{')) {
        return object.clone();
    }
    let mut wanted = String::new();
    for (key, value) in members {
        if meta.is_some_and(|meta| has_member(meta, key)) {
            continue;
        }
        let comma = if wanted.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(wanted, "{comma}\"{key}\":{value}");
    }
    match meta {
        _ if wanted.is_empty() => object.clone(),
        Some(meta) => splice(object, meta, &[&wanted]),
        None => splice(object, text, &["\"_meta\":{", &wanted, "}"]),
    }
}

/// The same object with one more member, unless it has it already. What is no object stays as it
/// is.
#[cfg(any(test, feature = "client", feature = "std"))]
pub(crate) fn with_member(object: &RawJson, key: &str, value: &str) -> RawJson {
    let text = object.as_str();
    if !object.is_object() || has_member(text, key) {
        return object.clone();
    }
    splice(object, text, &["\"", key, "\":", value])
}

/// Puts a member, given in pieces, first in the object at `place`, which is a slice of the whole
/// object's text.
fn splice(object: &RawJson, place: &str, member: &[&str]) -> RawJson {
    let text = object.as_str();
    // Behind the opening brace is where the member goes.
    let start = place.as_ptr().addr() - text.as_ptr().addr() + 1;
    let (Some(before), Some(after)) = (text.get(..start), text.get(start..)) else {
        return object.clone();
    };
    let comma = if after.trim_ascii_start().starts_with('}') { "" } else { "," };
    let length: usize = member.iter().map(|piece| piece.len()).sum();
    let mut spliced = BytesMut::with_capacity(text.len() + length + 1);
    spliced.extend_from_slice(before.as_bytes());
    for piece in member {
        spliced.extend_from_slice(piece.as_bytes());
    }
    spliced.extend_from_slice(comma.as_bytes());
    spliced.extend_from_slice(after.as_bytes());
    // A member in an object is an object: reading it again would cost more than writing it.
    RawJson::spliced(spliced.freeze())
}

/// The text of `_meta`, if there is one.
///
/// Most objects have none.
fn meta_of(object: &RawJson) -> Result<Option<&str>, serde_json::Error> {
    if !may_name_meta(object.as_bytes()) {
        return Ok(None);
    }
    match find(object.as_str(), "_meta")? {
        (_, 2..) => Err(serde_json::Error::duplicate_field("_meta")),
        (meta, _) => Ok(meta.map(RawValue::get)),
    }
}

/// Whether the text is an object with a member of that name.
fn has_member(object: &str, key: &str) -> bool {
    find(object, key).is_ok_and(|(_, times)| times > 0)
}

/// The last member of that name in an object, and how many there are.
fn find<'a>(
    object: &'a str,
    key: &str,
) -> Result<(Option<&'a RawValue>, usize), serde_json::Error> {
    struct Named<'k>(&'k str);

    impl<'de> Visitor<'de> for Named<'_> {
        type Value = (Option<&'de RawValue>, usize);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let (mut found, mut times) = (None, 0);
            while let Some(name) = members.next_key::<String>()? {
                if name == self.0 {
                    found = Some(members.next_value()?);
                    times += 1;
                } else {
                    let IgnoredAny = members.next_value()?;
                }
            }
            Ok((found, times))
        }
    }

    serde_json::Deserializer::from_str(object).deserialize_map(Named(key))
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_spliced_in() {
        for (before, after) in [
            ("{}", r#"{"_meta":{"k":7}}"#),
            ("{ }", r#"{"_meta":{"k":7} }"#),
            (r#"{"a":1e400}"#, r#"{"_meta":{"k":7},"a":1e400}"#),
            (r#"{"a":"\n"}"#, r#"{"_meta":{"k":7},"a":"\n"}"#),
            (r#"{"a":{"_meta":{}}}"#, r#"{"_meta":{"k":7},"a":{"_meta":{}}}"#),
            (r#"{"a":1,"_meta":{}}"#, r#"{"a":1,"_meta":{"k":7}}"#),
            (r#"{"_meta" : {"x":[1]}, "b":2}"#, r#"{"_meta" : {"k":7,"x":[1]}, "b":2}"#),
            (r#"{"_meta":{"k":"mine"}}"#, r#"{"_meta":{"k":"mine"}}"#),
            (r#"{"_meta":null}"#, r#"{"_meta":null}"#),
            ("[1]", "[1]"),
        ] {
            let object = RawJson::parse(before).unwrap();
            assert_eq!(with_meta_member(&object, "k", "7").as_str(), after);
            let written = json_with_meta_member(&object, "k", "7").unwrap();
            assert_eq!(written.as_str(), after);
        }
        for (before, after) in [
            ("{}", r#"{"k":7}"#),
            (r#"{"a":{"k":1e400}}"#, r#"{"k":7,"a":{"k":1e400}}"#),
            (r#"{"a":1, "k":null}"#, r#"{"a":1, "k":null}"#),
            (r#"{"\u006b":1}"#, r#"{"\u006b":1}"#),
            ("[1]", "[1]"),
        ] {
            let object = RawJson::parse(before).unwrap();
            assert_eq!(with_member(&object, "k", "7").as_str(), after);
        }
    }
}
