//! The client's half of multi round-trip requests: the answers.

use alloc::collections::{BTreeMap, btree_map};
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RawJson;
use super::members::unique_map;
use super::revise::same_in_every_revision;

/// The answers to input requests, by the same keys, as bare results.
///
/// An answer does not say what it answers: only the key does. They are kept as JSON until one
/// is asked for, so that unknown keys cannot get in the way.
///
/// ```
/// use mcp_core::model::{ElicitResult, InputResponse, InputResponses};
///
/// let mut answers = InputResponses::new();
/// answers.insert("name", &InputResponse::Elicit(ElicitResult::decline()))?;
/// assert_eq!(answers.elicit("name").transpose()?, Some(ElicitResult::decline()));
/// assert!(answers.sampling("other").is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputResponses(pub(super) BTreeMap<String, RawJson>);

impl InputResponses {
    /// No answers.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// An answer, whatever it holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// The answers, ordered by key.
    pub fn iter(&self) -> btree_map::Iter<'_, String, RawJson> {
        self.0.iter()
    }

    /// Whether there is no answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of answers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a InputResponses {
    type Item = (&'a String, &'a RawJson);
    type IntoIter = btree_map::Iter<'a, String, RawJson>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for InputResponses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for InputResponses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unique_map(deserializer).map(Self)
    }
}

same_in_every_revision!(InputResponses);
