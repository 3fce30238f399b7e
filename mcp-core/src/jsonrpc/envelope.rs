//! The incoming side: which message is this, and where are its parts.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::params::{Lent, Outline};
use super::{ErrorCode, ErrorObject, Params, RawJson, Text, depth};
use crate::id::RequestId;

/// What one received frame holds.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "JSON-RPC has these two")]
pub enum Incoming {
    /// A single message.
    Message(Message),
    /// A batch, each member judged on its own. Legal in 2025-03-26 only.
    Batch(Vec<Result<Message, EnvelopeError>>),
}

/// A message, told apart by the members it has.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "JSON-RPC has these three")]
pub enum Message {
    /// Has `method` and `id`.
    Request(Request),
    /// Has `method` and no `id`.
    Notification(Notification),
    /// Has `result` or `error`.
    Response(Response),
}

/// A request: a method call that wants an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The peer's name for the request.
    pub id: RequestId,
    /// What to do.
    pub method: Text,
    /// An object, or absent.
    pub params: Option<Params>,
}

/// A notification: a method call that gets no answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Notification {
    /// What happened.
    pub method: Text,
    /// An object, or absent.
    pub params: Option<Params>,
}

/// The answer to a request of ours.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// Which request it answers; absent when the peer could not read the id.
    pub id: Option<RequestId>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a response says.
pub type Outcome = Result<RawJson, ErrorObject>;

/// Bounds on one incoming frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvelopeLimits {
    /// Bytes of one frame. Default 4 MiB: an embedded image fits, a flood does not.
    pub bytes: usize,
    /// Levels of objects and arrays. Default 128, what the JSON parser can follow without
    /// running out of stack.
    pub depth: usize,
    /// Messages of one batch. Default 100.
    pub batch: usize,
    /// Bytes of a request id as JSON text. Default 256: it is kept and echoed.
    pub id_bytes: usize,
}

impl Default for EnvelopeLimits {
    fn default() -> Self {
        Self { bytes: 4 << 20, depth: 128, batch: 100, id_bytes: 256 }
    }
}

/// Why a frame is no message the protocol allows, and what its sender should hear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct EnvelopeError {
    kind: EnvelopeErrorKind,
    id: Option<RequestId>,
    answerable: bool,
}

/// What is wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeErrorKind {
    /// More bytes than [`EnvelopeLimits::bytes`].
    #[error("message is larger than {limit} bytes")]
    TooLarge {
        /// The bound in bytes.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("message is not valid UTF-8")]
    NotUtf8,
    /// The text is not JSON.
    #[error("message is not valid JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault, from 1.
        column: usize,
    },
    /// More levels than [`EnvelopeLimits::depth`].
    #[error("message nests deeper than {limit} levels")]
    TooDeep {
        /// The bound in levels.
        limit: usize,
    },
    /// The JSON is a bare string, number, boolean or null.
    #[error("message is not a JSON object")]
    NotAnObject,
    /// An array with nothing in it.
    #[error("batch is empty")]
    EmptyBatch,
    /// An array where none is legal.
    #[error("batches exist in revision 2025-03-26 only")]
    BatchNotAllowed,
    /// More members than [`EnvelopeLimits::batch`].
    #[error("batch holds more than {limit} messages")]
    BatchTooLong {
        /// The bound in messages.
        limit: usize,
    },
    /// `jsonrpc` is missing or not `"2.0"`.
    #[error("member `jsonrpc` must be \"2.0\"")]
    Version,
    /// A member of the envelope stands there twice.
    #[error("member `{0}` appears twice")]
    Duplicate(&'static str),
    /// A member differs from one of the envelope's only in case.
    #[error("member names are case-sensitive: write `{0}`")]
    CaseVariant(&'static str),
    /// `id` is neither a string nor an integer, or too long.
    #[error("member `id` must be a string or an integer of at most {limit} bytes")]
    Id {
        /// The bound in bytes.
        limit: usize,
    },
    /// `method` is not a string.
    #[error("member `method` must be a string")]
    Method,
    /// `params` is not an object.
    #[error("member `params` must be an object")]
    Params,
    /// `error` is not an object with an integer code and a message.
    #[error("member `error` must be an object with `code` and `message`")]
    Error,
    /// Both `result` and `error`, or one of them beside `method`.
    #[error("member `{0}` does not belong beside `{1}`")]
    Conflict(&'static str, &'static str),
    /// Neither `method` nor `result` nor `error`.
    #[error("message has none of `method`, `result` and `error`")]
    Unclassifiable,
}

impl EnvelopeError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &EnvelopeErrorKind {
        &self.kind
    }

    /// The id of the request, if it could be read.
    #[must_use]
    pub const fn id(&self) -> Option<&RequestId> {
        self.id.as_ref()
    }

    /// Whether the sender may be told.
    ///
    /// A frame that claims to be a response is never answered, or two peers could keep telling
    /// each other for ever; and neither is one that claims to be a notification (JSONRPC-12).
    #[must_use]
    pub const fn is_answerable(&self) -> bool {
        self.answerable
    }

    /// What the sender hears: -32700 if nothing could be read, else -32600.
    #[must_use]
    pub fn to_error(&self) -> ErrorObject {
        use EnvelopeErrorKind::{NotJson, NotUtf8};
        let (code, what) = match self.kind {
            NotUtf8 | NotJson { .. } => (ErrorCode::PARSE_ERROR, "Parse error"),
            _ => (ErrorCode::INVALID_REQUEST, "Invalid request"),
        };
        ErrorObject::new(code, alloc::format!("{what}: {}", self.kind))
    }

    const fn unreadable(kind: EnvelopeErrorKind) -> Self {
        Self { kind, id: None, answerable: true }
    }

    pub(crate) const fn batch_not_allowed() -> Self {
        Self::unreadable(EnvelopeErrorKind::BatchNotAllowed)
    }

    pub(crate) const fn too_large(limit: usize) -> Self {
        Self::unreadable(EnvelopeErrorKind::TooLarge { limit })
    }
}

