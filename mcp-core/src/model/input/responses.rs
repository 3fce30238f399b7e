//! The answers to what servers ask for.

use alloc::string::String;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::{
    CreateMessageResult, ElicitResult, ForRevision, InputResponses, ListRootsResult, RawJson,
};
use crate::revision::Revision;

impl InputResponses {
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
}

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
