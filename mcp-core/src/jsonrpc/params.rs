//! Params, and where in them the members stand that the protocol has a meaning for.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::RawJson;
use crate::model::Meta as Key;

/// The params of a request or notification: [`RawJson`] that is an object.
///
/// Those that came with a message know where the members stand that nearly every reader looks
/// for: the parser has passed them on its way, so nobody has to go that way again. Those made of
/// other JSON do not know, and read the same.
#[derive(Clone)]
pub struct Params {
    json: RawJson,
    outline: Option<Box<Outline>>,
}

impl Params {
    /// Bytes that they may take besides those of their text.
    pub(crate) const OVERHEAD: usize = size_of::<Outline>();

    /// Params without members.
    #[must_use]
    pub const fn empty() -> Self {
        Self { json: RawJson::EMPTY_OBJECT, outline: None }
    }

    pub(super) const fn new(json: RawJson, outline: Option<Box<Outline>>) -> Self {
        Self { json, outline }
    }

    /// The same params, knowing where their members stand.
    ///
    /// # Errors
    /// They are no object, their `_meta` is neither an object nor null, or a name is no text.
    pub(crate) fn outlined(self) -> Result<Self, serde_json::Error> {
        if self.outline.is_some() {
            return Ok(self);
        }
        let outline = Outline::read(self.json.as_str())?;
        Ok(Self { outline: Some(Box::new(outline)), ..self })
    }

    /// The members, if it is known where they stand.
    pub(crate) fn members(&self) -> Option<Members<'_>> {
        let outline = self.outline.as_deref()?;
        Some(Members { json: self.json.as_bytes(), outline })
    }

    /// The JSON of a member that stands there once, sharing the bytes, if it is known where.
    pub(crate) fn member(&self, member: Member) -> Option<RawJson> {
        match self.members()?.get(member) {
            Found::Once(json) => Some(self.json.part(json)),
            _ => None,
        }
    }

    /// The same params in memory of their own: a slice keeps all of what it was cut from.
    pub(crate) fn detached(self) -> Self {
        Self { json: self.json.detached(), ..self }
    }

    /// Looks at the members, wherever they stand.
    ///
    /// # Errors
    /// See [`outlined`](Self::outlined).
    pub(crate) fn with_members<T>(
        &self,
        look: impl FnOnce(Members<'_>) -> T,
    ) -> Result<T, serde_json::Error> {
        if let Some(members) = self.members() {
            return Ok(look(members));
        }
        let outline = Outline::read(self.json.as_str())?;
        Ok(look(Members { json: self.json.as_bytes(), outline: &outline }))
    }

    /// The JSON text of the params.
    #[must_use]
    pub const fn json(&self) -> &RawJson {
        &self.json
    }
}

impl Deref for Params {
    type Target = RawJson;

    fn deref(&self) -> &RawJson {
        &self.json
    }
}

impl From<RawJson> for Params {
    fn from(json: RawJson) -> Self {
        Self::new(json, None)
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        RawJson::from(value).into()
    }
}

impl From<Params> for RawJson {
    fn from(params: Params) -> Self {
        params.json
    }
}

impl fmt::Debug for Params {
    /// Shows the size alone: payloads can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({} bytes)", self.json.len())
    }
}

/// The members of some params.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    json: &'a [u8],
    outline: &'a Outline,
}

/// What there is of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    Nothing,
    /// The bytes of its JSON text.
    Once(&'a [u8]),
    /// It stands there more than once: readers could disagree on which of them counts.
    Twice,
}

impl<'a> Members<'a> {
    /// A member that may be left out, and is as good as left out if it is null; `None` if it
    /// stands there twice.
    pub(crate) fn optional(self, member: Member) -> Option<Option<&'a [u8]>> {
        match self.get(member) {
            Found::Nothing | Found::Once(b"null") => Some(None),
            Found::Once(json) => Some(Some(json)),
            Found::Twice => None,
        }
    }

    /// A text; `None` if it is none, or not there once.
    #[cfg(feature = "std")]
    pub(crate) fn text(self, member: Member) -> Option<Cow<'a, str>> {
        match self.get(member) {
            Found::Once(json) => text_of(json).ok(),
            _ => None,
        }
    }

    pub(crate) fn get(self, member: Member) -> Found<'a> {
        match self.outline.0.get(member as usize).copied().unwrap_or(Span::NOWHERE) {
            Span::NOWHERE => Found::Nothing,
            Span::TWICE => Found::Twice,
            Span { start, end } => {
                Found::Once(self.json.get(start as usize..end as usize).unwrap_or_default())
            }
        }
    }
}

