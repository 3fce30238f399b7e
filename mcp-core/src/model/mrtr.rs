//! Multi round-trip requests: how a server of 2026-07-28 asks for input.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::de::MapAccess;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::{optional_unique_map, unique_map};
use super::tagged::{self, Tagged};
use super::wire::wire;
use super::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, EmptyParams, ForRevision,
    ListRootsResult, Meta, RawJson, ResultType,
};
use crate::revision::Revision;

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
            #[serde(deserialize_with = "optional_unique_map")]
            input_requests / with_input_requests: InputRequests,
            /// What the client has to send back, unchanged; empty text counts.
            request_state / with_request_state: String,
            /// Metadata.
            #[serde(rename = "_meta")]
            meta / with_meta: Meta,
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
        self.input_requests
            .get_or_insert_default()
            .insert(key.into(), request.into());
        self
    }

    fn finish(&mut self, _: Revision) {
        self.result_type = Some(ResultType::INPUT_REQUIRED);
    }
}

/// What to ask, by key.
pub type InputRequests = BTreeMap<String, InputRequest>;

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
            other => Err(tagged::unknown::<Self, _>(
                other,
                &[ELICIT, CREATE_MESSAGE, LIST_ROOTS],
            )),
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

    /// The keys of the answers, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is no answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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

super::revise::same_in_every_revision!(InputResponses);

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

fn decode<T: serde::de::DeserializeOwned>(json: &RawJson) -> Result<T, serde_json::Error> {
    serde_json::from_str(json.as_str())
}