impl Incoming {
    /// Reads the envelope of a frame; what it carries stays unread slices of `frame`.
    ///
    /// Members with names the envelope does not define are ignored. A member that stands there
    /// twice, or that differs from one of the envelope's only in case, is refused: two readers
    /// could disagree on what such a message says.
    ///
    /// # Errors
    /// [`EnvelopeError`] says what is wrong, and what to answer.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use mcp_core::jsonrpc::{EnvelopeLimits, Incoming, Message};
    ///
    /// let frame = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#);
    /// let Incoming::Message(Message::Request(ping)) =
    ///     Incoming::parse(&frame, &EnvelopeLimits::default())?
    /// else {
    ///     panic!("a request");
    /// };
    /// assert_eq!(ping.id.as_json(), "1.0");
    /// # Ok::<(), mcp_core::jsonrpc::EnvelopeError>(())
    /// ```
    pub fn parse(frame: &Bytes, limits: &EnvelopeLimits) -> Result<Self, EnvelopeError> {
        use EnvelopeErrorKind as Kind;
        if frame.len() > limits.bytes {
            return Err(EnvelopeError::too_large(limits.bytes));
        }
        let text =
            core::str::from_utf8(frame).map_err(|_| EnvelopeError::unreadable(Kind::NotUtf8))?;
        if !depth::within(frame, limits.depth) {
            let kind = Kind::TooDeep { limit: limits.depth };
            return Err(EnvelopeError::unreadable(kind));
        }
        if text.trim_ascii_start().starts_with('[') {
            return parse_batch(frame, text, limits).map(Self::Batch);
        }
        parse_one(frame, text, limits).map(Self::Message)
    }
}

fn parse_batch(
    frame: &Bytes,
    text: &str,
    limits: &EnvelopeLimits,
) -> Result<Vec<Result<Message, EnvelopeError>>, EnvelopeError> {
    let members: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if members.is_empty() {
        return Err(EnvelopeError::unreadable(EnvelopeErrorKind::EmptyBatch));
    }
    if members.len() > limits.batch {
        let kind = EnvelopeErrorKind::BatchTooLong { limit: limits.batch };
        return Err(EnvelopeError::unreadable(kind));
    }
    Ok(members.into_iter().map(|member| parse_one(frame, member.get(), limits)).collect())
}

fn parse_one(frame: &Bytes, text: &str, limits: &EnvelopeLimits) -> Result<Message, EnvelopeError> {
    if !text.trim_ascii_start().starts_with('{') {
        // A value of another kind is well-formed JSON all the same; say which fault it is.
        serde_json::from_str::<&RawValue>(text).map_err(|error| not_json(&error))?;
        return Err(EnvelopeError::unreadable(EnvelopeErrorKind::NotAnObject));
    }
    // What cannot be outlined is told what is wrong with it, if anything, by the plain reading.
    let members = Members::read(text, true)
        .or_else(|_| Members::read(text, false))
        .map_err(|error| not_json(&error))?;
    members.classify(frame, limits)
}

fn not_json(error: &serde_json::Error) -> EnvelopeError {
    let kind = EnvelopeErrorKind::NotJson { line: error.line(), column: error.column() };
    EnvelopeError::unreadable(kind)
}

/// The members an envelope can have, in the order of [`Members::values`].
const NAMES: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// The members of one envelope, as they stand in the text.
#[derive(Default)]
struct Members<'a> {
    values: [Option<&'a str>; 6],
    /// Of `params`, if it has been read.
    outline: Option<Box<Outline>>,
    /// The first duplicate or case variant.
    suspect: Option<EnvelopeErrorKind>,
    /// Whether it is `id` that stands there twice: then none of them can be echoed.
    ambiguous_id: bool,
    claims: Claims,
}