/// The text that the JSON of a member spells; most hold no escapes.
pub(crate) fn text_of(json: &[u8]) -> Result<Cow<'_, str>, serde_json::Error> {
    if let [b'"', text @ .., b'"'] = json
        && !text.contains(&b'\\')
        && let Ok(text) = core::str::from_utf8(text)
    {
        return Ok(Cow::Borrowed(text));
    }
    read_json(json).map(|Lent(text)| text)
}

/// Reads JSON in bytes. There is one reader in all, of text: what a message is read by is much
/// code for each type, and another reader would need it again.
pub(crate) fn read_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    let text = core::str::from_utf8(json).map_err(<serde_json::Error as de::Error>::custom)?;
    serde_json::from_str(text)
}

/// The members that are looked for: of params first, then of their `_meta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Meta,
    Name,
    Arguments,
    Uri,
    Cursor,
    Task,
    TaskId,
    InputResponses,
    RequestState,
    ProtocolVersion,
    ClientCapabilities,
    ClientInfo,
    LogLevel,
    ProgressToken,
}

const MEMBERS: usize = Member::ProgressToken as usize + 1;

impl Member {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "_meta",
            Self::Name => "name",
            Self::Arguments => "arguments",
            Self::Uri => "uri",
            Self::Cursor => "cursor",
            Self::Task => "task",
            Self::TaskId => "taskId",
            Self::InputResponses => "inputResponses",
            Self::RequestState => "requestState",
            Self::ProtocolVersion => Key::PROTOCOL_VERSION,
            Self::ClientCapabilities => Key::CLIENT_CAPABILITIES,
            Self::ClientInfo => Key::CLIENT_INFO,
            Self::LogLevel => Key::LOG_LEVEL,
            Self::ProgressToken => Key::PROGRESS_TOKEN,
        }
    }

    fn of_params(name: &str) -> Option<Self> {
        Some(match name {
            "_meta" => Self::Meta,
            "name" => Self::Name,
            "arguments" => Self::Arguments,
            "uri" => Self::Uri,
            "cursor" => Self::Cursor,
            "task" => Self::Task,
            "taskId" => Self::TaskId,
            "inputResponses" => Self::InputResponses,
            "requestState" => Self::RequestState,
            _ => return None,
        })
    }

    fn of_meta(name: &str) -> Option<Self> {
        Some(match name {
            "io.modelcontextprotocol/protocolVersion" => Self::ProtocolVersion,
            "io.modelcontextprotocol/clientCapabilities" => Self::ClientCapabilities,
            "io.modelcontextprotocol/clientInfo" => Self::ClientInfo,
            "io.modelcontextprotocol/logLevel" => Self::LogLevel,
            "progressToken" => Self::ProgressToken,
            _ => return None,
        })
    }
}

/// Where each [`Member`] stands, in bytes from the start of the params.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outline([Span; MEMBERS]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Not all zeros: memory that has to be is asked for in another way, which takes longer.
    const NOWHERE: Self = Self { start: u32::MAX, end: u32::MAX };
    const TWICE: Self = Self { start: u32::MAX, end: 0 };
}

impl Default for Outline {
    fn default() -> Self {
        Self([Span::NOWHERE; MEMBERS])
    }
}

impl Outline {
    /// Reads params that begin with their first byte.
    fn read(params: &str) -> Result<Self, serde_json::Error> {
        let mut outline = Self::default();
        let mut json = serde_json::Deserializer::from_str(params);
        Object { text: params, start: 0, params: 0, level: Level::Params, outline: &mut outline }
            .deserialize(&mut json)?;
        Ok(outline)
    }

