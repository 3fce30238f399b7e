//! Objects read member by member.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RawJson, RawObject};
use crate::small::SmallMap;

/// The members of an object in order, values verbatim.
#[derive(Clone, Default)]
pub(crate) struct Members(pub(crate) Vec<(String, RawJson)>);

impl Members {
    /// The members of a value; none of what is no object.
    pub(crate) fn of(value: &RawJson) -> Self {
        // Only a number limit of the parser can get in the way of a valid object.
        if value.is_object() { value.to().unwrap_or_default() } else { Self::default() }
    }

    /// The member that counts where several have the same name, for those who keep the last.
    pub(crate) fn last(&self, key: &str) -> Option<&RawJson> {
        self.0.iter().rfind(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn get(&self, key: &str) -> Option<&RawJson> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut RawJson> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

impl From<Members> for RawObject {
    fn from(members: Members) -> Self {
        Self::known(&members)
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, RawJson>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A map whose keys are texts.
pub(crate) trait TextMap: Default {
    /// What the keys stand for.
    type Value;

    fn has(&self, key: &str) -> bool;

    fn put(&mut self, key: String, value: Self::Value);
}

impl<V> TextMap for BTreeMap<String, V> {
    type Value = V;

    fn has(&self, key: &str) -> bool {
        self.contains_key(key)
    }

    fn put(&mut self, key: String, value: V) {
        self.insert(key, value);
    }
}

impl<V> TextMap for SmallMap<String, V> {
    type Value = V;

    fn has(&self, key: &str) -> bool {
        self.contains_key(key)
    }

    fn put(&mut self, key: String, value: V) {
        self.insert(key, value);
    }
}

/// Reads a map and refuses a key that occurs twice.
pub(crate) fn unique_map<'de, D, M>(deserializer: D) -> Result<M, D::Error>
where
    D: Deserializer<'de>,
    M: TextMap<Value: Deserialize<'de>>,
{
    Unique::deserialize(deserializer).map(|Unique(map)| map)
}

/// Reads a map that may be `null`, and refuses a key that occurs twice.
pub(crate) fn optional_unique_map<'de, D, M>(deserializer: D) -> Result<Option<M>, D::Error>
where
    D: Deserializer<'de>,
    M: TextMap<Value: Deserialize<'de>>,
{
    Option::deserialize(deserializer).map(|map| map.map(|Unique(map)| map))
}

struct Unique<M>(M);

impl<'de, M: TextMap<Value: Deserialize<'de>>> Deserialize<'de> for Unique<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UniqueVisitor<M>(PhantomData<M>);

        impl<'de, M: TextMap<Value: Deserialize<'de>>> Visitor<'de> for UniqueVisitor<M> {
            type Value = M;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
                let mut members = M::default();
                while let Some(key) = map.next_key::<String>()? {
                    if members.has(&key) {
                        return Err(A::Error::custom(format_args!("duplicate member `{key}`")));
                    }
                    members.put(key, map.next_value()?);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(UniqueVisitor(PhantomData)).map(Self)
    }
}