/// Which members are there in any spelling: what a broken message was meant to be.
#[derive(Clone, Copy, Default)]
struct Claims {
    id: bool,
    method: bool,
    outcome: bool,
}

impl Claims {
    fn note(&mut self, name: &str) {
        match name {
            "id" => self.id = true,
            "method" => self.method = true,
            "result" | "error" => self.outcome = true,
            _ => {}
        }
    }

    /// Not if it was meant as a response or as a notification.
    fn is_answerable(self, method: Option<&str>) -> bool {
        let named = method.is_none_or(|method| method.starts_with('"'));
        match (self.method, self.id) {
            (true, id) => id || !named,
            (false, _) => !self.outcome,
        }
    }
}

impl<'a> Members<'a> {
    /// Reads a message whose text begins an object; on the way, if that is wanted, the params.
    fn read(text: &'a str, outlines: bool) -> Result<Self, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(MembersVisitor { text, outlines })?;
        json.end()?;
        Ok(members)
    }

    fn classify(self, frame: &Bytes, limits: &EnvelopeLimits) -> Result<Message, EnvelopeError> {
        use EnvelopeErrorKind as Kind;
        let [jsonrpc, raw_id, method, params, result, error] = self.values;
        let id = match raw_id {
            Some(id) if id.len() <= limits.id_bytes && !self.ambiguous_id => {
                RequestId::from_json(id)
            }
            _ => None,
        };
        let answerable = self.claims.is_answerable(method);
        let fail = |kind: Kind| EnvelopeError { kind, id: id.clone(), answerable };
        if let Some(kind) = self.suspect {
            return Err(fail(kind));
        }
        if jsonrpc.is_none_or(|version| version != "\"2.0\"") {
            return Err(fail(Kind::Version));
        }
        let bad_id = raw_id.is_some() && id.is_none();
        if let Some(method) = method {
            let method = Text::from_json(frame, method).ok_or_else(|| fail(Kind::Method))?;
            let beside = result.map(|_| "result").or_else(|| error.map(|_| "error"));
            if let Some(beside) = beside {
                return Err(fail(Kind::Conflict(beside, "method")));
            }
            if bad_id {
                return Err(fail(Kind::Id { limit: limits.id_bytes }));
            }
            let params = match params {
                Some("null") => None,
                Some(params) if params.starts_with('{') => {
                    Some(Params::new(RawJson::slice_of(frame, params), self.outline))
                }
                Some(_) => return Err(fail(Kind::Params)),
                None => None,
            };
            return Ok(match id {
                Some(id) => Message::Request(Request { id, method, params }),
                None => Message::Notification(Notification { method, params }),
            });
        }
        let outcome = match (result, error) {
            (Some(_), Some(_)) => return Err(fail(Kind::Conflict("result", "error"))),
            (Some(result), None) => Ok(RawJson::slice_of(frame, result)),
            (None, Some(error)) => Err(serde_json::from_str(error).map_err(|_| fail(Kind::Error))?),
            (None, None) => return Err(fail(Kind::Unclassifiable)),
        };
        if bad_id && raw_id.is_some_and(|id| id != "null") {
            return Err(fail(Kind::Id { limit: limits.id_bytes }));
        }
        Ok(Message::Response(Response { id, outcome }))
    }

    fn put(&mut self, name: &str, value: &'a str) {
        if let Some(index) = NAMES.iter().position(|known| *known == name) {
            let (Some(slot), Some(known)) = (self.values.get_mut(index), NAMES.get(index)) else {
                return;
            };
            self.claims.note(known);
            if slot.replace(value).is_some() {
                self.ambiguous_id |= *known == "id";
                self.suspect.get_or_insert(EnvelopeErrorKind::Duplicate(known));
            }
        } else if let Some(known) = NAMES.iter().find(|known| folds_to(name, known)) {
            self.claims.note(known);
            self.suspect.get_or_insert(EnvelopeErrorKind::CaseVariant(known));
        }
    }
}

/// Whether a reader that ignores case would take `name` for `known`.
///
/// Upper case is compared because some letters outside ASCII fold into it: `ſ` is `S`.
fn folds_to(name: &str, known: &str) -> bool {
    name.len() <= known.len() * 2
        && name
            .chars()
            .flat_map(char::to_uppercase)
            .eq(known.chars().map(|letter| letter.to_ascii_uppercase()))
}

struct MembersVisitor<'a> {
    text: &'a str,
    /// Whether params are read too.
    outlines: bool,
}

impl<'a> Visitor<'a> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
        let mut members = Members::default();
        while let Some(Lent(name)) = map.next_key()? {
            let value = match name {
                Cow::Borrowed(key @ "params") if self.outlines => {
                    let outline = members.outline.get_or_insert_default();
                    outline.read_next(self.text, key, &mut map)?
                }
                _ => map.next_value::<&RawValue>()?.get(),
            };
            members.put(&name, value);
        }
        Ok(members)
    }
}