    /// Reads the value of the member `key`, which are params, on the way through the message
    /// `text`. Returns the text of the params.
    pub(super) fn read_next<'a, A: MapAccess<'a>>(
        &mut self,
        text: &'a str,
        key: &'a str,
        message: &mut A,
    ) -> Result<&'a str, A::Error> {
        let start = start_of_value(text, key).ok_or_else(lost)?;
        *self = Self::default();
        let object = Object { text, start, params: start, level: Level::Params, outline: self };
        let end = message.next_value_seed(object)?;
        text.get(start..end).ok_or_else(lost)
    }

    fn note<E: de::Error>(
        &mut self,
        member: Member,
        start: Option<usize>,
        end: Option<usize>,
    ) -> Result<(), E> {
        let offset = |at: Option<usize>| u32::try_from(at?).ok();
        let (Some(start), Some(end)) = (offset(start), offset(end)) else {
            return Err(lost());
        };
        if let Some(span) = self.0.get_mut(member as usize) {
            *span = if *span == Span::NOWHERE { Span { start, end } } else { Span::TWICE };
        }
        Ok(())
    }
}

/// Whose members are being read.
#[derive(Clone, Copy)]
enum Level {
    Params,
    Meta,
}

/// An object to be read, or null. Comes to the offset of its end in the text.
///
/// serde_json does not say where it is; what it lends out of the text does. Between that there is
/// nothing but punctuation.
struct Object<'a, 'o> {
    text: &'a str,
    /// Where the object begins in the text, and the params that it is, or belongs to.
    start: usize,
    params: usize,
    level: Level,
    outline: &'o mut Outline,
}

impl<'a> DeserializeSeed<'a> for Object<'a, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'a> Visitor<'a> for Object<'a, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E>(self) -> Result<usize, E> {
        Ok(self.start + "null".len())
    }

    fn visit_some<D: Deserializer<'a>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<usize, A::Error> {
        let Self { text, start, params, level, outline } = self;
        let mut end = start + "{".len();
        while let Some(Lent(name)) = members.next_key()? {
            let member = match level {
                Level::Params => Member::of_params(&name),
                Level::Meta => Member::of_meta(&name),
            };
            let start;
            if member == Some(Member::Meta) {
                let (level, meta) = (Level::Meta, &mut *outline);
                // A name that is spelled with escapes is not lent: then the value says where it is.
                (start, end) = match name {
                    Cow::Borrowed(key) => {
                        let start = start_of_value(text, key).ok_or_else(lost)?;
                        let object = Object { text, start, params, level, outline: meta };
                        (start, members.next_value_seed(object)?)
                    }
                    Cow::Owned(_) => {
                        let value: &'a RawValue = members.next_value()?;
                        let (start, end) = place_of(text, value.get());
                        let object = Object { text, start, params, level, outline: meta };
                        let mut json = serde_json::Deserializer::from_str(value.get());
                        object.deserialize(&mut json).map_err(de::Error::custom)?;
                        (start, end)
                    }
                };
            } else {
                let value: &'a RawValue = members.next_value()?;
                (start, end) = place_of(text, value.get());
            }
            if let Some(member) = member {
                outline.note(member, start.checked_sub(params), end.checked_sub(params))?;
            }
        }
        let rest = text.get(end..).ok_or_else(lost)?.trim_ascii_start();
        if rest.starts_with('}') { Ok(text.len() - rest.len() + "}".len()) } else { Err(lost()) }
    }
}

/// Where a part of a text begins and ends in it.
fn place_of(text: &str, part: &str) -> (usize, usize) {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    (start, start.wrapping_add(part.len()))
}

/// Where the value of a member begins in the text that its name is a part of.
fn start_of_value(text: &str, key: &str) -> Option<usize> {
    let (_, end) = place_of(text, key);
    let rest = text.get(end..)?.strip_prefix('"')?.trim_ascii_start().strip_prefix(':')?;
    Some(text.len() - rest.trim_ascii_start().len())
}

/// What comes of a text that is more than can be counted in.
fn lost<E: de::Error>() -> E {
    E::custom("where it stands is not known")
}

