//! The client's half of multi round-trip requests: the answers.

use alloc::collections::{BTreeMap, btree_map};
use alloc::string::String;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::unique_map;
use super::revise::same_in_every_revision;
use super::{CreateMessageResult, ElicitResult, ForRevision, ListRootsResult, RawJson};
use crate::revision::Revision;

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
pub struct InputResponses(BTreeMap<String, RawJson>);

impl InputResponses {
    /// No answers.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// When the answer holds a number that is not finite.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        response: &InputResponse,
    ) -> Result<(), serde_json::Error> {
        self.0.insert(key.into(), RawJson::from_value(response)?);
        Ok(())
    }

    /// An answer, whatever it holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// The answer to an elicitation; an error if it is something else.
    #[must_use]
    pub fn elicit(&self, key: &str) -> Option<Result<ElicitResult, serde_json::Error>> {
        self.get(key).map(decode)
    }

    /// The answer to a sampling request; an error if it is something else.
    #[must_use]
    pub fn sampling(&self, key: &str) -> Option<Result<CreateMessageResult, serde_json::Error>> {
        self.get(key).map(decode)
    }

    /// The answer to a request for roots; an error if it is something else.
    #[must_use]
    pub fn roots(&self, key: &str) -> Option<Result<ListRootsResult, serde_json::Error>> {
        self.get(key).map(decode)
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

/// The answer to an input request: the bare result of 2026-07-28.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InputResponse {
    /// To `elicitation/create`.
    Elicit(ElicitResult),
    /// To `sampling/createMessage`.
    CreateMessage(CreateMessageResult),
    /// To `roots/list`.
    ListRoots(ListRootsResult),
}

impl Serialize for InputResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The results' older members have no place here.
        let revision = Revision::V2026_07_28;
        match self {
            Self::Elicit(result) => result.clone().for_revision(revision).serialize(serializer),
            Self::CreateMessage(result) => {
                result.clone().for_revision(revision).serialize(serializer)
            }
            Self::ListRoots(result) => result.clone().for_revision(revision).serialize(serializer),
        }
    }
}

fn decode<T: DeserializeOwned>(json: &RawJson) -> Result<T, serde_json::Error> {
    serde_json::from_str(json.as_str())
}
