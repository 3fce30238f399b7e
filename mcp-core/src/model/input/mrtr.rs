//! Multi round-trip requests: how a server of 2026-07-28 asks for input.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::{self, Vec};

use serde::de::MapAccess;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::unique_map;
use super::tagged::{self, Tagged};
use super::wire::wire;
use super::{CreateMessageParams, ElicitParams, EmptyParams, ForRevision, Meta, ResultType};
use crate::revision::Revision;
use crate::small::SmallMap;

wire! {
    /// A result that asks for input (`2026-07-28/basic/patterns/mrtr#inputrequiredresult`).
    ///
    /// Legal for `tools/call`, `prompts/get` and `resources/read` only, and with at least one of
    /// its two members. The client repeats the request with the answers.
    #[derive(Default)]
    pub struct InputRequiredResult {
        required {}
        always {
            /// What to ask, by keys of the server's choice.
            input_requests / with_input_requests: InputRequests,
            /// What the client has to send back, unchanged; empty text counts.
            request_state / with_request_state: String,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
            /// The kind of result; set to `input_required` for sending.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}

impl InputRequiredResult {
    /// Adds something to ask; a key that is there already is replaced.
    #[must_use]
    pub fn with_input_request(
        mut self,
        key: impl Into<String>,
        request: impl Into<InputRequest>,
    ) -> Self {
        self.input_requests.get_or_insert_default().insert(key, request);
        self
    }

    fn finish(&mut self, _: Revision) {
        self.result_type = Some(ResultType::INPUT_REQUIRED);
    }
}

/// What to ask, by keys of the server's choice; a key that occurs twice is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputRequests(SmallMap<String, InputRequest>);

impl InputRequests {
    /// Nothing to ask.
    #[must_use]
    pub const fn new() -> Self {
        Self(SmallMap::new())
    }

    /// Adds something to ask; what the key stood for is returned.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        request: impl Into<InputRequest>,
    ) -> Option<InputRequest> {
        self.0.insert(key.into(), request.into())
    }

    /// Takes something out.
    pub fn remove(&mut self, key: &str) -> Option<InputRequest> {
        self.0.remove(key)
    }

    /// What the key stands for.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&InputRequest> {
        self.0.get(key)
    }

    /// What to ask, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &InputRequest)> {
        self.0.iter()
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much there is to ask.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a InputRequests {
    type Item = (&'a String, &'a InputRequest);
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

impl IntoIterator for InputRequests {
    type Item = (String, InputRequest);
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().collect::<Vec<_>>().into_iter()
    }
}

impl FromIterator<(String, InputRequest)> for InputRequests {
    fn from_iter<T: IntoIterator<Item = (String, InputRequest)>>(requests: T) -> Self {
        Self(requests.into_iter().collect())
    }
}

impl Serialize for InputRequests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for InputRequests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unique_map(deserializer).map(Self)
    }
}

impl ForRevision for InputRequests {
    fn adapt(&mut self, revision: Revision) {
        self.0.values_mut().for_each(|request| request.adapt(revision));
    }
}

/// Something a server asks the client for, as `{method, params}` without id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InputRequest {
    /// `elicitation/create`.
    Elicit(Box<ElicitParams>),
    /// `sampling/createMessage`.
    CreateMessage(Box<CreateMessageParams>),
    /// `roots/list`.
    ListRoots(Option<EmptyParams>),
}

const ELICIT: &str = "elicitation/create";
const CREATE_MESSAGE: &str = "sampling/createMessage";
const LIST_ROOTS: &str = "roots/list";

impl InputRequest {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Elicit(_) => ELICIT,
            Self::CreateMessage(_) => CREATE_MESSAGE,
            Self::ListRoots(_) => LIST_ROOTS,
        }
    }
}

impl From<ElicitParams> for InputRequest {
    fn from(params: ElicitParams) -> Self {
        Self::Elicit(Box::new(params))
    }
}

impl From<CreateMessageParams> for InputRequest {
    fn from(params: CreateMessageParams) -> Self {
        Self::CreateMessage(Box::new(params))
    }
}

impl Tagged for InputRequest {
    const TAG: &'static str = "method";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        struct Required<T> {
            params: T,
        }

        #[derive(Deserialize)]
        struct Optional {
            params: Option<EmptyParams>,
        }

        match tag {
            Some(ELICIT) => tagged::variant(rest).map(|Required { params }| Self::Elicit(params)),
            Some(CREATE_MESSAGE) => {
                tagged::variant(rest).map(|Required { params }| Self::CreateMessage(params))
            }
            Some(LIST_ROOTS) => {
                tagged::variant(rest).map(|Optional { params }| Self::ListRoots(params))
            }
            other => Err(tagged::unknown::<Self, _>(other, &[ELICIT, CREATE_MESSAGE, LIST_ROOTS])),
        }
    }
}

impl<'de> Deserialize<'de> for InputRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Serialize for InputRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut request = serializer.serialize_struct("InputRequest", 2)?;
        request.serialize_field("method", self.method())?;
        match self {
            Self::Elicit(params) => request.serialize_field("params", params)?,
            Self::CreateMessage(params) => request.serialize_field("params", params)?,
            Self::ListRoots(Some(params)) => request.serialize_field("params", params)?,
            Self::ListRoots(None) => request.skip_field("params")?,
        }
        request.end()
    }
}

impl ForRevision for InputRequest {
    fn adapt(&mut self, revision: Revision) {
        match self {
            Self::Elicit(params) => params.adapt(revision),
            Self::CreateMessage(params) => params.adapt(revision),
            Self::ListRoots(params) => params.adapt(revision),
        }
    }
}