/// What a string of a JSON text spells, lent by the text unless there are escapes in it.
pub(crate) struct Lent<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Lent<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LentVisitor;

        impl<'de> Visitor<'de> for LentVisitor {
            type Value = Lent<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Lent(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Lent(Cow::Owned(text.into())))
            }
        }

        deserializer.deserialize_str(LentVisitor)
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::format;
    use alloc::string::String;

    use bytes::Bytes;

    use super::*;
    use crate::jsonrpc::{EnvelopeLimits, Incoming, Message};

    fn get(params: &Params, member: Member) -> Found<'_> {
        params.members().unwrap().get(member)
    }

    const fn once(json: &str) -> Found<'_> {
        Found::Once(json.as_bytes())
    }

    fn outlined(params: &str) -> Params {
        Params::from(RawJson::parse(params.to_owned()).unwrap()).outlined().unwrap()
    }

    #[test]
    fn members_are_found_where_they_stand() {
        let params = outlined(
            "{ \"name\" :\t\"a\\n\" ,\"_meta\":\n{ \"progressToken\" : 7 , \"x\":[{}] } , \
             \"arguments\":{\"uri\":1, \"_meta\":{\"progressToken\":8}}, \"uri\": null }",
        );
        assert_eq!(get(&params, Member::Name), once("\"a\\n\""));
        assert_eq!(get(&params, Member::Meta), once("{ \"progressToken\" : 7 , \"x\":[{}] }"));
        assert_eq!(get(&params, Member::ProgressToken), once("7"));
        let arguments = r#"{"uri":1, "_meta":{"progressToken":8}}"#;
        assert_eq!(get(&params, Member::Arguments), once(arguments));
        assert_eq!(get(&params, Member::Uri), once("null"));
        assert_eq!(get(&params, Member::Cursor), Found::Nothing);
    }

    #[test]
    fn empty_objects_and_escaped_names_have_a_place_as_well() {
        for (params, meta) in [
            (r#"{"_meta":{}}"#, "{}"),
            ("{\"_meta\" : {\n} }", "{\n}"),
            (r#"{"_meta":null ,"a":1}"#, "null"),
            (r#"{"\u005fmeta": {} }"#, "{}"),
        ] {
            assert_eq!(get(&outlined(params), Member::Meta), once(meta), "{params}");
        }
        let params = outlined(r#"{"\u005fmeta": {"progress\u0054oken":"x"} ,"n\u0061me":"y"}"#);
        assert_eq!(get(&params, Member::ProgressToken), once("\"x\""));
        assert_eq!(get(&params, Member::Name), once("\"y\""));
    }

    #[test]
    fn what_stands_there_twice_is_neither() {
        for params in [
            r#"{"name":"a","name":"a"}"#,
            r#"{"name":1,"n\u0061me":2,"name":3}"#,
            r#"{"name":null,"name":null}"#,
        ] {
            assert_eq!(get(&outlined(params), Member::Name), Found::Twice, "{params}");
        }
        let params = outlined(r#"{"_meta":{"progressToken":1},"_meta":{"progressToken":2}}"#);
        assert_eq!(get(&params, Member::Meta), Found::Twice);
        assert_eq!(get(&params, Member::ProgressToken), Found::Twice);
    }

    /// On its way through a message the parser finds what a reading of the params alone does.
    #[test]
    fn a_message_knows_where_the_members_of_its_params_stand() {
        let request = |text: String| {
            let frame = Bytes::from(text);
            match Incoming::parse(&frame, &EnvelopeLimits::default()) {
                Ok(Incoming::Message(Message::Request(request))) => request.params.unwrap(),
                other => panic!("{other:?}"),
            }
        };
        for params in [
            "{}",
            "{ }",
            r#"{"name":"a","arguments":{"x":[{"name":1}]}}"#,
            r#"{"_meta" : {} , "cursor" : "c"}"#,
            r#"{"uri":"u","_meta":{"progressToken":1,"x":{}}}"#,
            r#"{"\u006eame":"a","\u005fmeta":{"progressToken":1}}"#,
            r#"{"name":1,"name":2,"task":null}"#,
        ] {
            let rest = r#""id":1,"method":"m","jsonrpc":"2.0""#;
            for text in [
                format!(r#"{{{rest},"params":{params}}}"#),
                format!("{{\n\"params\"\t:\r{params} ,{rest}}}"),
            ] {
                let found = request(text);
                assert_eq!(found.as_str(), params);
                assert_eq!(found.outline, outlined(params).outline, "{params}");
            }
        }
        // A name that is not lent: the params are there all the same.
        let text = r#"{"jsonrpc":"2.0","id":1,"method":"m","p\u0061rams":{"name":"a"}}"#;
        let params = request(text.into());
        assert!(params.members().is_none());
        assert_eq!(get(&params.outlined().unwrap(), Member::Name), once("\"a\""));
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for params in ["7", "[]", r#"{"_meta":7}"#, r#"{"_meta":[]}"#, r#"{"\ud800":1}"#] {
            let params = Params::from(RawJson::parse(params).unwrap());
            assert!(params.clone().outlined().is_err(), "{}", params.as_str());
        }
    }
}
