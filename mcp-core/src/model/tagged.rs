//! Unions told apart by the text of one member.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::RawJson;
use super::members::Members;

/// A union whose variant is named by the member `TAG`.
///
/// serde's own tagged enums buffer members in a form that loses raw JSON and, with some features
/// of `serde_json`, numbers. Here the members go straight to the variant when the tag comes
/// first, as every known implementation writes it, and through their text otherwise.
pub(super) trait Tagged: Sized {
    /// The name of the member.
    const TAG: &'static str;

    /// Reads the variant that `tag` names from the other members.
    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error>;
}

/// Reads a union.
pub(super) fn deserialize<'de, T: Tagged, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(FindTag(PhantomData))
}

/// Reads the members of one variant.
pub(super) fn variant<'de, T, A>(rest: A) -> Result<T, A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    T::deserialize(MapAccessDeserializer::new(rest))
}

/// The error for a tag that names no variant, or for its absence.
pub(super) fn unknown<T: Tagged, E: serde::de::Error>(
    tag: Option<&str>,
    expected: &'static [&'static str],
) -> E {
    tag.map_or_else(|| E::missing_field(T::TAG), |tag| E::unknown_variant(tag, expected))
}

struct FindTag<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for FindTag<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a member `{}`", T::TAG)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut tag = None;
        let mut others = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == T::TAG && tag.is_none() {
                let text: String = map.next_value()?;
                if others.is_empty() {
                    return T::from_members(Some(&text), map);
                }
                tag = Some(text);
            } else {
                others.push((key, map.next_value::<RawJson>()?));
            }
        }
        let text = RawJson::known(&Members(others));
        serde_json::Deserializer::from_str(text.as_str())
            .deserialize_map(Rest { tag: tag.as_deref(), target: PhantomData })
            .map_err(A::Error::custom)
    }
}

struct Rest<'a, T> {
    tag: Option<&'a str>,
    target: PhantomData<T>,
}

impl<'de, T: Tagged> Visitor<'de> for Rest<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_members(self.tag, map)
    }
}
